/*
 * probe_series.h - one probe, or many at a steady interval.
 *
 * Open loop: each starts at its moment, however long those before it take; so
 * several may be under way, and are told in the order of their starts.  One
 * that could not be started (this machine stood still, or too many are under
 * way) is told too, as an error of this machine.
 */
#ifndef COLLECTOR_PROBE_SERIES_H
#define COLLECTOR_PROBE_SERIES_H

#include "check.h"
#include "err.h"
#include "measure.h"
#include "probe.h"

enum { PROBE_LEGS_MAX = 2, PROBE_UNDER_WAY_MAX = 200 };

/* All borrowed, for as long as the series lives. */
struct probe_series_spec {
    const struct probe_env *env;
    const struct check *check; /* family both: two legs, one after the other */
    int64_t count;             /* 0: until it is freed */
    int64_t interval_ns;       /* > 0 where count is not 1 */
};

/* What one shot saw, lent; facts too. */
struct probe_shot {
    int64_t number; /* from 1 */
    const struct measure *legs;
    size_t leg_count;
};

typedef void probe_shot_fn(void *ctx, const struct probe_shot *shot);
/* After the last shot has been told.  The series may be freed. */
typedef void probe_series_done_fn(void *ctx);

struct probe_series;

/* Nothing is called from inside; NULL where memory is out. */
struct probe_series *probe_series_start(const struct probe_series_spec *spec,
    probe_shot_fn *told, probe_series_done_fn *done, void *ctx,
    struct err *err);

/* Drops what is under way, untold.  NULL is allowed. */
void probe_series_free(struct probe_series *series);

/* How many are under way, and since when the oldest; 0 where none is. */
size_t probe_series_under_way(const struct probe_series *series);
int64_t probe_series_oldest_ns(const struct probe_series *series);

#endif
