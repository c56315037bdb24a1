/*
 * clock_offset.h - how far the collector's wall clock is from ours, as the
 * answers to our PINGs tell.  Pure.
 *
 * Of the last eight the one that travelled fastest is believed: what delayed
 * the others, delayed them in one direction more than in the other (Mills,
 * RFC 5905, clock filter).  An answer that contradicts the one before it, as
 * after a sleep of this machine, makes a new beginning.
 */
#ifndef AGENT_CLOCK_OFFSET_H
#define AGENT_CLOCK_OFFSET_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

enum { CLOCK_OFFSET_SAMPLES = 8 };

struct clock_sample {
    int64_t delay_ms;
    int64_t ahead_ms; /* the collector's wall clock minus our monotonic one */
};

/* All-zero knows nothing yet. */
struct clock_offset {
    struct clock_sample samples[CLOCK_OFFSET_SAMPLES];
    unsigned taken; /* since the last beginning */
};

/* `boot_ms` is our monotonic clock now; t0 of the PONG was read from it. */
void clock_offset_take(
    struct clock_offset *clock, const struct wire_pong *pong, int64_t boot_ms);

/*
 * The collector's wall clock minus ours, which shows `wall_ms` at `boot_ms`.
 * False before the first answer.
 */
bool clock_offset_ms(const struct clock_offset *clock, int64_t boot_ms,
    int64_t wall_ms, int64_t *offset_ms);

#endif
