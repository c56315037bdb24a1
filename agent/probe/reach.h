/*
 * reach.h - a TCP connection to a host, whichever of its addresses answers:
 * the name is resolved, then its addresses have their turns.
 *
 * Each address has an equal share of the time that is left.  What a target
 * did says more than that this machine has no way to one of its addresses, so
 * a reason of the target's is kept over one of our own.
 */
#ifndef AGENT_PROBE_REACH_H
#define AGENT_PROBE_REACH_H

#include <stdint.h>

#include "check.h"
#include "err.h"
#include "measure.h"
#include "probe.h"

struct reach;

/* What to reach, and until when.  What it points to is borrowed. */
struct reach_query {
    const struct check *check; /* host, port, server, resolve */
    enum check_family family;  /* ANY, 4 or 6 */
    int64_t deadline_ns;       /* of loop_now_ns() */
};

struct reach_answer {
    int fd;                     /* the callee's from now on; -1: not reached */
    enum measure_reason reason; /* REASON_NONE exactly if there is an fd */
    enum phase failed;          /* DNS or CONNECT, if not reached */
    int64_t dns_us;             /* PHASE_NOT_REACHED where nobody was asked */
    int64_t connect_us;         /* from the first address on */
    int64_t connected_ns;       /* of loop_now_ns() */
    uint8_t family;             /* of the address tried last */
    char ip[MEASURE_IP_BYTES];  /* "" if there was none */
    char detail[FACTS_TEXT_BYTES]; /* the failure in words */
};

/* `answer` is good only during the call.  The reach is already gone. */
typedef void reach_done_fn(void *ctx, const struct reach_answer *answer);

/*
 * `done` is called exactly once, from the loop and never from inside
 * reach_start(), unless reach_cancel() comes first.  NULL: memory is out.
 */
struct reach *reach_start(const struct probe_env *env,
    const struct reach_query *query, reach_done_fn *done, void *ctx,
    struct err *err);

/* NULL is allowed. */
void reach_cancel(struct reach *reach);

#endif
