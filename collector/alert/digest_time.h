/*
 * digest_time.h - when the daily digest is due.  Pure.
 */
#ifndef COLLECTOR_DIGEST_TIME_H
#define COLLECTOR_DIGEST_TIME_H

#include <stdint.h>

#include "zone.h"

/*
 * The first time after `last` that the clocks of that zone (NULL: UTC) show
 * `at` ("08:00"): once a calendar day there, however clocks are set.
 */
int64_t digest_time_next(
    const struct zone *zone, const char *at, int64_t last_unix_ms);

#endif
