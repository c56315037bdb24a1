/*
 * settle_rows.h - makes stored incidents what was just computed, and tells
 * what is different.
 */
#ifndef COLLECTOR_SETTLE_ROWS_H
#define COLLECTOR_SETTLE_ROWS_H

#include "match.h"
#include "watch_parts.h"

struct settle_rows {
    const struct watch *watch;
    struct watch_check *check;
    struct store_txn *txn;
    const struct run *run; /* as it stands after the last slot */
    const struct found_list *found;
    const struct watch_sink *sink;
    struct match_row *rows; /* private, as the next one */
    size_t row_count;
};

int settle_rows_store(struct settle_rows *settle, struct err *err);

#endif
