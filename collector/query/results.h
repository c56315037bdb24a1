/*
 * results.h - single results of a check, newest last.
 */
#ifndef COLLECTOR_QUERY_RESULTS_H
#define COLLECTOR_QUERY_RESULTS_H

#include "query.h"

enum { RESULTS_MAX = 100000 };

/*
 * {"results": [...], "seen_until": "..."}: export lines of one check by time.
 * Arguments: check, since | from, to, region, agent, after (a moment: only
 * results that started later).  New.
 */
json_t *results_query(
    const struct query_env *env, const json_t *args, struct err *err);

#endif
