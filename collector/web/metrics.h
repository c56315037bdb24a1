/*
 * metrics.h - what /metrics says, in the Prometheus text format: the health of
 * the collector, its agents, and of each check what `leadline status` says and
 * what has been taken since the process began.
 */
#ifndef COLLECTOR_METRICS_H
#define COLLECTOR_METRICS_H

#include "buf.h"
#include "err.h"
#include "meter.h"
#include "pulse.h"
#include "query.h"

struct metrics {
    const struct query_env *env;         /* borrowed */
    const struct pulse_reading *reading; /* borrowed */
    struct meter *meter;                 /* borrowed */
};

int metrics_put(
    const struct metrics *metrics, struct buf *out, struct err *err);

#endif
