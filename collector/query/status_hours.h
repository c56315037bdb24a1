/*
 * status_hours.h - how fast a check was in each of the last 24 hours.
 */
#ifndef COLLECTOR_QUERY_STATUS_HOURS_H
#define COLLECTOR_QUERY_STATUS_HOURS_H

#include "query.h"

/*
 * p95 of total of the hour that runs and the 23 before it, oldest first, as a
 * list of µs; null where too few results say so.  New; NULL and err.
 */
json_t *status_hours(
    const struct query_env *env, uint32_t check, struct err *err);

#endif
