/*
 * retention.h - how long rows are kept, and their deletion, a slice at a time.
 *
 * Results older than RETENTION_RAW_MS are not taken any more.  Raw is kept two
 * days longer, so that whatever was still taken finds all of its hour there
 * when that is judged and rolled up again.  Hours that wait for that are never
 * deleted; what lies behind them is, all the same.  Raw goes an hour and check
 * at a time, and before it goes that hour's cell is made for the last time,
 * without what is in maintenance by what is known then.
 *
 * Before a day's first verdict row goes, what its verdicts were is kept in past
 * rows (past_row.h), for ever.
 *
 * A date that jumps ahead must not empty the store: retention's own date
 * follows the clock's by a day an hour at most.
 */
#ifndef COLLECTOR_RETENTION_H
#define COLLECTOR_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "store.h"

#define RETENTION_DAY_MS      INT64_C(86400000)
#define RETENTION_RAW_MS      (35 * RETENTION_DAY_MS)
#define RETENTION_RAW_KEPT_MS (37 * RETENTION_DAY_MS)
#define RETENTION_EVIDENCE_MS (90 * RETENTION_DAY_MS)
#define RETENTION_ROWS_MS     (400 * RETENTION_DAY_MS) /* verdicts and hours */

enum { RETENTION_SLICE_ROWS = 500, RETENTION_TABLES = 4 };

/* Where a table's next slice begins; before it stands what must stay. */
struct retention_place {
    uint8_t key[STORE_KEY_MAX_BYTES + 1];
    size_t len; /* 0: at its first row */
};

/* What is remembered from one slice to the next; all-zero at first. */
struct retention {
    int64_t advanced_mono_ns; /* when the date was moved by a day; 0: never */
    struct retention_place places[RETENTION_TABLES];
};

/* The two clocks of a turn. */
struct retention_now {
    int64_t unix_ms;
    int64_t mono_ns;
};

/* Whether a result of that moment and slot is still to be taken. */
bool retention_takes(
    int64_t ts_unix_ms, int64_t slot_unix_ms, int64_t now_unix_ms);

/* Verdict rows of slots from here on are there, if they ever were. */
int64_t retention_verdicts_from(int64_t now_unix_ms);

struct retention_room {
    struct store_txn *txn;
    const struct conf_history *conf;
    struct retention_now now;
};

/*
 * Deletes RETENTION_SLICE_ROWS rows whose time has come, or what is left of
 * them, and finishes the hour of raw that it has begun.  `deleted` gets how many; *again says that there may be more
 * now.
 */
int retention_run(struct retention *retention,
    const struct retention_room *room, size_t *deleted, bool *again,
    struct err *err);

#endif
