/*
 * raise_leg.h - what one agent found lately at one leg of a check, as rows of
 * slots that showed something: pure.
 *
 * A single slot raises nothing that is a ticket.  A sign is held once so many
 * slots in a row showed it, and until as many in a row did not; slots that say
 * nothing of it (isolated, our own trouble, maintenance) are as if they were
 * not there.  So is what comes so late that it is history.
 */
#ifndef COLLECTOR_RAISE_LEG_H
#define COLLECTOR_RAISE_LEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "measure.h"

enum raise_sign {
    SIGN_DOWN,
    SIGN_SLOW,  /* above the check's limit, or a page over its budget */
    SIGN_SPLIT, /* authoritative servers disagree */
    SIGN_BOGUS, /* the resolver refuses what DNSSEC says */
    SIGN_MAIL,  /* SPF, DKIM or DMARC */
    SIGN_COUNT
};

enum {
    RAISE_STALE_MS = 600000, /* older slots raise nothing anew */
    /* No row is longer: so many slots after a restart everything is known. */
    RAISE_SLOTS_MAX = 5
};

struct raise_streak {
    uint16_t in;           /* slots in a row that showed it */
    uint16_t out;          /* ... that did not */
    bool held;             /* it is so */
    int64_t since_unix_ms; /* the first slot of the row that showed it */
};

/* All-zero but for who it is has seen nothing. */
struct raise_leg {
    uint32_t check;
    uint32_t agent;
    uint8_t family;     /* where families are apart; else FAMILY_NONE */
    const char *region; /* borrowed */
    const char *name;   /* of the agent; borrowed */

    int64_t slot_unix_ms; /* the newest that counted */
    uint32_t slots;       /* that counted */
    uint8_t status;       /* enum measure_status, of that slot */
    uint8_t reason;       /* enum measure_reason; the last that was not NONE */
    bool authenticated;   /* its last served answer was signed and verified */
    struct raise_streak streaks[SIGN_COUNT];
};

/* How many slots in a row it takes, to begin and to end. */
uint16_t raise_sign_slots(enum raise_sign sign);

/*
 * Takes a result, whose facts may be absent.  True if that changed what is
 * held, began or ended a row of SIGN_DOWN, or made everything known.
 */
bool raise_leg_take(struct raise_leg *leg, const struct check *check,
    const struct measure *measure, int64_t now_unix_ms);

#endif
