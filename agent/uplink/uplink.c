#include "uplink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "digest.h"
#include "uplink_inner.h"

enum {
    EVENTS_MAX = 64, /* of the monitor, messages, steps: in one turn */
    MESSAGES_MAX = 32,
    STEPS_MAX = 32,
    BYE_LINGER_MS = 100
};

static const int64_t blocked_ns = NS_PER_SEC / 5;
static const int64_t own_trouble_ns = 5 * NS_PER_SEC;
/* Longer than it takes until we are refused again. */
static const int64_t refused_for_ns = 120 * NS_PER_SEC;

struct session_view
uplink_look(const struct uplink *uplink)
{
    struct session_view view = {
        .now_ns = loop_now_ns(uplink->loop),
        .random = digest_random_u64(),
        .writable =
            uplink->dealer != NULL && uplink_socket_is_writable(uplink->dealer),
    };

    spool_state(uplink->spool, &view.spool);
    return view;
}

int64_t
uplink_boot_ms(const struct uplink *uplink)
{
    return loop_now_ns(uplink->loop) / NS_PER_MS;
}

void
uplink_lost(struct uplink *uplink, const char *why)
{
    struct session_view view = uplink_look(uplink);

    session_lost(&uplink->session, &view, why);
}

/* ---- the socket ---- */

static void
drop_socket(struct uplink *uplink, int linger_ms)
{
    loop_watch_stop(uplink->loop, &uplink->socket_watch);
    loop_watch_stop(uplink->loop, &uplink->monitor_watch);
    uplink_socket_close(uplink->dealer, linger_ms);
    uplink->dealer = NULL;
}

static int
open_socket(struct uplink *uplink, struct err *err)
{
    const struct uplink_socket_spec spec = {
        .endpoint = uplink->endpoint,
        .bind_ip = uplink->bind_ip,
        .collector_public = uplink->keys.collector_public,
        .our_public = uplink->keys.agent_public,
        .our_secret = uplink->keys.agent_secret,
    };

    uplink->dealer = uplink_socket_open(uplink->home, &spec, err);
    if (uplink->dealer == NULL)
        return -1;
    if (loop_watch_start(uplink->loop, &uplink->socket_watch,
            uplink_socket_fd(uplink->dealer), LOOP_READ, err) != 0 ||
        loop_watch_start(uplink->loop, &uplink->monitor_watch,
            uplink_socket_monitor_fd(uplink->dealer), LOOP_READ, err) != 0) {
        drop_socket(uplink, 0);
        return -1;
    }
    return 0;
}

/* ---- doing what the session says ---- */

static void
say_lost(struct uplink *uplink, const char *why)
{
    log_limited(&uplink->lost_limit, LOG_AT_WARN, "uplink.lost",
        "endpoint=%s why=\"%s\"", uplink->endpoint, why);
}

static int
tell_spool(
    struct uplink *uplink, const struct session_step *step, struct err *err)
{
    if (step->what == SESSION_DO_ACK) {
        return spool_ack(
            uplink->spool, step->seq, loop_now_ns(uplink->loop), err);
    }
    log_event(LOG_AT_WARN, "uplink.renumber", "why=\"%s\" keep_above=%" PRIu64,
        step->why, step->seq);
    return spool_renumber(uplink->spool, step->seq, err);
}

/* 1: done; 0: the socket is full; -1: err, our own trouble. */
static int
perform(struct uplink *uplink, const struct session_step *step, struct err *err)
{
    uint32_t count = 0;
    int rc = 1;

    switch (step->what) {
    case SESSION_DO_WAIT:
        return 1;
    case SESSION_DO_CONNECT:
        return open_socket(uplink, err) == 0 ? 1 : -1;
    case SESSION_DO_DROP:
        say_lost(uplink, step->why);
        drop_socket(uplink, 0);
        return 1;
    case SESSION_DO_ACK:
    case SESSION_DO_RENUMBER:
        return tell_spool(uplink, step, err) == 0 ? 1 : -1;
    case SESSION_DO_HELLO:
        rc = uplink_send_hello(uplink, err);
        break;
    case SESSION_DO_PING:
        rc = uplink_send_ping(uplink, err);
        break;
    case SESSION_DO_BATCH:
        rc = uplink_send_batch(uplink, step, &count, err);
        break;
    }
    if (rc == 1) {
        session_sent(&uplink->session, step, count, loop_now_ns(uplink->loop));
    }
    return rc;
}

/*
 * Does what there is to do; returns how long there is nothing more.  One batch
 * a turn: a backlog must not keep those waiting who measure.
 */
static int64_t
act(struct uplink *uplink)
{
    struct err err;

    for (int i = 0; i < STEPS_MAX; i++) {
        struct session_view view = uplink_look(uplink);
        struct session_step step;
        int rc = uplink_send_answers(uplink, &err);

        if (rc == 1) {
            step = session_step(&uplink->session, &view);
            if (step.what == SESSION_DO_WAIT)
                return step.until_ns - view.now_ns;
            rc = perform(uplink, &step, &err);
        }
        if (rc == 0)
            return blocked_ns;
        if (rc < 0) {
            log_limited(&uplink->trouble_limit, LOG_AT_ERROR, "uplink.trouble",
                "error=\"%s\"", err.msg);
            uplink_lost(uplink, "trouble of our own");
            return own_trouble_ns;
        }
        if (step.what == SESSION_DO_BATCH)
            return 0;
    }
    return 0;
}

