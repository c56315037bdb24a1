/*
 * probe_tally.h - what many probes in a row gave, counted.  Pure.
 */
#ifndef COLLECTOR_PROBE_TALLY_H
#define COLLECTOR_PROBE_TALLY_H

#include "measure.h"
#include "quantiles.h"

enum { PROBE_TALLY_SPARKS = 40 };

/* All zero is empty. */
struct probe_tally {
    uint64_t seen;
    uint64_t of_status[MEASURE_STATUS_COUNT];
    uint64_t of_reason[REASON_COUNT];
    struct quantiles phases[PHASE_TOTAL + 1]; /* of those that were served */
    int64_t last_us[PROBE_TALLY_SPARKS]; /* -1: not served; a ring, by seen */
    int64_t served_us; /* total of the last one that was served */
    uint64_t steps;    /* from one served to the next */
    int64_t steps_us;  /* the sum of their differences */
};

void probe_tally_free(struct probe_tally *tally);
void probe_tally_add(struct probe_tally *tally, const struct measure *measure);

/*
 * Part of the answers that failed, as thousandths of a percent, rounded up:
 * what was lost is never shown as nothing.  Errors of this machine are no
 * answers; -1 without any.
 */
int64_t probe_tally_loss(const struct probe_tally *tally);
/* "12.5 %", rounded up too, or "-" without any. */
void probe_tally_put_loss(
    const struct probe_tally *tally, char *out, size_t size);

/*
 * By how much one total differs from that of the next served one, on average
 * (as mtr's Javg); -1 with fewer than two.
 */
int64_t probe_tally_jitter_us(const struct probe_tally *tally);

/* The largest of the last ones; 0 where none was served. */
int64_t probe_tally_top_us(const struct probe_tally *tally);

#endif
