/*
 * maintenance.h - windows of maintenance and pauses, as answers tell them.
 */
#ifndef COLLECTOR_QUERY_MAINTENANCE_H
#define COLLECTOR_QUERY_MAINTENANCE_H

#include <jansson.h>

#include "query.h"

/* {"windows": [...], "paused": [...]} of the newest configuration, new. */
json_t *maintenance_query(const struct query_env *env, struct err *err);

/*
 * The windows that touch a check within [from, to): what masks its slots
 * there.  A list, new.
 */
json_t *maintenance_of_check(const struct query_env *env,
    const struct conf_check *check, int64_t from_unix_ms, int64_t to_unix_ms);

/* Who paused the check, since when and why; null where nobody did; new. */
json_t *pause_of_check(
    const struct query_env *env, const struct conf_check *check);

#endif
