/*
 * hist.h - a base-2 exponential histogram of durations: pure.
 *
 * Base 2^(1/64) over seconds, 28 octaves from 2^-20 s to 2^8 s (schema 6 of
 * Prometheus' and OpenTelemetry's exponential histograms).  Bucket k ends at
 * 2^((k - 1279) / 64) s and begins where the one before it ends; the first
 * holds all that is shorter, an overflow bucket all that is longer than 256 s.
 * Bounds are whole nanoseconds from a table, never from log(), so that every
 * compiler agrees.  Every estimate is within HIST_ERROR of the truth, and
 * merging, which adds counters, is exact.
 */
#ifndef COLLECTOR_HIST_H
#define COLLECTOR_HIST_H

#include <stdint.h>

#include "row.h"

#define HIST_ERROR 0.005415 /* relative: (b - 1) / (b + 1) = 0.0054152 */

enum {
    HIST_BUCKETS = 1792,
    HIST_OVERFLOW = HIST_BUCKETS, /* estimated as the maximum */
    HIST_COUNTERS
};

struct hist {
    uint64_t n;
    int64_t min_us; /* 0 while n is 0 */
    int64_t max_us;
    uint64_t counts[HIST_COUNTERS];
};

/* All zero is an empty histogram, too. */
void hist_init(struct hist *hist);

/* `us` >= 0, and at most PHASE_MAX_US. */
void hist_add(struct hist *hist, int64_t us);
void hist_merge(struct hist *to, const struct hist *from);

/* The bucket of a duration, HIST_OVERFLOW above the last. */
int hist_bucket(int64_t us);
/* The end of a bucket in ns; k < HIST_BUCKETS. */
int64_t hist_bound_ns(int k);

/*
 * ceil(q * n), at least 1, exactly: q in millionths, 0..1000000, and n below
 * 2^43.  0 where n is 0.
 */
uint64_t hist_rank(uint64_t n, int64_t quantile_millionths);

/* The estimate of the value of that rank, from 1 to n. */
double hist_at_rank_us(const struct hist *hist, uint64_t rank);

/* Sparse: gaps and counts of the buckets that are not empty. */
void hist_encode(const struct hist *hist, struct row_out *out);

/*
 * Adds an encoded histogram to `hist`; gives its n.  Where in->failed, `hist`
 * is spoiled.
 */
uint64_t hist_decode_add(struct hist *hist, struct row_in *in);

/* Goes over an encoded histogram without looking at it. */
void hist_skip(struct row_in *in);

#endif
