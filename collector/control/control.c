#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "clock.h"
#include "control_own.h"
#include "ipc_path.h"
#include "log.h"
#include "query.h"

enum { TURN_MAX = 16, SEND_HWM = 64 };

bool
control_reply(struct control *control, const struct control_peer *peer,
    const struct wire_ctl_reply *reply)
{
    struct err err;

    buf_clear(&control->out);
    if (wire_ctl_reply_encode(reply, &control->out, &err) != 0) {
        struct wire_ctl_reply failed = {.exit_code = 3};

        (void)snprintf(failed.error, sizeof(failed.error),
            "the answer is too large: ask for a shorter range");
        buf_clear(&control->out);
        if (wire_ctl_reply_encode(&failed, &control->out, &err) != 0)
            return false;
    }
    /* A send may take in the edge of the descriptor: look afterwards. */
    if (!control->more.armed)
        loop_timer_start(control->loop, &control->more, 0);
    if (zmq_send(control->socket, peer->id, peer->len,
            ZMQ_DONTWAIT | ZMQ_SNDMORE) == -1)
        return false;
    return zmq_send(control->socket, control->out.data, control->out.len,
               ZMQ_DONTWAIT) != -1;
}

void
control_refuse(struct control *control, const struct control_peer *peer,
    int exit_code, const char *text)
{
    struct wire_ctl_reply reply = {.exit_code = exit_code};

    (void)snprintf(reply.error, sizeof(reply.error), "%s", text);
    (void)control_reply(control, peer, &reply);
}

void
control_refuse_err(struct control *control, const struct control_peer *peer,
    const struct err *err)
{
    control_refuse(control, peer,
        err->code == ERR_PARSE || err->code == ERR_LIMIT ? 2 : 3, err->msg);
}

void
control_reply_json(struct control *control, const struct control_peer *peer,
    int exit_code, json_t *answer)
{
    struct wire_ctl_reply reply = {.exit_code = exit_code};
    char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;

    json_decref(answer);
    if (text == NULL) {
        control_refuse(control, peer, 3, "out of memory");
        return;
    }
    reply.body =
        (struct bytes){.data = (const uint8_t *)text, .len = strlen(text)};
    (void)control_reply(control, peer, &reply);
    free(text);
}

/* ---- questions ---- */

static void
run_query(struct control *control, const struct control_peer *peer,
    const struct query_env *env, const struct wire_ctl_request *request,
    const json_t *args)
{
    struct wire_ctl_reply reply = {0};
    json_t *answer = NULL;
    char *text = NULL;
    struct err err;
    int code = 0;

    if (query_run(env, request->command, args, &answer, &code, &err) != 0) {
        control_refuse_err(control, peer, &err);
        return;
    }
    text = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    if (text == NULL) {
        control_refuse(control, peer, 3, "out of memory");
        return;
    }
    reply.exit_code = code;
    reply.body =
        (struct bytes){.data = (const uint8_t *)text, .len = strlen(text)};
    (void)control_reply(control, peer, &reply);
    free(text);
}

static void
ask(struct control *control, const struct control_peer *peer,
    const struct wire_ctl_request *request, const json_t *args)
{
    struct query_env env = {.conf = control->conf};
    struct err err;

    env.txn = store_begin_read(control->store, &err);
    if (env.txn == NULL) {
        control_refuse_err(control, peer, &err);
        return;
    }
    env.now_unix_ms = clock_unix_ms();
    if (control->refused[0] != '\0')
        env.refused = control->refused;
    if (store_used_ratio(control->store, &env.store_used_ratio, &err) != 0)
        env.store_used_ratio = -1.0;
    if (strcmp(request->command, "export") == 0)
        control_export(control, peer, &env, args);
    else if (control_is_long(&env, request->command, args))
        control_errand_query(control, peer, request);
    else
        run_query(control, peer, &env, request, args);
    store_abort(env.txn);
}

static void
take_request(struct control *control, const struct control_peer *peer,
    const uint8_t *frame, size_t len)
{
    struct wire_ctl_request request;
    json_error_t where;
    json_t *args;
    struct err err;

    if (wire_ctl_request_decode(frame, len, &request, &err) != 0) {
        control_refuse_err(control, peer, &err);
        return;
    }
    args = json_loadb((const char *)request.args_json.data,
        request.args_json.len, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(args))
        control_refuse(control, peer, 2, "the arguments are not an object");
    else if (!control_change(control, peer, request.command, args) &&
             !control_alert(control, peer, request.command, args) &&
             !control_command(control, peer, request.command, args) &&
             !control_import(control, peer, request.command, args) &&
             !control_errand(control, peer, request.command, args))
        ask(control, peer, &request, args);
    json_decref(args);
}