static void
take_events(struct uplink *uplink)
{
    for (int i = 0; i < EVENTS_MAX; i++) {
        switch (uplink_socket_next_event(uplink->dealer)) {
        case UPLINK_SOCKET_QUIET:
            return;
        case UPLINK_SOCKET_CONNECTED:
            break;
        case UPLINK_SOCKET_NO_CONNECT:
            log_limited(&uplink->reach_limit, LOG_AT_WARN, "uplink.no_connect",
                "endpoint=%s", uplink->endpoint);
            break;
        case UPLINK_SOCKET_REFUSED:
            uplink->refused_ns = loop_now_ns(uplink->loop);
            uplink_lost(
                uplink, "the collector refuses our key: it is revoked there");
            break;
        case UPLINK_SOCKET_FAILED:
            uplink->refused_ns = loop_now_ns(uplink->loop);
            uplink_lost(uplink,
                "the handshake failed: the collector does not know our key, or "
                "has another one than we were told");
            break;
        case UPLINK_SOCKET_GONE:
            uplink_lost(uplink, "the connection was closed");
            break;
        }
    }
}

static void
take_messages(struct uplink *uplink)
{
    struct bytes frame;
    int rc;

    for (int i = 0; i < MESSAGES_MAX; i++) {
        rc = uplink_socket_receive(uplink->dealer, &frame);
        if (rc == 0)
            return;
        if (rc == 1)
            uplink_take_frame(uplink, frame);
    }
}

/*
 * Messages first: what was sent before the connection ended still counts.
 * ZeroMQ's descriptor says "look" once, so nothing may be left unread when
 * waiting for it.
 */
static void
turn(void *ctx)
{
    struct uplink *uplink = ctx;
    int64_t wait_ns;

    if (uplink->dealer != NULL) {
        take_messages(uplink);
        take_events(uplink);
    }
    wait_ns = act(uplink);
    if (wait_ns < 0 ||
        (uplink->dealer != NULL && uplink_socket_is_readable(uplink->dealer)))
        wait_ns = 0;
    loop_timer_start(uplink->loop, &uplink->timer, wait_ns);
}

static void
on_ready(void *ctx, unsigned ready)
{
    (void)ready;
    turn(ctx);
}

/* ---- opening and closing ---- */

static int
copy_texts(
    struct uplink *uplink, const struct uplink_spec *spec, struct err *err)
{
    uplink->endpoint = strdup(spec->endpoint);
    uplink->agent = strdup(spec->agent);
    uplink->build = strdup(spec->build);
    if (spec->bind_ip != NULL)
        uplink->bind_ip = strdup(spec->bind_ip);
    if (uplink->endpoint == NULL || uplink->agent == NULL ||
        uplink->build == NULL ||
        (spec->bind_ip != NULL && uplink->bind_ip == NULL))
        return err_set(err, ERR_NOMEM, "uplink");
    return 0;
}

struct uplink *
uplink_open(const struct uplink_spec *spec, struct err *err)
{
    struct uplink *uplink = calloc(1, sizeof(*uplink));

    if (uplink == NULL) {
        err_set(err, ERR_NOMEM, "uplink");
        return NULL;
    }
    uplink->loop = spec->loop;
    uplink->spool = spec->spool;
    uplink->keys = spec->keys;
    uplink->cfg_version = spec->cfg_version;
    uplink->events = spec->events;
    uplink->ctx = spec->ctx;
    buf_init(&uplink->frame, WIRE_TO_COLLECTOR_MAX_BYTES);
    loop_watch_init(&uplink->socket_watch, on_ready, uplink);
    loop_watch_init(&uplink->monitor_watch, on_ready, uplink);
    timer_init(&uplink->timer, turn, uplink);
    digest_random(uplink->boot_id, sizeof(uplink->boot_id));
    session_init(&uplink->session, loop_now_ns(uplink->loop));
    uplink->home = uplink_socket_home_new(err);
    if (uplink->home == NULL || copy_texts(uplink, spec, err) != 0) {
        uplink_close(uplink);
        return NULL;
    }
    /* An endpoint that can never be connected to is said now. */
    if (open_socket(uplink, err) != 0) {
        uplink_close(uplink);
        return NULL;
    }
    drop_socket(uplink, 0);
    uplink_rotation_resume(uplink);
    loop_timer_start(uplink->loop, &uplink->timer, 0);
    return uplink;
}

void
uplink_close(struct uplink *uplink)
{
    struct wire_msg bye = {.type = WIRE_BYE};
    struct err ignored;

    if (uplink == NULL)
        return;
    loop_timer_stop(uplink->loop, &uplink->timer);
    if (uplink->dealer != NULL && uplink->session.state >= SESSION_HELLO_SENT) {
        (void)snprintf(bye.u.bye_reason, sizeof(bye.u.bye_reason), "stopping");
        (void)uplink_send(uplink, &bye, &ignored);
    }
    drop_socket(uplink, BYE_LINGER_MS);
    uplink_socket_home_free(uplink->home);
    explicit_bzero(&uplink->keys, sizeof(uplink->keys));
    explicit_bzero(&uplink->next_keys, sizeof(uplink->next_keys));
    buf_free(&uplink->frame);
    free(uplink->endpoint);
    free(uplink->agent);
    free(uplink->build);
    free(uplink->bind_ip);
    free(uplink);
}

void
uplink_nudge(struct uplink *uplink)
{
    loop_timer_start(uplink->loop, &uplink->timer, 0);
}

bool
uplink_is_heard(const struct uplink *uplink)
{
    return uplink->session.state == SESSION_STREAMING ||
           (uplink->refused_ns != 0 &&
               loop_now_ns(uplink->loop) - uplink->refused_ns < refused_for_ns);
}

const char *
uplink_state_name(const struct uplink *uplink)
{
    return session_state_name(&uplink->session);
}
