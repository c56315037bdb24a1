/*
 * stale.h - which hours have results that their verdicts do not know yet, and
 * from where on a check's incidents have to be computed anew.  On disk, in the
 * same transaction as what made it so, so that a crash forgets nothing.
 *
 * STORE_META: "judge.stale" check u32 hour u32 (seconds) -> due u64 (ms);
 * "judge.unsettled" check u32 -> from u64 (ms); "judge.run" -> u64 (ms);
 * "judge.version" -> u64.
 */
#ifndef COLLECTOR_STALE_H
#define COLLECTOR_STALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "store.h"

struct stale_hour {
    uint32_t check;
    int64_t hour_unix_ms;
    int64_t due_unix_ms; /* judged anew no earlier */
};

int stale_put(
    struct store_txn *txn, const struct stale_hour *hour, struct err *err);
int stale_delete(
    struct store_txn *txn, const struct stale_hour *hour, struct err *err);
/* 1: marked, 0: not, -1: err. */
int stale_is_marked(
    struct store_txn *txn, const struct stale_hour *hour, struct err *err);
typedef int stale_each_fn(
    void *ctx, const struct stale_hour *hour, struct err *err);
/* By check and hour; check 0: of all. */
int stale_each(struct store_txn *txn, uint32_t check, stale_each_fn *fn,
    void *ctx, struct err *err);

/* INT64_MAX: nothing to settle. */
int unsettled_put(struct store_txn *txn, uint32_t check, int64_t from_unix_ms,
    struct err *err);
int unsettled_get(struct store_txn *txn, uint32_t check, int64_t *from_unix_ms,
    struct err *err);

/* What a running judge leaves for the next one: 0 if there was none. */
enum stale_note {
    STALE_LAST_RUN,       /* when it last ran */
    STALE_SETTLED_VERSION /* by which windows incidents were computed */
};
int stale_note_put(struct store_txn *txn, enum stale_note note, uint64_t value,
    struct err *err);
int stale_note_get(struct store_txn *txn, enum stale_note note, uint64_t *value,
    struct err *err);

#endif
