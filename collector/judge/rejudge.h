/*
 * rejudge.h - judges hours again from raw results: those that results came
 * late to, and those whose votes a restart forgot.
 */
#ifndef COLLECTOR_REJUDGE_H
#define COLLECTOR_REJUDGE_H

#include "watch_parts.h"

enum { REJUDGE_BUDGET = 50000 }; /* results read by one watch_run() */

/*
 * Judges stale hours that are due while `*budget` lasts, those first whose
 * votes were forgotten.
 */
int rejudge_check(struct watch *watch, struct watch_check *check,
    struct store_txn *txn, int64_t *budget, struct err *err);

/* Whether there is an hour that is due. */
bool rejudge_is_due(const struct watch_check *check, int64_t now_unix_ms);
/* When the next one is; INT64_MAX: none. */
int64_t rejudge_next(const struct watch_check *check);

/*
 * Completes the rows of hours whose slots are all over: those that nobody
 * voted in are UNKNOWN, and those that another configuration has cut off go.
 */
int rejudge_seal(struct watch *watch, struct watch_check *check,
    struct store_txn *txn, struct err *err);
/* When the next hour can be completed. */
int64_t rejudge_seal_next(const struct watch_check *check);

#endif
