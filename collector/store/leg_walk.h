/*
 * leg_walk.h - every leg of a check in a span, straight from raw results.
 */
#ifndef COLLECTOR_LEG_WALK_H
#define COLLECTOR_LEG_WALK_H

#include "conf_history.h"
#include "leg.h"
#include "store.h"

struct leg_span {
    uint32_t check;
    /* Slots whose stamp, a multiple of T, is in [from, to). */
    int64_t from_unix_ms;
    int64_t to_unix_ms;
};

/*
 * Tells the legs by half hour, region, agent, slot and family.  `history` says
 * whether families are measured apart, and where each slot begins: after a
 * change of the interval a leg's slot may begin later than its stamp.  `fn` returning anything but 0 fails
 * the walk.
 */
int leg_walk(struct store_txn *txn, const struct conf_history *history,
    const struct leg_span *span, leg_fn *fn, void *ctx, struct err *err);

#endif
