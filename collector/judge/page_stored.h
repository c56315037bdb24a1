/*
 * page_stored.h - a page's verdicts in the store: one row of table `verdicts`.
 */
#ifndef COLLECTOR_PAGE_STORED_H
#define COLLECTOR_PAGE_STORED_H

#include <stdint.h>

#include "err.h"
#include "page.h"
#include "store.h"
#include "verdict_row.h"

/* The row's bytes, lent as store_get() does; of the page, segment and hour are
 * looked at.  1: there is one, 0: not, -1: err. */
int page_find(const struct page *page, uint32_t check, struct store_txn *txn,
    struct bytes *value, struct err *err);

/*
 * Reads the row into the page.  1: there is one, 0: not, -1: err.  `row` may
 * be NULL; else it gets what was read, to be freed by the caller, where 1.
 */
int page_load(struct page *page, uint32_t check, struct store_txn *txn,
    struct verdict_row *row, struct err *err);

/* Writes it. */
int page_store(const struct page *page, uint32_t check, struct store_txn *txn,
    struct err *err);

#endif
