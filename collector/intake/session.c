#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "digest.h"
#include "enrolment.h"
#include "intake_own.h"
#include "push.h"

enum {
    PING_MS = 10000,
    RETRY_MS = 1000,
    QUEUE_MAX_BYTES = 64 << 20 /* more waiting: no new credit */
};

static const int64_t session_alive_ns = 30 * NS_PER_SEC;

/* ---- jobs on their way back ---- */

struct enrol_ticket {
    struct enrol_job job; /* first: a writer_job is at its front */
    struct intake *intake;
    struct fleet_peer peer;
};

static void
enrol_done(struct writer_job *base)
{
    struct enrol_ticket *ticket = (struct enrol_ticket *)base;
    struct intake *intake = ticket->intake;
    struct wire_msg msg = {.type = WIRE_ENROLLED};

    intake->jobs--;
    if (base->lost) {
        log_event(LOG_AT_ERROR, "intake.enrol", "agent=%s error=\"%s\"",
            ticket->job.enrol.name, base->err.msg);
        free(ticket);
        return;
    }
    if (ticket->job.refused != 0) {
        msg.type = WIRE_REFUSED;
        msg.u.refused.code = ticket->job.refused;
        memcpy(
            msg.u.refused.text, ticket->job.text, sizeof(msg.u.refused.text));
    }
    log_event(LOG_AT_INFO, "intake.enrol", "agent=%s result=\"%s\"",
        ticket->job.enrol.name,
        ticket->job.refused == 0 ? "enrolled" : ticket->job.text);
    if (ticket->job.refused == 0)
        intake_fleet_changed(intake);
    (void)intake_send(intake, &ticket->peer, &msg);
    free(ticket);
}

static void
free_news(struct writer_job *base)
{
    free(base);
}

static void
send_news(struct intake *intake, struct fleet_agent *agent, bool cfg_only)
{
    struct agent_news_job *job = calloc(1, sizeof(*job));

    if (job == NULL)
        return; /* the next PING says it again */
    job->job.run = agent_news_run;
    job->job.done = free_news;
    job->job.cost_bytes = sizeof(*job);
    job->news = agent->row;
    job->cfg_only = cfg_only;
    writer_put(intake->writer, &job->job);
}

/* ---- what goes out ---- */

void
intake_push_config(struct intake *intake, struct fleet_agent *agent)
{
    struct wire_msg msg = {.type = WIRE_CONFIG};
    struct err err;

    if (agent->session == 0)
        return;
    if (push_make(intake->config, &intake->fleet, agent, &msg.u.config, &err) !=
        0) {
        log_event(LOG_AT_ERROR, "intake.push", "error=\"%s\"", err.msg);
        return;
    }
    if (msg.u.config.cfg_version != agent->cfg_version &&
        intake_send(intake, &agent->peer, &msg)) {
        agent->row.cfg_sent = msg.u.config.cfg_version;
        send_news(intake, agent, true);
    } else if (msg.u.config.cfg_version == agent->cfg_version &&
               agent->row.cfg_confirmed != agent->cfg_version) {
        agent->row.cfg_sent = agent->row.cfg_confirmed = agent->cfg_version;
        send_news(intake, agent, true);
    }
    wire_config_free(&msg.u.config);
}

static void
send_ack(struct intake *intake, const struct fleet_agent *agent)
{
    struct wire_msg msg = {.type = WIRE_ACK,
        .u.ack = {.session = agent->session, .acked_seq = agent->acked_seq}};
    uint32_t max_bytes;

    fleet_share(&intake->fleet, &msg.u.ack.window_batches, &max_bytes);
    if (writer_waiting_bytes(intake->writer) > QUEUE_MAX_BYTES) {
        msg.u.ack.window_batches = 0;
        msg.u.ack.retry_after_ms = RETRY_MS;
    }
    (void)intake_send(intake, &agent->peer, &msg);
}

static int
read_mark(struct intake *intake, const struct fleet_agent *agent,
    struct mark_row *mark, struct err *err)
{
    struct store_txn *txn = store_begin_read(intake->store, err);
    int rc;

    if (txn == NULL)
        return -1;
    rc = mark_get(txn, agent->row.number, agent->spool_id, mark, err);
    store_abort(txn);
    return rc < 0 ? -1 : 0;
}

