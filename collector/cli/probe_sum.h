/*
 * probe_sum.h - what many probes came to, in a few lines for people.
 */
#ifndef COLLECTOR_PROBE_SUM_H
#define COLLECTOR_PROBE_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "paper.h"
#include "probe_tally.h"

/* How it was when it ended. */
struct probe_end {
    int64_t elapsed_ns;
    size_t under_way; /* shots that were started, and did not end */
};

void probe_sum_print(const struct paper *paper, const struct probe_tally *tally,
    const struct probe_end *end);

#endif
