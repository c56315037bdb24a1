/*
 * strangers.h - counts who came to the agents' port and was none: connections
 * that ended before CURVE's handshake did.
 *
 * ZeroMQ drops them by itself, and says so on the socket's monitor only.
 */
#ifndef COLLECTOR_STRANGERS_H
#define COLLECTOR_STRANGERS_H

#include <stdint.h>

#include "err.h"
#include "log.h"
#include "loop.h"

struct strangers {
    struct loop *loop; /* borrowed */
    void *socket;      /* borrowed; the one that is watched */
    void *monitor;     /* owned; NULL until opened */
    struct loop_watch readable;
    struct timer more;
    struct log_limit log;
    uint64_t count;
};

/* On `socket` of `context`, before it is bound.  A failure leaves it empty. */
int strangers_start(struct strangers *strangers, struct loop *loop,
    void *context, void *socket, struct err *err);

/* Before the socket is closed.  An all-zero one is fine, and so is twice. */
void strangers_stop(struct strangers *strangers);

#endif
