/*
 * leg.h - what an agent found in one slot: its last word on each leg, from
 * first and confirming attempts: pure.
 *
 * A leg is one address family of a check that measures both apart; else all
 * attempts of a slot are one leg.
 */
#ifndef COLLECTOR_LEG_H
#define COLLECTOR_LEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "raw.h"

struct leg {
    uint16_t region;
    uint32_t agent;
    int64_t slot_unix_ms;
    uint8_t family; /* of the leg; FAMILY_NONE where all are one */
    /*
     * The last served attempt, `up` or `slow`; where none was served the last
     * `down`, where none was down the last one that is left.  Isolated ones
     * only where there are no others.  Lent.
     */
    const struct measure *last;
    bool isolated; /* there were no others */
};

typedef int leg_fn(void *ctx, const struct leg *leg, struct err *err);

/* The results of one agent in one half hour, one after the other. */
struct legs {
    struct leg_item *items; /* owned */
    size_t count;
    size_t room;
};

/* All zero is empty, too.  Frees what it held and is usable again. */
void legs_free(struct legs *legs);

/* Results of one region and agent, in the order of their chunk. */
int legs_add(struct legs *legs, const struct raw_result *result, bool apart,
    struct err *err);

/* Tells each leg by slot and family, and is empty then. */
int legs_tell(struct legs *legs, leg_fn *fn, void *ctx, struct err *err);

/* Up or slow, and not isolated: what quantiles count. */
bool leg_is_served(const struct leg *leg);
/* Down, and not isolated: what --strict counts as infinite. */
bool leg_is_failed(const struct leg *leg);

#endif
