/*
 * meter.h - what has been taken from agents since this process began: results
 * by status, and how long each phase of the served ones took.
 *
 * Counters that only grow, as Prometheus wants them: unlike uptime and p95,
 * which follow late data and maintenance, nothing here is ever taken back.
 * One thread adds, another reads.
 */
#ifndef COLLECTOR_METER_H
#define COLLECTOR_METER_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "measure.h"

enum {
    METER_BUCKETS = 17,
    METER_REGION_BYTES = 65,
    METER_SERIES_MAX = 65536 /* checks times regions; the rest is not metered */
};

/* The ends of the buckets, in seconds and in the unit of results. */
extern const double meter_bounds_s[METER_BUCKETS];

struct meter_hist {
    uint64_t counts[METER_BUCKETS + 1];
    uint64_t sum_us;
};

/* Of one check in one region. */
struct meter_series {
    uint32_t check;
    char region[METER_REGION_BYTES];
    uint64_t results[MEASURE_STATUS_COUNT]; /* by enum measure_status */
    uint64_t isolated;
    uint16_t phases;                      /* bits: which have values */
    struct meter_hist hists[PHASE_COUNT]; /* of up and slow, not isolated */
};

struct meter;

struct meter *meter_new(struct err *err);
/* NULL is allowed. */
void meter_free(struct meter *meter);

/*
 * One result that is on disk.  `region_number` is the registry's.  Where
 * memory is out, or there are too many series, it is only counted as missed.
 */
void meter_add(struct meter *meter, const struct measure *measure,
    uint16_t region_number, const char *region);

/* A copy of the series of that place; false past the last.  None is ever
 * taken away, so that places stay. */
bool meter_get(struct meter *meter, size_t i, struct meter_series *out);

/* Results that no series had room for. */
uint64_t meter_missed(struct meter *meter);

#endif