static void
send_welcome(struct intake *intake, struct fleet_agent *agent,
    const struct mark_row *mark)
{
    struct wire_msg msg = {.type = WIRE_WELCOME};
    struct wire_welcome *welcome = &msg.u.welcome;

    welcome->proto = WIRE_PROTO_MAX;
    welcome->session = agent->session;
    welcome->acked_seq = mark->acked_seq;
    welcome->acked_crc = mark->acked_crc;
    welcome->max_batch_records = WIRE_BATCH_MAX_RECORDS;
    welcome->ping_ms = PING_MS;
    welcome->wall_ms = clock_unix_ms();
    welcome->cfg_version = agent->cfg_version;
    fleet_share(
        &intake->fleet, &welcome->window_batches, &welcome->max_batch_bytes);
    (void)intake_send(intake, &agent->peer, &msg);
}

/* ---- what comes in ---- */

static bool
is_same_peer(const struct fleet_peer *a, const struct fleet_peer *b)
{
    return a->len == b->len && memcmp(a->id, b->id, a->len) == 0;
}

/*
 * Two processes with one key: the one heard from in the last 30 s stays.  One
 * whose connection is gone has ended, whenever it was heard: sending to it
 * says so, because the socket is ROUTER_MANDATORY.
 */
static bool
is_taken(struct intake *intake, const struct fleet_agent *agent,
    const struct fleet_peer *newcomer)
{
    struct wire_msg pong = {.type = WIRE_PONG,
        .u.pong = {.t1_wall_ms = clock_unix_ms(),
            .t2_wall_ms = clock_unix_ms(),
            .acked_seq = agent->acked_seq}};

    if (agent->session == 0 || is_same_peer(&agent->peer, newcomer))
        return false;
    if (loop_now_ns(intake->loop) - agent->heard_ns > session_alive_ns)
        return false;
    return intake_send(intake, &agent->peer, &pong);
}

static bool
refuse_hello(struct intake *intake, const struct fleet_agent *agent,
    const struct intake_from *from, const struct wire_hello *hello)
{
    struct wire_nack_msg nack = {0};

    if (hello->proto_min > WIRE_PROTO_MAX ||
        hello->proto_max < WIRE_PROTO_MIN) {
        struct wire_msg bye = {
            .type = WIRE_BYE, .u.bye_reason = "no common protocol version"};

        nack.code = NACK_VERSION;
        (void)snprintf(nack.text, sizeof(nack.text),
            "this collector speaks protocol %d to %d", WIRE_PROTO_MIN,
            WIRE_PROTO_MAX);
        intake_send_nack(intake, &from->peer, &nack);
        (void)intake_send(intake, &from->peer, &bye);
        return true;
    }
    if (strcmp(hello->agent, agent->row.name) != 0) {
        nack.code = NACK_MALFORMED;
        (void)snprintf(nack.text, sizeof(nack.text),
            "this key belongs to agent %s", agent->row.name);
        intake_send_nack(intake, &from->peer, &nack);
        return true;
    }
    if (is_taken(intake, agent, &from->peer)) {
        nack.code = NACK_DUPLICATE;
        (void)snprintf(nack.text, sizeof(nack.text),
            "another process with this key speaks from %s", agent->row.address);
        log_event(LOG_AT_WARN, "intake.duplicate_agent",
            "agent=%s first=%s second=%s", agent->row.name, agent->row.address,
            from->address);
        intake_send_nack(intake, &from->peer, &nack);
        return true;
    }
    return false;
}

static void
take_hello(struct intake *intake, struct fleet_agent *agent,
    const struct intake_from *from, const struct wire_hello *hello)
{
    struct mark_row mark;
    struct err err;

    if (refuse_hello(intake, agent, from, hello))
        return;
    memcpy(agent->boot_id, hello->boot_id, WIRE_ID_BYTES);
    memcpy(agent->spool_id, hello->spool_id, WIRE_ID_BYTES);
    if (read_mark(intake, agent, &mark, &err) != 0) {
        log_event(LOG_AT_ERROR, "intake.mark", "agent=%s error=\"%s\"",
            agent->row.name, err.msg);
        return; /* the agent asks again */
    }
    do
        digest_random(&agent->session, sizeof(agent->session));
    while (agent->session == 0);
    agent->peer = from->peer;
    agent->heard_ns = loop_now_ns(intake->loop);
    agent->acked_seq = mark.acked_seq;
    agent->cfg_version = hello->cfg_version;
    memcpy(agent->row.build, hello->build, sizeof(agent->row.build));
    (void)snprintf(
        agent->row.address, sizeof(agent->row.address), "%s", from->address);
    agent->row.clock_offset_ms = hello->wall_ms - clock_unix_ms();
    agent->row.clock_offset_known = true;
    agent->row.spool_records = hello->next_seq > mark.acked_seq
                                   ? hello->next_seq - 1 - mark.acked_seq
                                   : 0;
    log_event(LOG_AT_INFO, "intake.hello",
        "agent=%s region=%s address=%s build=%s acked=%llu next=%llu",
        agent->row.name, agent->row.region, from->address, hello->build,
        (unsigned long long)mark.acked_seq,
        (unsigned long long)hello->next_seq);
    send_welcome(intake, agent, &mark);
    intake_push_config(intake, agent);
    send_news(intake, agent, false);
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
    send_news(intake, agent, false);
}

