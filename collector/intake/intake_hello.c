#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "intake_own.h"

enum { PING_MS = 10000 };

static const int64_t session_alive_ns = 30 * NS_PER_SEC;

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
    welcome->window_batches = agent->window;
    welcome->max_batch_bytes = agent->max_batch_bytes;
    (void)intake_send(intake, &agent->peer, &msg);
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

    if (agent->session == 0 || intake_is_same_peer(&agent->peer, newcomer))
        return false;
    if (loop_now_ns(intake->loop) - agent->heard_ns > session_alive_ns)
        return false;
    return intake_send(intake, &agent->peer, &pong);
}

static void
refuse_clone(struct intake *intake, struct fleet_agent *agent,
    const struct intake_from *from)
{
    struct wire_nack_msg nack = {.code = NACK_DUPLICATE};

    (void)snprintf(nack.text, sizeof(nack.text),
        "another process with this key speaks from %s", agent->row.address);
    log_event(LOG_AT_WARN, "intake.duplicate_agent",
        "agent=%s first=%s second=%s", agent->row.name, agent->row.address,
        from->address);
    intake_send_nack(intake, &from->peer, &nack);
    agent->row.clone_unix_ms = clock_unix_ms();
    (void)snprintf(agent->row.clone_address, sizeof(agent->row.clone_address),
        "%s", from->address);
    intake_send_news(intake, agent, false);
}

/* `key`: which of the agent's keys it came in with. */
static bool
refuse_hello(struct intake *intake, struct fleet_agent *agent,
    const struct intake_from *from, const struct wire_hello *hello, int key)
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
    /* Who has the newer key is the one that announced it: see NEWKEY. */
    if (key == 0 && is_taken(intake, agent, &from->peer)) {
        refuse_clone(intake, agent, from);
        return true;
    }
    return false;
}

void
intake_take_hello(struct intake *intake, struct fleet_agent *agent,
    const struct intake_from *from, const struct wire_hello *hello)
{
    int key = fleet_key_index(agent, from->key_tag);
    struct mark_row mark;
    struct err err;

    if (refuse_hello(intake, agent, from, hello, key))
        return;
    memcpy(agent->boot_id, hello->boot_id, WIRE_ID_BYTES);
    memcpy(agent->spool_id, hello->spool_id, WIRE_ID_BYTES);
    if (read_mark(intake, agent, &mark, &err) != 0) {
        log_event(LOG_AT_ERROR, "intake.mark", "agent=%s error=\"%s\"",
            agent->row.name, err.msg);
        return; /* the agent asks again */
    }
    fleet_begin_session(&intake->fleet, agent);
    agent->peer = from->peer;
    memcpy(agent->key_tag, from->key_tag, sizeof(agent->key_tag));
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
    if (key == 1)
        intake_end_rotation(intake, agent);
    intake_ask_rotation(intake, agent);
    intake_push_config(intake, agent);
    intake_send_news(intake, agent, true);
}
