/*
 * flap.h - whether something goes up and down all the time.  Pure.
 *
 * The formula of Nagios Core: over the last 21 verdicts, each change counts,
 * the newest 1.25 and the oldest 0.75; the sum of 20 changes is 100 %.  It
 * begins at 30 % and is over at 20 %.  Only verdicts that are known count.
 */
#ifndef COLLECTOR_FLAP_H
#define COLLECTOR_FLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FLAP_VERDICTS = 21,
    FLAP_START_PERMILLE = 300,
    FLAP_STOP_PERMILLE = 200,
    FLAP_OUTAGE_SLOTS = 5 /* so many bad ones in a row are an outage */
};

/* The newest verdicts, oldest first.  All-zero: none yet. */
struct flap {
    bool bad[FLAP_VERDICTS];
    size_t count;
};

/* One more, newer than those before. */
void flap_add(struct flap *flap, bool bad);

/* Of 1000; rounded down. */
uint32_t flap_permille(const struct flap *flap);
/* How often it changed. */
size_t flap_changes(const struct flap *flap);

/* Whether it flaps now, where it did or did not before. */
bool flap_step(const struct flap *flap, bool flapping);

/* Whether the newest are bad, FLAP_OUTAGE_SLOTS of them. */
bool flap_is_outage(const struct flap *flap);

#endif
