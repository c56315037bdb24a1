#include "strangers.h"

#include <string.h>
#include <zmq.h>

enum {
    TURN_MAX = 256,
    HEAD_BYTES = 6 /* event number and value, in the host's order */
};

static const char endpoint[] = "inproc://strangers";

/* One event; false when there is none. */
static bool
take_event(struct strangers *strangers)
{
    uint8_t head[HEAD_BYTES];
    char where[256];
    uint16_t event;
    int len = zmq_recv(strangers->monitor, head, sizeof(head), ZMQ_DONTWAIT);

    if (len == -1)
        return false;
    (void)zmq_recv(strangers->monitor, where, sizeof(where), ZMQ_DONTWAIT);
    if (len < (int)sizeof(event))
        return true;
    memcpy(&event, head, sizeof(event));
    strangers->count++;
    log_limited(&strangers->log,
        event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL ? LOG_AT_INFO
                                                      : LOG_AT_WARN,
        "intake.stranger", "why=\"%s\" count=%llu",
        event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ? "its key is not let in"
        : event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            ? "it does not speak CURVE, or for another collector"
            : "it went away or was silent during the handshake",
        (unsigned long long)strangers->count);
    return true;
}

/* Edge-triggered, as every ZeroMQ descriptor: see intake.c. */
static void
drain(void *ctx)
{
    struct strangers *strangers = ctx;

    for (int taken = 0; taken < TURN_MAX; taken++) {
        if (!take_event(strangers))
            return;
    }
    loop_timer_start(strangers->loop, &strangers->more, 0);
}

static void
on_readable(void *ctx, unsigned ready)
{
    (void)ready;
    drain(ctx);
}

static int
open_monitor(struct strangers *strangers, void *context, struct err *err)
{
    int fd;
    size_t len = sizeof(fd);

    if (zmq_socket_monitor(strangers->socket, endpoint,
            ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0)
        return err_set(err, ERR_SYS, "monitor: %s", zmq_strerror(zmq_errno()));
    strangers->monitor = zmq_socket(context, ZMQ_PAIR);
    if (strangers->monitor == NULL ||
        zmq_connect(strangers->monitor, endpoint) != 0 ||
        zmq_getsockopt(strangers->monitor, ZMQ_FD, &fd, &len) != 0)
        return err_set(err, ERR_SYS, "monitor: %s", zmq_strerror(zmq_errno()));
    return loop_watch_start(
        strangers->loop, &strangers->readable, fd, LOOP_READ, err);
}

int
strangers_start(struct strangers *strangers, struct loop *loop, void *context,
    void *socket, struct err *err)
{
    *strangers = (struct strangers){.loop = loop, .socket = socket};
    loop_watch_init(&strangers->readable, on_readable, strangers);
    timer_init(&strangers->more, drain, strangers);
    if (open_monitor(strangers, context, err) != 0) {
        strangers_stop(strangers);
        return -1;
    }
    loop_timer_start(loop, &strangers->more, 0);
    return 0;
}

void
strangers_stop(struct strangers *strangers)
{
    if (strangers->socket == NULL)
        return;
    loop_timer_stop(strangers->loop, &strangers->more);
    loop_watch_stop(strangers->loop, &strangers->readable);
    (void)zmq_socket_monitor(strangers->socket, NULL, 0);
    if (strangers->monitor != NULL)
        (void)zmq_close(strangers->monitor);
    *strangers = (struct strangers){.loop = NULL};
}
