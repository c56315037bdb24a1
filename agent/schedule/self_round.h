/*
 * self_round.h - one look at whether this machine reaches the world at all.
 *
 * Good: there is a route to one of the targets (connecting a UDP socket sends
 * nothing), enough of them accept TCP (more than half, at least two; of fewer
 * than two: all), and one of the resolvers answers an A query.  What is not
 * configured is not asked for.
 */
#ifndef AGENT_SELF_ROUND_H
#define AGENT_SELF_ROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "err.h"
#include "loop.h"
#include "resolve.h"
#include "text.h"

enum {
    SELF_ROUND_TARGETS_MAX = 16,
    SELF_ROUND_RESOLVERS_MAX = 16,
    SELF_ROUND_MAX_MS = 2000
};

struct self_target {
    struct sockaddr_storage addr;
    socklen_t addr_len;
};

/* All borrowed, until the round is over. */
struct self_round_spec {
    struct loop *loop;
    struct resolver *resolver;
    const char *bind_ip4; /* source address, or NULL */
    const char *bind_ip6;
    const struct self_target *targets;
    size_t target_count;
    const struct strlist *servers; /* resolvers: "IP" or "IP#PORT" */
};

struct self_round_result {
    bool good;
    bool has_route;
    size_t targets; /* that accepted */
    size_t servers; /* that answered */
};

struct self_round;

/* The round is already gone. */
typedef void self_round_done_fn(
    void *ctx, const struct self_round_result *result);

/*
 * `done` is called exactly once, from the loop and never from inside this
 * call, within SELF_ROUND_MAX_MS, unless self_round_cancel() comes first.
 */
struct self_round *self_round_start(const struct self_round_spec *spec,
    self_round_done_fn *done, void *ctx, struct err *err);

/* NULL is allowed. */
void self_round_cancel(struct self_round *round);

#endif
