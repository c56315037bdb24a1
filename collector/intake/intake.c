#include "intake.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "clock.h"
#include "intake_own.h"

enum { TURN_MAX = 256 }; /* messages before timers get their turn */

static const int64_t token_table_ns = 3600 * NS_PER_SEC;
/* An agent gives up after 30 s without us; we, later, on the agent. */
static const int64_t session_silent_ns = 60 * NS_PER_SEC;

/*
 * A send lets libzmq take in what has arrived, and with it the one edge of its
 * descriptor: whoever sends must look afterwards.
 */
static void
look_again(struct intake *intake)
{
    if (!intake->more.armed)
        loop_timer_start(intake->loop, &intake->more, 0);
}

bool
intake_send(struct intake *intake, const struct fleet_peer *peer,
    const struct wire_msg *msg)
{
    struct err err;

    if (peer->len == 0)
        return false;
    buf_clear(&intake->out);
    if (wire_encode(msg, &intake->out, &err) != 0) {
        log_event(LOG_AT_ERROR, "intake.encode", "type=%s error=\"%s\"",
            wire_type_name((int)msg->type), err.msg);
        return false;
    }
    look_again(intake);
    if (zmq_send(intake->socket, peer->id, peer->len,
            ZMQ_DONTWAIT | ZMQ_SNDMORE) == -1)
        return false;
    return zmq_send(intake->socket, intake->out.data, intake->out.len,
               ZMQ_DONTWAIT) != -1;
}

void
intake_send_nack(struct intake *intake, const struct fleet_peer *peer,
    const struct wire_nack_msg *nack)
{
    struct wire_msg msg = {.type = WIRE_NACK, .u.nack = *nack};

    intake->counts.nacks++;
    log_limited(&intake->nack_log, LOG_AT_INFO, "intake.nack",
        "code=%s first=%llu text=\"%s\"", wire_nack_name((int)nack->code),
        (unsigned long long)nack->first_seq, nack->text);
    (void)intake_send(intake, peer, &msg);
}

static void
drop(struct intake *intake, const char *why, const char *address)
{
    intake->counts.dropped++;
    log_limited(&intake->drop_log, LOG_AT_WARN, "intake.dropped",
        "address=%s reason=\"%s\"", address, why);
}

/* Reads what is left of a message with too many frames. */
static void
skip_frames(void *socket)
{
    int more = 1;

    while (more) {
        zmq_msg_t msg;

        (void)zmq_msg_init(&msg);
        if (zmq_msg_recv(&msg, socket, ZMQ_DONTWAIT) == -1)
            more = 0;
        else
            more = zmq_msg_more(&msg);
        (void)zmq_msg_close(&msg);
    }
}

/* An IPv4 peer of our IPv6 socket comes as ::ffff:192.0.2.7. */
static const char *
peer_address(zmq_msg_t *frame)
{
    static const char mapped[] = "::ffff:";
    const char *address = zmq_msg_gets(frame, "Peer-Address");

    if (address == NULL)
        return "";
    if (strncmp(address, mapped, sizeof(mapped) - 1) == 0 &&
        strchr(address, '.') != NULL)
        return address + sizeof(mapped) - 1;
    return address;
}

/*
 * The identity is read from the payload's frame: on the first one it is NULL
 * when the message was prefetched.
 */
static void
take_payload(struct intake *intake, struct intake_from *from, zmq_msg_t *frame)
{
    struct wire_msg msg;
    struct err err;

    from->user = zmq_msg_gets(frame, "User-Id");
    from->address = peer_address(frame);
    if (zmq_msg_more(frame)) {
        skip_frames(intake->socket);
        drop(intake, "more than one frame", from->address);
        return;
    }
    if (from->user == NULL) {
        drop(intake, "no identity", from->address);
        return;
    }
    if (wire_decode(zmq_msg_data(frame), zmq_msg_size(frame), &msg, &err) !=
        0) {
        struct wire_nack_msg nack = {.code = NACK_MALFORMED};

        memcpy(nack.text, err.msg, sizeof(nack.text) - 1);
        intake_send_nack(intake, &from->peer, &nack);
        drop(intake, err.msg, from->address);
        return;
    }
    intake_take_message(intake, from, &msg);
    wire_msg_free(&msg);
}

