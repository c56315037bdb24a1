#include "uplink_inner.h"

#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "clock.h"

enum { FRAME_KEEP_BYTES = 64 * 1024 };

int
uplink_send(struct uplink *uplink, const struct wire_msg *msg, struct err *err)
{
    buf_clear(&uplink->frame);
    if (wire_encode(msg, &uplink->frame, err) != 0)
        return -1;
    return uplink_socket_send(uplink->dealer, buf_bytes(&uplink->frame), err);
}

int
uplink_send_hello(struct uplink *uplink, struct err *err)
{
    struct wire_msg msg = {.type = WIRE_HELLO};
    struct wire_hello *hello = &msg.u.hello;
    struct spool_state state;

    spool_state(uplink->spool, &state);
    hello->proto_min = WIRE_PROTO_MIN;
    hello->proto_max = WIRE_PROTO_MAX;
    (void)snprintf(hello->agent, sizeof(hello->agent), "%s", uplink->agent);
    (void)snprintf(hello->build, sizeof(hello->build), "%s", uplink->build);
    memcpy(hello->boot_id, uplink->boot_id, sizeof(hello->boot_id));
    memcpy(hello->spool_id, state.id, sizeof(hello->spool_id));
    hello->oldest_seq = state.oldest_seq;
    hello->next_seq = state.next_seq;
    hello->cfg_version = uplink->cfg_version;
    hello->wall_ms = clock_unix_ms();
    hello->boot_ms = uplink_boot_ms(uplink);
    return uplink_send(uplink, &msg, err);
}

int
uplink_send_ping(struct uplink *uplink, struct err *err)
{
    struct wire_msg msg = {.type = WIRE_PING};
    struct wire_ping *ping = &msg.u.ping;
    struct spool_state state;

    if (uplink->events.describe != NULL)
        uplink->events.describe(uplink->ctx, ping);
    spool_state(uplink->spool, &state);
    ping->session = uplink->session.id;
    ping->t0_boot_ms = uplink_boot_ms(uplink);
    ping->spool_records = state.records;
    ping->spool_bytes = state.bytes;
    ping->lost = state.lost;
    ping->wall_ms = clock_unix_ms();
    return uplink_send(uplink, &msg, err);
}

int
uplink_send_batch(struct uplink *uplink, const struct session_step *step,
    uint32_t *count, struct err *err)
{
    const struct batch_want want = {
        .session = uplink->session.id,
        .first_seq = step->first_seq,
        .max_records = step->max_records,
        .max_bytes = step->max_bytes,
        .boot_ms = uplink_boot_ms(uplink),
    };
    int rc;

    buf_clear(&uplink->frame);
    if (batch_build(uplink->spool, &want, &uplink->frame, count, err) != 0)
        return -1;
    rc = uplink_socket_send(uplink->dealer, buf_bytes(&uplink->frame), err);
    /* A backlog is no reason to stay large afterwards. */
    buf_clear(&uplink->frame);
    buf_trim(&uplink->frame, FRAME_KEEP_BYTES);
    return rc;
}

static int
send_config_answer(struct uplink *uplink, struct err *err)
{
    const struct config_answer *answer = &uplink->config_answer;
    struct wire_msg msg = {.type = WIRE_CONFIG_OK};

    if (answer->accepted) {
        msg.u.config_ok_version = answer->cfg_version;
    } else {
        msg.type = WIRE_CONFIG_BAD;
        msg.u.config_bad.cfg_version = answer->cfg_version;
        memcpy(msg.u.config_bad.reason, answer->reason, WIRE_TEXT_BYTES);
    }
    return uplink_send(uplink, &msg, err);
}

static int
send_newkey(struct uplink *uplink, struct err *err)
{
    struct wire_msg msg = {.type = WIRE_NEWKEY};

    msg.u.newkey.session = uplink->session.id;
    memcpy(msg.u.newkey.pubkey, uplink->next_keys.agent_public, WIRE_KEY_BYTES);
    return uplink_send(uplink, &msg, err);
}

int
uplink_send_answers(struct uplink *uplink, struct err *err)
{
    int rc;

    if (uplink->session.state != SESSION_STREAMING)
        return 1;
    if (uplink->config_answer.due) {
        rc = send_config_answer(uplink, err);
        uplink->config_answer.due = rc == 0;
        if (rc != 1)
            return rc;
    }
    if (uplink->newkey_due) {
        rc = send_newkey(uplink, err);
        uplink->newkey_due = rc == 0;
        if (rc != 1)
            return rc;
    }
    return 1;
}
