/*
 * incidents.h - incidents as people ask for them: a list, or one with what was
 * seen when it began.
 */
#ifndef COLLECTOR_QUERY_INCIDENTS_H
#define COLLECTOR_QUERY_INCIDENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "incident_row.h"
#include "store.h"

struct incidents_spec {
    const char *check; /* full name; NULL: all that ever were */
    const char *scope; /* "global" or a region; NULL: all */
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    int64_t now_unix_ms; /* nothing later is judged */
    bool only_open;
};

/*
 * {"incidents": [...]}, newest first.  *exit_code is 1 where open ones were
 * asked for and there is one.
 */
int incidents_answer(struct store_txn *txn, const struct conf_history *conf,
    const struct incidents_spec *spec, json_t **answer, int *exit_code,
    struct err *err);

/*
 * One incident by id, alias or unique prefix, with "evidence": the results of
 * its first bad slot.  ERR_PARSE where there is none.
 */
int incidents_show(struct store_txn *txn, const struct conf_history *conf,
    const char *id, int64_t now_unix_ms, json_t **answer, struct err *err);

/* "SITE_DOWN" or "REGIONAL"; "page" or "notify". */
const char *incident_class_name(const struct incident_row *row);
const char *incident_severity_name(const struct incident_row *row);
const char *incident_state_name(enum incident_state state);

#endif
