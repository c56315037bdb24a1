/*
 * backoff.h - how long to wait before trying again.  Pure.
 *
 * "Full jitter": a random moment in [0, min(cap, base * 2^n)], so that a
 * thousand agents that lost the same collector do not come back together
 * (Brooker, "Exponential Backoff And Jitter", 2015).
 */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t base_ns;
    int64_t cap_ns;
    unsigned failures; /* since the last success */
};

/* Counts one more failure and gives the delay; `random` is any 64 bits. */
int64_t backoff_next_ns(struct backoff *backoff, uint64_t random);
void backoff_reset(struct backoff *backoff);

#endif