/* One message; false when there is none. */
static bool
take_one(struct control *control)
{
    struct control_peer peer = {0};
    zmq_msg_t frame;
    bool whole;
    int more;

    (void)zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, control->socket, ZMQ_DONTWAIT) == -1) {
        (void)zmq_msg_close(&frame);
        return false;
    }
    whole = zmq_msg_size(&frame) <= CONTROL_PEER_BYTES;
    if (whole) {
        peer.len = zmq_msg_size(&frame);
        memcpy(peer.id, zmq_msg_data(&frame), peer.len);
    }
    more = zmq_msg_more(&frame);
    for (int frames = 1; more; frames++) {
        if (zmq_msg_recv(&frame, control->socket, ZMQ_DONTWAIT) == -1)
            break;
        more = zmq_msg_more(&frame);
        if (whole && frames == 1 && !more)
            take_request(
                control, &peer, zmq_msg_data(&frame), zmq_msg_size(&frame));
    }
    (void)zmq_msg_close(&frame);
    return true;
}

/* Edge-triggered, as every ZeroMQ descriptor: see intake.c. */
static void
drain(void *ctx)
{
    struct control *control = ctx;

    for (int taken = 0; taken < TURN_MAX; taken++) {
        if (!take_one(control))
            return;
    }
    loop_timer_start(control->loop, &control->more, 0);
}

static void
on_readable(void *ctx, unsigned ready)
{
    (void)ready;
    drain(ctx);
}

static int
open_socket(struct control *control, const char *endpoint, struct err *err)
{
    int64_t max_bytes = WIRE_CTL_MAX_BYTES;
    int no_linger = 0;
    int hwm = SEND_HWM;
    int one = 1;
    mode_t before;
    int rc;

    control->context = zmq_ctx_new();
    if (control->context != NULL)
        control->socket = zmq_socket(control->context, ZMQ_ROUTER);
    if (control->socket == NULL)
        return err_set(err, ERR_SYS, "socket: %s", zmq_strerror(zmq_errno()));
    (void)zmq_setsockopt(
        control->socket, ZMQ_LINGER, &no_linger, sizeof(no_linger));
    (void)zmq_setsockopt(control->socket, ZMQ_SNDHWM, &hwm, sizeof(hwm));
    /* Without it a full or unknown peer's messages are dropped silently. */
    (void)zmq_setsockopt(
        control->socket, ZMQ_ROUTER_MANDATORY, &one, sizeof(one));
    (void)zmq_setsockopt(
        control->socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof(max_bytes));
    before = umask(0117);
    rc = zmq_bind(control->socket, endpoint);
    (void)umask(before);
    if (rc != 0)
        return err_set(err, ERR_SYS, "cannot listen at %s: %s", endpoint,
            zmq_strerror(zmq_errno()));
    return 0;
}

static int
watch_socket(struct control *control, struct err *err)
{
    int fd;
    size_t len = sizeof(fd);

    if (zmq_getsockopt(control->socket, ZMQ_FD, &fd, &len) != 0)
        return err_set(err, ERR_SYS, "socket: %s", zmq_strerror(zmq_errno()));
    if (loop_watch_start(
            control->loop, &control->readable, fd, LOOP_READ, err) != 0)
        return -1;
    loop_timer_start(control->loop, &control->more, 0);
    return 0;
}

struct control *
control_open(const struct control_spec *spec, struct err *err)
{
    struct control *control = calloc(1, sizeof(*control));

    if (control == NULL) {
        err_set(err, ERR_NOMEM, "control socket");
        return NULL;
    }
    control->loop = spec->loop;
    control->store = spec->store;
    control->store_dir = spec->store_dir;
    control->writer = spec->writer;
    memcpy(control->collector_key, spec->collector_key, CURVE_KEY_BYTES);
    control->fleet_changed = spec->fleet_changed;
    control->change_config = spec->change_config;
    control->ctx = spec->ctx;
    loop_watch_init(&control->readable, on_readable, control);
    timer_init(&control->more, drain, control);
    buf_init(&control->out, WIRE_CTL_MAX_BYTES);
    control_clean_imports(control->store_dir);
    if (control_reload(control, err) != 0 ||
        ipc_path_prepare(spec->endpoint, err) != 0 ||
        open_socket(control, spec->endpoint, err) != 0 ||
        watch_socket(control, err) != 0) {
        err_wrap(err, "control socket");
        control_close(control);
        return NULL;
    }
    return control;
}

void
control_close(struct control *control)
{
    if (control == NULL)
        return;
    control_drop_exports(control);
    control_drop_imports(control);
    control_drop_errands(control);
    loop_timer_stop(control->loop, &control->more);
    loop_watch_stop(control->loop, &control->readable);
    if (control->socket != NULL)
        (void)zmq_close(control->socket);
    if (control->context != NULL)
        (void)zmq_ctx_term(control->context);
    conf_history_free(control->conf);
    buf_free(&control->out);
    free(control);
}

int
control_reload(struct control *control, struct err *err)
{
    struct store_txn *txn = store_begin_read(control->store, err);
    struct conf_history *conf;

    if (txn == NULL)
        return -1;
    conf = conf_history_load(txn, err);
    store_abort(txn);
    if (conf == NULL)
        return -1;
    conf_history_free(control->conf);
    control->conf = conf;
    return 0;
}

void
control_set_refused(struct control *control, const char *why)
{
    (void)snprintf(control->refused, sizeof(control->refused), "%s", why);
}
