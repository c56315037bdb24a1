/*
 * trust.h - how far stored incidents are what the machines say of verdicts as
 * they stand: what the judge has noted on disk that it still has to do.
 */
#ifndef COLLECTOR_TRUST_H
#define COLLECTOR_TRUST_H

#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "store.h"
#include "timeline.h"

/*
 * From where on incidents have to be computed anew that were settled by that
 * version of the configuration: all of them where windows are others now, else
 * what is judged by versions since.  INT64_MAX: nothing, or nothing was ever
 * settled (version 0).
 */
int64_t trust_settled_until(
    const struct conf_history *history, uint64_t version);

/*
 * Slots before *until_unix_ms are judged for good, as of `now`, and stored
 * incidents know them.  INT64_MIN: there are none.
 */
int trust_until(struct store_txn *txn, const struct conf_history *history,
    const struct timeline *timeline, int64_t now_unix_ms,
    int64_t *until_unix_ms, struct err *err);

#endif
