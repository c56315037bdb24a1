/*
 * waterfall.h - when each phase of a measure began and how long it took, one
 * hop of a redirect chain after the other; and drawn.
 */
#ifndef COLLECTOR_WATERFALL_H
#define COLLECTOR_WATERFALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure.h"
#include "paper.h"

/* One phase of a hop; moments are µs since the whole began. */
struct waterfall_bar {
    enum phase phase;
    int64_t start_us;
    int64_t span_us;
    bool failed; /* it ended here; the span is how long it was waited for */
};

struct waterfall_hop {
    const struct redirect_fact *redirect; /* borrowed; NULL: the last hop */
    int64_t start_us;
    int64_t span_us; /* of the whole hop */
    struct waterfall_bar bars[PHASE_TOTAL];
    size_t bar_count;
};

struct waterfall {
    struct waterfall_hop hops[FACTS_REDIRECTS_MAX + 1];
    size_t hop_count;
    int64_t total_us; /* PHASE_NOT_REACHED: nothing was measured */
};

/*
 * Pure.  A measure holds sums over its hops, and its facts each hop but the
 * last: the last one is what remains.  Between phases lies our own work, which
 * is in no span.
 */
void waterfall_take(const struct measure *measure, struct waterfall *out);

/* The bar that takes most of the time, NULL where there is none. */
const struct waterfall_bar *waterfall_longest(const struct waterfall *fall);
/* The bar that failed, or NULL. */
const struct waterfall_bar *waterfall_failed(const struct waterfall *fall);

/* Bars on a terminal, a line of text for each phase elsewhere. */
void waterfall_print(const struct paper *paper, const struct waterfall *fall);

#endif
