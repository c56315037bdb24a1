/*
 * alert_flap.h - raises FLAPPING for what goes up and down all the time.
 *
 * Looked at are checks whose incidents open again soon after the last, and all
 * that flap already.  While the condition holds, incidents of that check and
 * scope are muted (inhibit.h), but not one of five bad slots in a row, which
 * its notice then says.
 */
#ifndef COLLECTOR_ALERT_FLAP_H
#define COLLECTOR_ALERT_FLAP_H

#include <stddef.h>
#include <stdint.h>

#include "condition.h"
#include "conf_history.h"
#include "err.h"
#include "incident_row.h"
#include "store.h"

enum { ALERT_FLAP_MAX = 256 };

/* What is to be looked at, in memory; all-zero is nothing. */
struct alert_flap {
    struct alert_flap_item {
        uint32_t check;
        char scope[INCIDENT_SCOPE_BYTES];
    } items[ALERT_FLAP_MAX];
    size_t count;
    int64_t looked_unix_ms; /* at those that flap */
};

/* An incident has opened.  Beyond ALERT_FLAP_MAX it is left out this time. */
int alert_flap_note(struct alert_flap *flap, struct store_txn *txn,
    const struct conf_history *conf, const struct incident_row *row,
    struct err *err);

struct alert_flap_now {
    struct store_txn *txn;
    const struct conf_history *conf;
    int64_t unix_ms;
};

/* Looks at some of it; `fn` and `ctx` as of condition_settle(). */
int alert_flap_run(struct alert_flap *flap, const struct alert_flap_now *now,
    condition_news_fn *fn, void *ctx, struct err *err);

#endif