/* The answer to a batch, after its transaction. */
static void
answer_batch(struct intake *intake, struct fleet_agent *agent,
    const struct apply_job *job)
{
    struct wire_nack_msg nack = {
        .session = job->source.session, .first_seq = job->batch.first_seq};

    if (job->job.lost) {
        nack.code = NACK_DISK_FULL;
        nack.expected_seq = agent->acked_seq + 1;
        (void)snprintf(
            nack.text, sizeof(nack.text), "%.200s", job->job.err.msg);
        intake_send_nack(intake, &agent->peer, &nack);
        return;
    }
    switch (job->admission.verdict) {
    case ADMIT_MALFORMED:
        nack.code = NACK_MALFORMED;
        intake_send_nack(intake, &agent->peer, &nack);
        return;
    case ADMIT_GAP:
        nack.code = NACK_GAP;
        nack.expected_seq = job->admission.expected;
        intake_send_nack(intake, &agent->peer, &nack);
        return;
    case ADMIT_DUPLICATE:
        intake->counts.duplicates++;
        break;
    case ADMIT_TAKE:
        intake->counts.results +=
            job->batch.first_seq + job->batch.count - job->admission.take_from;
        break;
    }
    if (job->mark.acked_seq > agent->acked_seq)
        agent->acked_seq = job->mark.acked_seq;
    send_ack(intake, agent);
}

static void
meter_batch(struct meter *meter, const struct apply_job *job)
{
    for (uint32_t i = 0; i < job->batch.count; i++) {
        if (job->is_new[i])
            meter_add(meter, &job->measures[i], job->source.region_number,
                job->source.region);
    }
}

static void
batch_done(struct writer_job *base)
{
    struct apply_job *job = (struct apply_job *)base;
    struct intake *intake = job->ctx;
    struct fleet_agent *agent = fleet_find(&intake->fleet, job->source.agent);

    intake->jobs--;
    if (!base->lost && intake->meter != NULL)
        meter_batch(intake->meter, job);
    if (!base->lost && job->admission.verdict == ADMIT_TAKE &&
        job->admission.lost_to != 0)
        log_limited(&intake->lost_log, LOG_AT_WARN, "intake.lost",
            "agent=%s from=%llu to=%llu", job->source.agent,
            (unsigned long long)job->admission.lost_from,
            (unsigned long long)job->admission.lost_to);
    /* Somebody else may speak for the agent by now: the mark stands anyway. */
    if (agent != NULL && agent->session == job->source.session)
        answer_batch(intake, agent, job);
    apply_free(job);
}

static void
take_batch(struct intake *intake, struct fleet_agent *agent,
    const struct wire_batch *batch)
{
    struct apply_source source = {
        .agent_number = agent->row.number,
        .region_number = (uint16_t)agent->row.region_number,
        .session = agent->session,
    };
    struct apply_job *job;
    struct err err;
    bool bad;

    memcpy(source.agent, agent->row.name, sizeof(source.agent));
    memcpy(source.region, agent->row.region, sizeof(source.region));
    memcpy(source.spool_id, agent->spool_id, WIRE_ID_BYTES);
    intake->counts.batches++;
    job = apply_decode(batch, &source, &bad, &err);
    if (job == NULL) {
        struct wire_nack_msg nack = {.session = agent->session,
            .first_seq = batch->first_seq,
            .code = bad ? NACK_BAD_BATCH : NACK_DISK_FULL};

        (void)snprintf(nack.text, sizeof(nack.text), "%.200s", err.msg);
        intake_send_nack(intake, &agent->peer, &nack);
        return;
    }
    job->job.run = apply_run;
    job->job.done = batch_done;
    job->ctx = intake;
    intake->jobs++;
    writer_put(intake->writer, &job->job);
}