/* One message; false when there is none. */
static bool
take_one(struct intake *intake)
{
    struct intake_from from = {.user = NULL};
    zmq_msg_t frame;
    bool whole;

    (void)zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, intake->socket, ZMQ_DONTWAIT) == -1) {
        (void)zmq_msg_close(&frame);
        return false;
    }
    intake->counts.messages++;
    from.peer.len = zmq_msg_size(&frame);
    whole = zmq_msg_more(&frame) && from.peer.len <= FLEET_PEER_BYTES;
    if (from.peer.len <= FLEET_PEER_BYTES)
        memcpy(from.peer.id, zmq_msg_data(&frame), from.peer.len);
    if (!whole) {
        if (zmq_msg_more(&frame))
            skip_frames(intake->socket);
        drop(intake, "not two frames", "");
    } else if (zmq_msg_recv(&frame, intake->socket, ZMQ_DONTWAIT) != -1) {
        take_payload(intake, &from, &frame);
    }
    (void)zmq_msg_close(&frame);
    return true;
}

/*
 * ZMQ_FD is edge-triggered: it says "look", once.  So read until there is
 * nothing, or come back by timer; never wait for the fd with messages left.
 */
static void
drain(void *ctx)
{
    struct intake *intake = ctx;

    for (int taken = 0; taken < TURN_MAX; taken++) {
        if (!take_one(intake))
            return;
    }
    loop_timer_start(intake->loop, &intake->more, 0);
}

static void
on_readable(void *ctx, unsigned ready)
{
    (void)ready;
    drain(ctx);
}

static int
bind_socket(
    struct intake *intake, const struct intake_spec *spec, struct err *err)
{
    intake->socket = zmq_socket(intake->context, ZMQ_ROUTER);
    if (intake->socket == NULL)
        return err_set(err, ERR_SYS, "socket: %s", zmq_strerror(zmq_errno()));
    if (intake_set_options(intake->socket, &spec->key, err) != 0 ||
        strangers_start(&intake->strangers, intake->loop, intake->context,
            intake->socket, err) != 0)
        return -1;
    if (zmq_bind(intake->socket, spec->listen) == 0)
        return 0;
    if (zmq_errno() == EADDRINUSE)
        return err_set(err, ERR_BUSY,
            "%s is in use by another program: stop it, or change `listen`",
            spec->listen);
    return err_set(err, ERR_SYS, "cannot listen at %s: %s", spec->listen,
        zmq_strerror(zmq_errno()));
}

static int
watch_socket(struct intake *intake, struct err *err)
{
    int fd;
    size_t len = sizeof(fd);

    if (zmq_getsockopt(intake->socket, ZMQ_FD, &fd, &len) != 0)
        return err_set(err, ERR_SYS, "socket: %s", zmq_strerror(zmq_errno()));
    if (loop_watch_start(intake->loop, &intake->readable, fd, LOOP_READ, err) !=
        0)
        return -1;
    loop_timer_start(intake->loop, &intake->more, 0);
    return 0;
}

static int
renew_table(struct intake *intake, struct err *err)
{
    struct store_txn *txn = store_begin_read(intake->store, err);
    struct zap_entry *entries = NULL;
    size_t count = 0;
    int rc = -1;

    if (txn == NULL)
        return -1;
    if (fleet_load(&intake->fleet, txn, err) == 0 &&
        fleet_zap_table(
            &intake->fleet, txn, clock_unix_ms(), &entries, &count, err) == 0)
        rc = zap_set_table(intake->zap, entries, count, err);
    free(entries);
    store_abort(txn);
    return rc;
}

static void
on_tokens(void *ctx)
{
    struct intake *intake = ctx;

    intake_fleet_changed(intake);
    loop_timer_start(intake->loop, &intake->tokens, token_table_ns);
}

static void
on_silent(void *ctx)
{
    struct intake *intake = ctx;
    int64_t now_ns = loop_now_ns(intake->loop);

    for (size_t i = 0; i < intake->fleet.count; i++) {
        struct fleet_agent *agent = &intake->fleet.agents[i];

        if (agent->session != 0 && now_ns - agent->heard_ns > session_silent_ns)
            fleet_end_session(&intake->fleet, agent);
    }
    loop_timer_start(intake->loop, &intake->silent, session_silent_ns / 2);
}

static void
push_all(struct intake *intake)
{
    for (size_t i = 0; i < intake->fleet.count; i++)
        intake_push_config(intake, &intake->fleet.agents[i]);
}

