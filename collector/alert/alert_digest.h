/*
 * alert_digest.h - queues the daily digest at its time, for each mail address
 * that may be told anything.
 *
 * STORE_META "digest.last": when the last one was due.  Whoever starts has none
 * due for the time before.
 */
#ifndef COLLECTOR_ALERT_DIGEST_H
#define COLLECTOR_ALERT_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "store.h"

/*
 * *queued is set if any was; *next_unix_ms gets the moment of the next.  Cheap
 * while none is due.
 */
int alert_digest_run(struct store_txn *txn, const struct conf_history *conf,
    int64_t now_unix_ms, bool *queued, int64_t *next_unix_ms, struct err *err);

#endif
