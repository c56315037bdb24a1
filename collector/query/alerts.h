/*
 * alerts.h - what fires, who knows of it, what is muted and why, what is
 * queued: as people ask for it.
 */
#ifndef COLLECTOR_QUERY_ALERTS_H
#define COLLECTOR_QUERY_ALERTS_H

#include "query.h"

/*
 * {"alerts": [...], "queue": [...], "silences": [...]}; the alerts by severity,
 * then by their start.  New; NULL and why.
 */
json_t *alerts_query(const struct query_env *env, struct err *err);

/*
 * A condition (alert/condition.h) by id or unique prefix, with who was told of
 * it.  1: found, *answer is new; 0: none; -1: err.
 */
int alerts_condition(const struct query_env *env, const char *id,
    json_t **answer, struct err *err);

#endif