struct intake *
intake_open(const struct intake_spec *spec, struct err *err)
{
    struct intake *intake = calloc(1, sizeof(*intake));

    if (intake == NULL) {
        err_set(err, ERR_NOMEM, "intake");
        return NULL;
    }
    intake->loop = spec->loop;
    intake->store = spec->store;
    intake->writer = spec->writer;
    intake->config = spec->config;
    loop_watch_init(&intake->readable, on_readable, intake);
    timer_init(&intake->more, drain, intake);
    timer_init(&intake->tokens, on_tokens, intake);
    timer_init(&intake->silent, on_silent, intake);
    buf_init(&intake->out, WIRE_TO_AGENT_MAX_BYTES);
    intake->context = zmq_ctx_new();
    if (intake->context == NULL)
        err_set(err, ERR_NOMEM, "ZeroMQ context");
    else
        intake->zap = zap_start(intake->context, err);
    if (intake->zap == NULL || renew_table(intake, err) != 0 ||
        bind_socket(intake, spec, err) != 0 || watch_socket(intake, err) != 0) {
        intake_close(intake);
        return NULL;
    }
    loop_timer_start(intake->loop, &intake->tokens, token_table_ns);
    loop_timer_start(intake->loop, &intake->silent, session_silent_ns / 2);
    /* The file may have changed while nobody listened. */
    push_all(intake);
    return intake;
}

static void
say_bye(struct intake *intake)
{
    struct wire_msg msg = {.type = WIRE_BYE, .u.bye_reason = "collector stops"};

    for (size_t i = 0; i < intake->fleet.count; i++) {
        if (intake->fleet.agents[i].session != 0)
            (void)intake_send(intake, &intake->fleet.agents[i].peer, &msg);
    }
}

void
intake_close(struct intake *intake)
{
    if (intake == NULL)
        return;
    /* The writer has been stopped before: no job can come back. */
    assert(intake->jobs == 0);
    loop_timer_stop(intake->loop, &intake->tokens);
    loop_timer_stop(intake->loop, &intake->silent);
    loop_watch_stop(intake->loop, &intake->readable);
    strangers_stop(&intake->strangers);
    if (intake->socket != NULL) {
        say_bye(intake);
        (void)zmq_close(intake->socket);
    }
    loop_timer_stop(intake->loop, &intake->more); /* sending arms it */
    zap_stop(intake->zap);
    if (intake->context != NULL)
        (void)zmq_ctx_term(intake->context);
    fleet_free(&intake->fleet);
    buf_free(&intake->out);
    free(intake);
}

void
intake_set_config(struct intake *intake, const struct config *config)
{
    intake->config = config;
    push_all(intake);
}

/*
 * Agents that may no longer talk are told so once, then not heard.  Those
 * whose key was replaced, or whose terms no longer stand, say HELLO again.
 */
static void
end_sessions(struct intake *intake)
{
    for (size_t i = 0; i < intake->fleet.count; i++) {
        struct fleet_agent *agent = &intake->fleet.agents[i];

        if (agent->session == 0 ||
            (!agent->row.revoked && !agent->row.suspended &&
                fleet_key_index(agent, agent->key_tag) >= 0 &&
                fleet_terms_stand(&intake->fleet, agent)))
            continue;
        intake_send_nack(intake, &agent->peer,
            &(struct wire_nack_msg){.session = agent->session,
                .code = agent->row.revoked ? NACK_REVOKED : NACK_NO_SESSION});
        fleet_end_session(&intake->fleet, agent);
    }
}

static void
ask_rotations(struct intake *intake)
{
    for (size_t i = 0; i < intake->fleet.count; i++)
        intake_ask_rotation(intake, &intake->fleet.agents[i]);
}

void
intake_set_meter(struct intake *intake, struct meter *meter)
{
    intake->meter = meter;
}

void
intake_fleet_changed(struct intake *intake)
{
    struct err err;

    if (renew_table(intake, &err) != 0) {
        log_event(LOG_AT_ERROR, "intake.keys", "error=\"%s\"", err.msg);
        return;
    }
    end_sessions(intake);
    push_all(intake);
    ask_rotations(intake);
}

void
intake_counts(const struct intake *intake, struct intake_counts *counts)
{
    *counts = intake->counts;
    counts->dropped += intake->strangers.count;
    counts->refused_keys = zap_refused(intake->zap);
    counts->sessions = 0;
    for (size_t i = 0; i < intake->fleet.count; i++)
        counts->sessions += intake->fleet.agents[i].session != 0;
}
