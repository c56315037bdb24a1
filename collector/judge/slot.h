/*
 * slot.h - what one agent's results of one slot amount to: its vote.
 *
 * Pure.  Results may be noted in any order and any number of times; the vote
 * depends on which there are, not on how they came.
 */
#ifndef COLLECTOR_SLOT_H
#define COLLECTOR_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "measure.h"

/* How results of a check become votes. */
struct slot_rule {
    bool confirms; /* a down of attempt 0 waits for attempt 1 */
    uint8_t legs;  /* 1, or SLOT_LEGS_MAX where families are apart */
};

struct slot_rule slot_rule_of(const struct check *check);

enum { SLOT_LEGS_MAX = 3 }; /* without a family, IPv4, IPv6 */

/* One family's results.  All-zero is: none yet. */
struct slot_leg {
    int64_t voted_unix_ms;      /* ts of the last attempt that votes */
    int64_t confirming_unix_ms; /* ts of the last attempt but the first */
    uint8_t vote;               /* 0 none, 1 up, 2 down */
    uint8_t attempt;            /* of that vote, as the next two */
    uint8_t family;
    uint8_t reason;
    bool answered;   /* any result is there */
    bool confirming; /* confirming_unix_ms is set */
};

enum ballot {
    BALLOT_MISSING, /* may become up, down or none */
    BALLOT_PENDING, /* will be up or down */
    BALLOT_NONE,    /* an answer that does not vote */
    BALLOT_UP,
    BALLOT_DOWN,
    BALLOT_UNCONFIRMED /* counts as down, but no second attempt says so */
};

/* Notes a result of this slot in the agent's legs. */
void slot_note(struct slot_leg *legs, const struct slot_rule *rule,
    const struct measure *measure);

/*
 * The agent's vote.  Bit i of `no_route` says that leg i is known to have no
 * route, so nothing is awaited of it.  After the deadline (`closed`) nothing
 * is awaited at all.
 */
enum ballot slot_ballot(const struct slot_leg *legs,
    const struct slot_rule *rule, unsigned no_route, bool closed);

/* The reason that a ballot of down, pending or unconfirmed gives. */
enum measure_reason slot_reason(
    const struct slot_leg *legs, const struct slot_rule *rule);

/* The leg that a result belongs to. */
size_t slot_leg_of(const struct slot_rule *rule, const struct measure *measure);

#endif
