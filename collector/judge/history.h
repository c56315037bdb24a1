/*
 * history.h - a check's verdicts over any span, as queries want them.
 *
 * Reads verdict rows; what no row covers yet but time allows to judge is
 * judged from raw on the way, so that a store without its collector answers
 * the same.  Maintenance is masked here.
 */
#ifndef COLLECTOR_HISTORY_H
#define COLLECTOR_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "incident_row.h"
#include "store.h"
#include "verdict.h"

struct history_slot {
    int64_t start_unix_ms; /* cut at the front where a new grid begins */
    int64_t end_unix_ms;
    uint8_t verdict; /* enum verdict */
    bool unconfirmed;
};

struct history_scope {
    char name[INCIDENT_SCOPE_BYTES]; /* "global" or a region's */
    struct history_slot *slots;      /* owned; those that overlap the span */
    size_t count;
};

/* The whole first, then each region that was configured in the span, in the
 * order of the configuration. */
struct history {
    struct history_scope *scopes; /* owned */
    size_t count;
    int64_t
        judged_until_unix_ms; /* end of the last judged slot; from if none */
};

struct history_query {
    uint32_t check;
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    int64_t now_unix_ms; /* nothing later is judged */
};

int history_read(struct store_txn *txn, const struct conf_history *conf,
    const struct history_query *query, struct history *history,
    struct err *err);
void history_free(struct history *history);

/*
 * The incidents of one check that overlap [from, to) as of now, stored ones
 * with their ids, and what the machines say past the stored ones.  By scope
 * (the whole first), then start.
 */
int history_incidents(struct store_txn *txn, const struct conf_history *conf,
    const struct history_query *query, incident_each_fn *fn, void *ctx,
    struct err *err);

/*
 * The same by what verdict rows say as of `now`, and nothing from raw: what the
 * judge stored when it ran last, if all is well.
 */
int history_incidents_of_rows(struct store_txn *txn,
    const struct conf_history *conf, const struct history_query *query,
    incident_each_fn *fn, void *ctx, struct err *err);

#endif
