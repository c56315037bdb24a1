/*
 * box.h - the votes of some slots of one check, agent by agent.
 *
 * Noting a result costs one look-up by the agent's number.  What a box says
 * depends on which results were noted, not on their order.
 */
#ifndef COLLECTOR_BOX_H
#define COLLECTOR_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "slot.h"
#include "verdict.h"

/* An agent of which an answer is expected. */
struct box_agent {
    uint32_t agent; /* registry number */
    uint8_t region; /* by the order of the configuration */
};

struct box_entry {
    struct box_agent who;
    uint32_t next; /* of the same agent in another region; 0: none */
};

/* All-zero but for slots and rule is an empty box. */
struct box {
    size_t slots;
    struct slot_rule rule;
    uint32_t *first; /* owned; by agent: 1 + entry, 0: none */
    size_t first_count;
    struct box_entry *entries; /* owned */
    struct slot_leg *legs;     /* owned; slots * rule.legs for each entry */
    size_t count;
    size_t capacity;
};

void box_init(struct box *box, size_t slots, struct slot_rule rule);
void box_free(struct box *box);

int box_note(struct box *box, const struct box_agent *who, size_t slot,
    const struct measure *measure, struct err *err);

/* How a slot's votes are counted. */
struct box_count {
    bool closed;                    /* its deadline has passed */
    const struct box_agent *agents; /* expected; not looked at when closed */
    size_t agent_count;
    const uint8_t *no_route; /* by agent: see slot_ballot(); may be NULL */
    size_t no_route_count;
};

/* Fills a tally for each of `regions`. */
void box_tally(const struct box *box, size_t slot,
    const struct box_count *count, struct tally *tallies, size_t regions);

/* Counts by reason the down votes of a region, or of all (UINT8_MAX). */
void box_reasons(const struct box *box, size_t slot, uint8_t region,
    uint32_t counts[REASON_COUNT]);

#endif
