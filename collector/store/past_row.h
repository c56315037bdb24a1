/*
 * past_row.h - what one scope's verdicts were in one day, for ever: what is
 * left of it when its verdict rows go.
 *
 * STORE_PAST: 0..3 day's start in s | 4..7 check | 8..9 region's number (0: the
 * whole).  Slots belong to the day that they begin in; neighbours of one
 * verdict are one run, so that a quiet day is a few bytes and a span may begin
 * and end anywhere.  Maintenance is masked as it was known when the row was
 * written.
 */
#ifndef COLLECTOR_PAST_ROW_H
#define COLLECTOR_PAST_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "store.h"

enum {
    PAST_DAY_MS = 86400000,
    PAST_RUNS_MAX = 20000, /* slots of 5 s, and some */
    PAST_VERDICTS = 5,     /* enum verdict without PENDING */
    PAST_ROW_MAX_BYTES = 128 * 1024
};

struct past_run {
    int64_t start_unix_ms; /* none begins before the one before has ended */
    int64_t length_ms;     /* the last may go on past the day */
    uint8_t verdict;       /* enum verdict */
};

struct past_day {
    struct past_run *runs; /* owned */
    size_t count;
    size_t capacity;
};

struct past_place {
    int64_t day_unix_ms; /* a whole day */
    uint32_t check;
};

void past_day_free(struct past_day *day);

/* Adds a slot behind those that are there; ERR_LIMIT: too many runs. */
int past_day_add(
    struct past_day *day, const struct past_run *slot, struct err *err);

int past_encode(const struct past_day *day, int64_t day_unix_ms,
    struct buf *out, struct err *err);
/* ERR_STATE for anything else; `day` must be empty, and needs no free then. */
int past_decode(struct bytes row, int64_t day_unix_ms, struct past_day *day,
    struct err *err);

int past_put(struct store_txn *txn, const struct past_place *place,
    uint16_t region, const struct past_day *day, struct err *err);

/* 1: there is a row of the whole; 0: not; -1: err. */
int past_is_kept(
    struct store_txn *txn, const struct past_place *place, struct err *err);

/* 1: `day`, which the caller frees, is what that scope's row says; 0: there is
 * none; -1: err. */
int past_get(struct store_txn *txn, const struct past_place *place,
    uint16_t region, struct past_day *day, struct err *err);

/* Every scope of the day, the whole first; `day` is lent. */
typedef int past_each_fn(
    void *ctx, uint16_t region, const struct past_day *day, struct err *err);
int past_each(struct store_txn *txn, const struct past_place *place,
    past_each_fn *fn, void *ctx, struct err *err);

/* ERR_STATE unless it is a row that past_put() could have written. */
int past_row_check(struct bytes key, struct bytes value, struct err *err);

#endif
