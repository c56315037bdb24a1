/*
 * metrics_own.h - what the files of metrics share.
 */
#ifndef COLLECTOR_METRICS_OWN_H
#define COLLECTOR_METRICS_OWN_H

#include "expo.h"
#include "metrics.h"

/* metrics_own.c: the process, its store, its line. */
int metrics_put_own(
    struct expo *expo, const struct metrics *metrics, struct err *err);

/* metrics_agents.c */
int metrics_put_agents(
    struct expo *expo, const struct metrics *metrics, struct err *err);

/* metrics_checks.c: states from the store, then counters from the meter. */
int metrics_put_checks(
    struct expo *expo, const struct metrics *metrics, struct err *err);
int metrics_put_meter(
    struct expo *expo, const struct metrics *metrics, struct err *err);

#endif
