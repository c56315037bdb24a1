/*
 * cell_row.h - cells in the store: by hour or day, check and region.
 *
 * Key: 0..3 start in s | 4..7 check | 8..9 region | 10 part.  Part 0 is the
 * cell, or its head; part 1 + phase is a histogram that did not fit.
 */
#ifndef COLLECTOR_CELL_ROW_H
#define COLLECTOR_CELL_ROW_H

#include <stdint.h>

#include "cell.h"
#include "err.h"
#include "store.h"

enum { CELL_HOUR_MS = 3600000, CELL_DAY_MS = 86400000 };

enum cell_tier { CELL_HOUR, CELL_DAY };

/* How long one cell of a tier is. */
int64_t cell_tier_ms(enum cell_tier tier);

struct cell_place {
    enum cell_tier tier;
    int64_t start_unix_ms; /* a whole hour or day */
    uint32_t check;
};

/* `region` is the registry's number. */
int cell_put(struct store_txn *txn, const struct cell_place *place,
    uint16_t region, const struct cell *cell, struct err *err);

/* Tells the rows that cell_put() writes, without writing them. */
int cell_rows(const struct cell_place *place, uint16_t region,
    const struct cell *cell, store_each_fn *fn, void *ctx, struct err *err);

/* How many rows stand there, of all regions. */
int cell_count_rows(struct store_txn *txn, const struct cell_place *place,
    size_t *count, struct err *err);

/* Removes the cells of all regions. */
int cell_delete(
    struct store_txn *txn, const struct cell_place *place, struct err *err);

/* The cell is lent. */
typedef int cell_each_fn(
    void *ctx, uint16_t region, const struct cell *cell, struct err *err);
/* All regions that have a cell there, by number; `fn` as store_each_fn. */
int cell_each(struct store_txn *txn, const struct cell_place *place,
    cell_each_fn *fn, void *ctx, struct err *err);
/* The same, with histograms of only those phases (bits): much faster. */
int cell_each_some(struct store_txn *txn, const struct cell_place *place,
    uint16_t wanted, cell_each_fn *fn, void *ctx, struct err *err);

#endif
