/*
 * status.h - one line a check: its state as a whole and by region, its last
 * latency, p95 of 24 h, uptime of the month, the incident that is open.
 */
#ifndef COLLECTOR_QUERY_STATUS_H
#define COLLECTOR_QUERY_STATUS_H

#include <stdbool.h>

#include "query.h"

struct status_spec {
    const char *site; /* NULL: all */
    bool hours; /* each check also gets "p95_hours_us", see status_hours.h */
};

/* New; ERR_PARSE where there is no such site. */
json_t *status_query(const struct query_env *env,
    const struct status_spec *spec, struct err *err);

#endif
