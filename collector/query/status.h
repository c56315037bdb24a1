/*
 * status.h - one line a check: its state as a whole and by region, its last
 * latency, p95 of 24 h, uptime of the month, the incident that is open.
 */
#ifndef COLLECTOR_QUERY_STATUS_H
#define COLLECTOR_QUERY_STATUS_H

#include "query.h"

/* `site` NULL: all.  New; ERR_PARSE where there is no such site. */
json_t *status_query(
    const struct query_env *env, const char *site, struct err *err);

#endif
