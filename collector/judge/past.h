/*
 * past.h - keeps what a day's verdicts were before its verdict rows are
 * deleted.
 */
#ifndef COLLECTOR_PAST_H
#define COLLECTOR_PAST_H

#include "conf_history.h"
#include "err.h"
#include "past_row.h"
#include "store.h"

/*
 * Writes the past rows of one check and day: of the whole and of each region,
 * maintenance masked as it is known now.  The day must be over, and all of its
 * verdict rows there.
 */
int past_keep(struct store_txn *txn, const struct conf_history *conf,
    const struct past_place *place, int64_t now_unix_ms, struct err *err);

/* What verdict rows say of a day. */
struct past_query {
    struct past_place place;
    int64_t from_unix_ms; /* slots that begin before are left out */
    int64_t now_unix_ms;
};

/* `region` is NULL for the whole; `day` is lent. */
typedef int past_made_fn(
    void *ctx, const char *region, const struct past_day *day, struct err *err);

/* What past_keep() would write: the whole first, then each region. */
int past_make(struct store_txn *txn, const struct conf_history *conf,
    const struct past_query *query, past_made_fn *fn, void *ctx,
    struct err *err);

#endif
