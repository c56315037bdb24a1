/*
 * pages.h - walks a check's slots hour by hour, judged as of now and masked.
 *
 * A slot whose deadline has passed is what its row says; where no row says
 * anything, or the hour is stale, raw is read.  Younger slots are judged from
 * raw by who is expected now.
 */
#ifndef COLLECTOR_PAGES_H
#define COLLECTOR_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "page.h"
#include "store.h"
#include "timeline.h"

/*
 * An hour's slots where it is enough to know how many there are of each
 * verdict: all are of one length, over, judged and in no maintenance.
 */
struct page_sums {
    const struct timeline_segment *segment; /* borrowed */
    int64_t first_unix_ms;                  /* begin of the first slot */
    size_t slots;
    size_t scopes; /* as of a page */
    struct verdict_counts counts[VERDICT_ROW_SCOPES_MAX];
};

/* As page_fn. */
typedef int page_sums_fn(
    void *ctx, const struct page_sums *sums, struct err *err);

struct pages_query {
    struct store_txn *txn;
    const struct timeline *timeline;
    const struct config *newest; /* whose windows mask */
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    int64_t now_unix_ms;
    /*
     * Believe the rows, those of young slots too, and read no raw: for the
     * judge that has just written them.
     */
    bool rows_only;
    /*
     * Where not NULL it is told hours that lie within [from, to) whole, where
     * they are plain enough, instead of pages: much faster.
     */
    page_sums_fn *sums;
};

/* `page` is good only during the call.  1 ends the walk well. */
typedef int page_fn(void *ctx, const struct page *page, struct err *err);

/* Every page with slots that overlap [from, to); whole pages. */
int pages_each(
    const struct pages_query *query, page_fn *fn, void *ctx, struct err *err);

/* The check's timeline by its row in the store. */
int pages_timeline(struct store_txn *txn, const struct conf_history *conf,
    uint32_t check, struct timeline *timeline, struct err *err);

#endif
