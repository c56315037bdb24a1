#include "uplink_inner.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "digest.h"
#include "text.h"

static void
take_welcome(struct uplink *uplink, const struct wire_welcome *welcome)
{
    struct session_view view = uplink_look(uplink);
    struct session_own own = {false, 0};
    struct buf record;
    struct err err;

    buf_init(&record, WIRE_BATCH_MAX_BYTES);
    if (spool_read(uplink->spool, welcome->acked_seq, &record, &err) == 1) {
        own.there = true;
        own.crc32c = digest_crc32c(0, record.data, record.len);
    }
    buf_free(&record);
    session_take_welcome(&uplink->session, &view, welcome, &own);
    if (uplink->session.state != SESSION_STREAMING)
        return;
    /* The key of a rotation whose KEY_OK was lost is announced again. */
    uplink->newkey_due = uplink->rotating;
    log_event(LOG_AT_INFO, "uplink.streaming",
        "endpoint=%s acked=%" PRIu64 " unsent=%" PRIu64, uplink->endpoint,
        welcome->acked_seq, view.spool.next_seq - 1 - welcome->acked_seq);
}

/* What goes on until somebody does something about it. */
static bool
needs_person(enum wire_nack code)
{
    return code == NACK_DUPLICATE || code == NACK_VERSION ||
           code == NACK_REVOKED || code == NACK_DISK_FULL;
}

static void
take_nack(struct uplink *uplink, const struct wire_nack_msg *nack)
{
    struct session_view view = uplink_look(uplink);

    log_limited(&uplink->nack_limit,
        needs_person(nack->code) ? LOG_AT_ERROR : LOG_AT_WARN, "uplink.nack",
        "code=%s first=%" PRIu64 " expected=%" PRIu64 " text=\"%s\"",
        wire_nack_name((int)nack->code), nack->first_seq, nack->expected_seq,
        nack->text);
    session_take_nack(&uplink->session, &view, nack);
}

static void
take_pong(struct uplink *uplink, const struct wire_pong *pong)
{
    struct session_view view = uplink_look(uplink);
    int64_t offset_ms;

    session_take_pong(&uplink->session, &view, pong);
    if (uplink->events.clock_offset != NULL &&
        clock_offset_ms(&uplink->session.clock, uplink_boot_ms(uplink),
            clock_unix_ms(), &offset_ms))
        uplink->events.clock_offset(uplink->ctx, offset_ms);
}

static int
apply_config(struct uplink *uplink, struct wire_config *config, struct err *why)
{
    uint64_t cfg_version = config->cfg_version;

    if (uplink->events.config == NULL)
        return err_set(why, ERR_STATE, "this agent takes no checks");
    if (uplink->events.config(uplink->ctx, config, why) != 0)
        return -1;
    uplink->cfg_version = cfg_version;
    return 0;
}

static void
take_config(struct uplink *uplink, struct wire_config *config)
{
    struct config_answer *answer = &uplink->config_answer;
    struct err why;

    *answer = (struct config_answer){
        .due = true, .accepted = true, .cfg_version = config->cfg_version};
    if (apply_config(uplink, config, &why) == 0)
        return;
    answer->accepted = false;
    text_put_harmless(
        why.msg, strlen(why.msg), answer->reason, sizeof(answer->reason));
    log_event(LOG_AT_ERROR, "uplink.config_refused",
        "version=%" PRIu64 " error=\"%s\"", answer->cfg_version, why.msg);
}

/*
 * A new pair is on disk, in the spool, before anybody hears of it; the old one
 * stays in its place until the collector has accepted the new one.  So there
 * is no moment at which a restart finds a key that the collector refuses.
 */
static void
take_rotate(struct uplink *uplink)
{
    struct err err;

    if (!uplink->rotating && uplink_rotation_begin(uplink, &err) != 0) {
        log_event(
            LOG_AT_ERROR, "uplink.keys_not_stored", "error=\"%s\"", err.msg);
        return;
    }
    uplink->newkey_due = true;
}

static void
take_key_ok(struct uplink *uplink)
{
    struct session_view view = uplink_look(uplink);
    struct err err;

    if (!uplink->rotating)
        return;
    /* The old key stays good until the new one has been used. */
    if (uplink_rotation_end(uplink, &err) != 0) {
        log_event(
            LOG_AT_ERROR, "uplink.keys_not_stored", "error=\"%s\"", err.msg);
        return;
    }
    log_event(LOG_AT_INFO, "uplink.new_key", "endpoint=%s", uplink->endpoint);
    session_reconnect(&uplink->session, &view, "a new key");
}

static void
take_bye(struct uplink *uplink)
{
    struct session_view view = uplink_look(uplink);

    session_take_bye(&uplink->session, &view);
}

/* What only makes sense inside a session. */
static void
take_in_session(struct uplink *uplink, struct wire_msg *msg)
{
    if (uplink->session.state != SESSION_STREAMING)
        return;
    session_heard(&uplink->session, loop_now_ns(uplink->loop));
    if (msg->type == WIRE_CONFIG)
        take_config(uplink, &msg->u.config);
    else if (msg->type == WIRE_ROTATE)
        take_rotate(uplink);
    else
        take_key_ok(uplink);
}

static void
take_msg(struct uplink *uplink, struct wire_msg *msg)
{
    struct session_view view = uplink_look(uplink);

    switch (msg->type) {
    case WIRE_WELCOME:
        take_welcome(uplink, &msg->u.welcome);
        return;
    case WIRE_ACK:
        session_take_ack(&uplink->session, &view, &msg->u.ack);
        return;
    case WIRE_NACK:
        take_nack(uplink, &msg->u.nack);
        return;
    case WIRE_PONG:
        take_pong(uplink, &msg->u.pong);
        return;
    case WIRE_CONFIG:
    case WIRE_ROTATE:
    case WIRE_KEY_OK:
        take_in_session(uplink, msg);
        return;
    case WIRE_BYE:
        take_bye(uplink);
        return;
    case WIRE_ENROL:
    case WIRE_ENROLLED:
    case WIRE_REFUSED:
    case WIRE_HELLO:
    case WIRE_BATCH:
    case WIRE_PING:
    case WIRE_CONFIG_OK:
    case WIRE_CONFIG_BAD:
    case WIRE_NEWKEY:
        log_limited(&uplink->garbage_limit, LOG_AT_WARN, "uplink.unexpected",
            "type=%s", wire_type_name((int)msg->type));
        return;
    }
}

void
uplink_take_frame(struct uplink *uplink, struct bytes frame)
{
    struct wire_msg msg;
    struct err err;

    if (wire_decode(frame.data, frame.len, &msg, &err) != 0) {
        log_limited(&uplink->garbage_limit, LOG_AT_WARN, "uplink.garbage",
            "error=\"%s\"", err.msg);
        return;
    }
    take_msg(uplink, &msg);
    wire_msg_free(&msg);
}
