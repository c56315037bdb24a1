#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "enrolment.h"
#include "intake_own.h"

static void
free_news(struct writer_job *base)
{
    free(base);
}

void
intake_send_news(
    struct intake *intake, const struct fleet_agent *agent, bool heard)
{
    struct agent_news_job *job = calloc(1, sizeof(*job));

    if (job == NULL)
        return; /* the next PING says it again */
    job->job.run = agent_news_run;
    job->job.done = free_news;
    job->job.cost_bytes = sizeof(*job);
    job->news = agent->row;
    job->heard = heard;
    writer_put(intake->writer, &job->job);
}

bool
intake_is_same_peer(const struct fleet_peer *a, const struct fleet_peer *b)
{
    return a->len == b->len && memcmp(a->id, b->id, a->len) == 0;
}

/* What could not be sent before, or was not answered, is sent now. */
static void
catch_up(struct intake *intake, struct fleet_agent *agent)
{
    uint32_t window = agent->window;

    fleet_grant(&intake->fleet, agent);
    if (agent->window != window)
        intake_send_ack(intake, agent);
    if (agent->cfg_due)
        intake_push_config(intake, agent);
    intake_ask_rotation(intake, agent);
}

static void
take_ping(struct intake *intake, struct fleet_agent *agent,
    const struct wire_ping *ping)
{
    int64_t now_unix_ms = clock_unix_ms();
    struct wire_msg msg = {.type = WIRE_PONG,
        .u.pong = {.t0_boot_ms = ping->t0_boot_ms,
            .t1_wall_ms = now_unix_ms,
            .t2_wall_ms = now_unix_ms,
            .acked_seq = agent->acked_seq}};

    (void)intake_send(intake, &agent->peer, &msg);
    agent->row.spool_records = ping->spool_records;
    agent->row.skipped = ping->skipped;
    agent->row.lost = ping->lost;
    agent->row.self_check = (uint8_t)ping->self_check;
    if (ping->wall_ms != 0) {
        agent->row.clock_offset_ms = ping->wall_ms - now_unix_ms;
        agent->row.clock_offset_known = true;
    }
    intake_send_news(intake, agent, true);
    catch_up(intake, agent);
}

static void
refuse(struct intake *intake, const struct intake_from *from, uint64_t session,
    uint64_t first_seq, enum wire_nack code)
{
    intake_send_nack(intake, &from->peer,
        &(struct wire_nack_msg){
            .session = session, .first_seq = first_seq, .code = code});
}

/* False: it is of a session that is not, and its sender was told so. */
static bool
is_of_session(struct intake *intake, const struct fleet_agent *agent,
    const struct intake_from *from, const struct wire_msg *msg)
{
    bool here =
        agent->session != 0 && intake_is_same_peer(&agent->peer, &from->peer);
    uint64_t session = 0;
    uint64_t first_seq = 0;

    if (msg->type == WIRE_BATCH) {
        session = msg->u.batch.session;
        first_seq = msg->u.batch.first_seq;
    } else if (msg->type == WIRE_PING) {
        session = msg->u.ping.session;
    } else if (msg->type == WIRE_NEWKEY) {
        session = msg->u.newkey.session;
    } else {
        return here; /* it names none */
    }
    if (here && session == agent->session)
        return true;
    refuse(intake, from, session, first_seq, NACK_NO_SESSION);
    return false;
}

static void
take_in_session(struct intake *intake, struct fleet_agent *agent,
    const struct intake_from *from, const struct wire_msg *msg)
{
    if (!is_of_session(intake, agent, from, msg))
        return;
    agent->heard_ns = loop_now_ns(intake->loop);
    if (msg->type == WIRE_BATCH)
        intake_take_batch(intake, agent, &msg->u.batch);
    else if (msg->type == WIRE_PING)
        take_ping(intake, agent, &msg->u.ping);
    else if (msg->type == WIRE_CONFIG_OK || msg->type == WIRE_CONFIG_BAD)
        intake_take_config_answer(intake, agent, msg);
    else if (msg->type == WIRE_NEWKEY)
        intake_take_newkey(intake, agent, &msg->u.newkey);
    else if (msg->type == WIRE_BYE)
        fleet_end_session(&intake->fleet, agent);
    else
        intake_send_nack(intake, &from->peer,
            &(struct wire_nack_msg){.session = agent->session,
                .code = NACK_MALFORMED,
                .text = "not a message for a collector"});
}

/* From "a:NAME/TAG"; NULL if there is no such agent. */
static struct fleet_agent *
find_sender(struct intake *intake, struct intake_from *from)
{
    const char *slash = strchr(from->user, '/');
    char name[WIRE_NAME_BYTES];
    size_t len;

    if (strncmp(from->user, "a:", 2) != 0 || slash == NULL)
        return NULL;
    len = (size_t)(slash - (from->user + 2));
    if (len >= sizeof(name) || strlen(slash + 1) >= sizeof(from->key_tag))
        return NULL;
    memcpy(name, from->user + 2, len);
    name[len] = '\0';
    (void)strcpy(from->key_tag, slash + 1);
    return fleet_find(&intake->fleet, name);
}

void
intake_take_message(
    struct intake *intake, struct intake_from *from, const struct wire_msg *msg)
{
    struct fleet_agent *agent;

    if (strncmp(from->user, "t:", 2) == 0) {
        intake_take_from_token(intake, from, msg);
        return;
    }
    agent = find_sender(intake, from);
    /* ZAP asks once, at the handshake: a connection may outlive its key. */
    if (agent == NULL || agent->row.revoked || agent->row.suspended ||
        fleet_key_index(agent, from->key_tag) < 0) {
        intake->counts.dropped++;
        if (agent != NULL && agent->row.revoked)
            refuse(intake, from, 0, 0, NACK_REVOKED);
        return;
    }
    if (msg->type == WIRE_HELLO)
        intake_take_hello(intake, agent, from, &msg->u.hello);
    else
        take_in_session(intake, agent, from, msg);
}
