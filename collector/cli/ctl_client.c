#include "ctl_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "wire.h"

static const char ipc_prefix[] = "ipc://";

/*
 * ZeroMQ would wait for a socket that is not there, or that a collector left
 * behind when it was killed: knock first.
 */
static int
look_for_listener(const char *endpoint, struct err *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    const char *path = endpoint + sizeof(ipc_prefix) - 1;
    int failed;
    int fd;

    if (strncmp(endpoint, ipc_prefix, sizeof(ipc_prefix) - 1) != 0 ||
        strlen(path) >= sizeof(addr.sun_path))
        return 0;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return err_sys(err, errno, "socket");
    memcpy(addr.sun_path, path, strlen(path) + 1);
    failed = connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0
                 ? errno
                 : 0;
    (void)close(fd);
    if (failed == EACCES)
        return err_sys(err, failed, "control socket %s", path);
    if (failed != ENOENT && failed != ENOTDIR && failed != ECONNREFUSED)
        return 0; /* somebody is there, perhaps with a full backlog */
    return err_set(err, ERR_TIMEOUT,
        "no collector at %s: start it, name its socket with --control, or "
        "read a store with --store DIR",
        endpoint);
}

static int
send_question(
    void *socket, const struct ctl_question *question, struct err *err)
{
    struct wire_ctl_request request = {
        .args_json = {.data = (const uint8_t *)question->args_json,
            .len = strlen(question->args_json)}};
    struct buf frame;
    int rc = -1;

    if (strlen(question->command) >= sizeof(request.command))
        return err_set(err, ERR_LIMIT, "command name");
    memcpy(request.command, question->command, strlen(question->command));
    buf_init(&frame, WIRE_CTL_MAX_BYTES);
    if (wire_ctl_request_encode(&request, &frame, err) != 0)
        goto out;
    if (zmq_send(socket, frame.data, frame.len, 0) == -1) {
        err_set(err, ERR_TIMEOUT, "the collector at %s does not take questions",
            question->endpoint);
        goto out;
    }
    rc = 0;

out:
    buf_free(&frame);
    return rc;
}

/* 1: more follows, 0: that was the last, -1: err. */
static int
take_piece(void *socket, const struct ctl_question *question, ctl_piece_fn *fn,
    void *ctx, int *exit_code, struct err *err)
{
    struct wire_ctl_reply reply;
    zmq_msg_t msg;
    int rc = -1;

    (void)zmq_msg_init(&msg);
    if (zmq_msg_recv(&msg, socket, 0) == -1) {
        err_set(err, ERR_TIMEOUT,
            "the collector at %s did not answer within %d s",
            question->endpoint, (int)(question->timeout_ms / 1000));
        goto out;
    }
    if (wire_ctl_reply_decode(
            zmq_msg_data(&msg), zmq_msg_size(&msg), &reply, err) != 0)
        goto out;
    *exit_code = reply.exit_code;
    if (reply.error[0] != '\0') {
        err_set(err, reply.exit_code == 2 ? ERR_PARSE : ERR_PEER, "%s",
            reply.error);
        goto out;
    }
    if (fn(ctx, reply.body, err) != 0)
        goto out;
    rc = reply.more ? 1 : 0;

out:
    (void)zmq_msg_close(&msg);
    return rc;
}

int
ctl_ask(const struct ctl_question *question, ctl_piece_fn *fn, void *ctx,
    int *exit_code, struct err *err)
{
    int timeout_ms = (int)question->timeout_ms;
    int no_linger = 0;
    void *context = NULL;
    void *socket = NULL;
    int rc = -1;

    if (look_for_listener(question->endpoint, err) != 0)
        return -1;
    context = zmq_ctx_new();
    if (context != NULL)
        socket = zmq_socket(context, ZMQ_DEALER);
    if (socket == NULL) {
        err_set(err, ERR_SYS, "socket: %s", zmq_strerror(zmq_errno()));
        goto out;
    }
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &no_linger, sizeof(no_linger));
    (void)zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof(timeout_ms));
    (void)zmq_setsockopt(socket, ZMQ_SNDTIMEO, &timeout_ms, sizeof(timeout_ms));
    if (zmq_connect(socket, question->endpoint) != 0) {
        err_set(err, ERR_PARSE, "control endpoint \"%s\": %s",
            question->endpoint, zmq_strerror(zmq_errno()));
        goto out;
    }
    if (send_question(socket, question, err) != 0)
        goto out;
    do
        rc = take_piece(socket, question, fn, ctx, exit_code, err);
    while (rc == 1);

out:
    if (socket != NULL)
        (void)zmq_close(socket);
    if (context != NULL)
        (void)zmq_ctx_term(context);
    return rc;
}
