/*
 * ladder.h - rolls results up: hours from raw results, days from hours.
 *
 * Whoever adds results marks what they touch; ladder_run() makes marked hours
 * and days anew once they are over, and seals the hour's raw chunks.  Late
 * results mark again.  A cell is a pure function of the results below it:
 * whatever the order, equal bytes.  Cells whose mark is still there are not to
 * be read.  An hour or day that cannot be made, because a row below it is
 * damaged, keeps its mark and keeps nothing else waiting.
 */
#ifndef COLLECTOR_LADDER_H
#define COLLECTOR_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell_row.h"
#include "conf_history.h"
#include "err.h"
#include "store.h"

/* Late answers of an hour's last slots may come this long after its end. */
enum { LADDER_GRACE_MS = 120000 };

struct ladder;

struct ladder *ladder_new(struct err *err);
void ladder_free(struct ladder *ladder);

/*
 * A new result of this check and slot was added in this transaction: its hour
 * and day are no longer what they were.  Cheap when said again.
 */
int ladder_mark(struct ladder *ladder, struct store_txn *txn, uint32_t check,
    int64_t slot_unix_ms, struct err *err);

/*
 * Hours are made once no result of them came for so long, so that a stream of
 * late results does not have its hours made again and again; hours for which
 * it never ends, after a hundred times as long.  0, as from the start: at once.
 */
void ladder_set_quiet(struct ladder *ladder, int64_t quiet_ms);

/* A transaction with marks in it was lost. */
void ladder_forget(struct ladder *ladder);

/*
 * Makes at most `budget` marked hours and days of one check each that are over
 * by now.  *again says that there are more.
 */
int ladder_run(struct ladder *ladder, struct store_txn *txn,
    const struct conf_history *history, int64_t now_unix_ms, size_t budget,
    bool *again, struct err *err);

/*
 * Makes an hour for the last time, before its raw results are deleted: without
 * the slots that are in maintenance by what is known now, where there are any.
 * Its day is marked then.  ERR_STATE where raw is damaged: the cells stay.
 */
int ladder_make_last(struct store_txn *txn, const struct conf_history *history,
    const struct cell_place *hour, struct err *err);

/*
 * Makes the cells of one place from what is below it as ladder_run() does, and
 * tells their rows instead of writing them.
 */
int ladder_compute(struct store_txn *txn, const struct conf_history *history,
    const struct cell_place *place, store_each_fn *fn, void *ctx,
    struct err *err);

/* ERR_STATE unless it is a mark that ladder_mark() could have written. */
int ladder_mark_check(struct bytes key, struct bytes value, struct err *err);

/* 1: there is a mark for any hour of this day, 0: not, -1: err. */
int ladder_day_waits(
    struct store_txn *txn, const struct cell_place *day, struct err *err);

/* 1: marked, the cells there say nothing; 0: not, -1: err. */
int ladder_is_marked(
    struct store_txn *txn, const struct cell_place *place, struct err *err);

#endif