static void
take_config_answer(struct intake *intake, struct fleet_agent *agent,
    const struct wire_msg *msg)
{
    if (msg->type == WIRE_CONFIG_OK) {
        agent->cfg_version = msg->u.config_ok_version;
        agent->row.cfg_confirmed = msg->u.config_ok_version;
        agent->row.cfg_refused[0] = '\0';
    } else {
        (void)snprintf(agent->row.cfg_refused, sizeof(agent->row.cfg_refused),
            "%s", msg->u.config_bad.reason);
        log_event(LOG_AT_WARN, "intake.config_refused",
            "agent=%s reason=\"%s\"", agent->row.name,
            msg->u.config_bad.reason);
    }
    send_news(intake, agent, true);
}

static uint64_t
session_of(const struct wire_msg *msg)
{
    if (msg->type == WIRE_BATCH)
        return msg->u.batch.session;
    return msg->type == WIRE_PING ? msg->u.ping.session : 0;
}

static void
take_in_session(struct intake *intake, struct fleet_agent *agent,
    const struct intake_from *from, const struct wire_msg *msg)
{
    uint64_t session = session_of(msg);

    if (agent->session == 0 || !is_same_peer(&agent->peer, &from->peer) ||
        (session != 0 && session != agent->session)) {
        if (msg->type == WIRE_BATCH || msg->type == WIRE_PING)
            intake_send_nack(intake, &from->peer,
                &(struct wire_nack_msg){.session = session,
                    .first_seq =
                        msg->type == WIRE_BATCH ? msg->u.batch.first_seq : 0,
                    .code = NACK_NO_SESSION});
        return;
    }
    agent->heard_ns = loop_now_ns(intake->loop);
    if (msg->type == WIRE_BATCH)
        take_batch(intake, agent, &msg->u.batch);
    else if (msg->type == WIRE_PING)
        take_ping(intake, agent, &msg->u.ping);
    else if (msg->type == WIRE_CONFIG_OK || msg->type == WIRE_CONFIG_BAD)
        take_config_answer(intake, agent, msg);
    else if (msg->type == WIRE_BYE)
        agent->session = 0;
    else
        intake_send_nack(intake, &from->peer,
            &(struct wire_nack_msg){.session = agent->session,
                .code = NACK_MALFORMED,
                .text = "not a message for a collector"});
}

static int
unhex(const char *hex, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned byte;

        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return -1;
        out[i] = (uint8_t)byte;
    }
    return 0;
}

/* A one-time key may say ENROL, and nothing else. */
static void
take_from_token(struct intake *intake, const struct intake_from *from,
    const struct wire_msg *msg)
{
    struct enrol_ticket *ticket;

    if (msg->type != WIRE_ENROL) {
        intake->counts.dropped++;
        return;
    }
    ticket = calloc(1, sizeof(*ticket));
    if (ticket == NULL)
        return; /* the agent tries again */
    ticket->intake = intake;
    ticket->peer = from->peer;
    ticket->job.enrol = msg->u.enrol;
    ticket->job.job.run = enrol_run;
    ticket->job.job.done = enrol_done;
    ticket->job.job.cost_bytes = sizeof(*ticket);
    if (unhex(from->user + 2, ticket->job.token_key, WIRE_KEY_BYTES) != 0) {
        free(ticket);
        return;
    }
    intake->jobs++;
    writer_put(intake->writer, &ticket->job.job);
}

void
intake_take_message(
    struct intake *intake, const struct intake_from *from, struct wire_msg *msg)
{
    struct fleet_agent *agent;

    if (strncmp(from->user, "t:", 2) == 0) {
        take_from_token(intake, from, msg);
        return;
    }
    agent = strncmp(from->user, "a:", 2) == 0
                ? fleet_find(&intake->fleet, from->user + 2)
                : NULL;
    if (agent == NULL || agent->row.revoked || agent->row.suspended) {
        intake->counts.dropped++;
        if (agent != NULL && agent->row.revoked)
            intake_send_nack(intake, &from->peer,
                &(struct wire_nack_msg){.code = NACK_REVOKED});
        return;
    }
    if (msg->type == WIRE_HELLO)
        take_hello(intake, agent, from, &msg->u.hello);
    else
        take_in_session(intake, agent, from, msg);
}
