/*
 * recount.h - a page's verdicts from raw results, as often as one likes.
 */
#ifndef COLLECTOR_RECOUNT_H
#define COLLECTOR_RECOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "box.h"
#include "err.h"
#include "measure.h"
#include "page.h"
#include "raw.h"
#include "store.h"
#include "timeline.h"

/* A result more than this ahead of now does not vote before its time. */
enum { RECOUNT_AHEAD_MS = 5000 };

/* Registry numbers of a segment's regions, in its order; 0: never heard of. */
struct region_map {
    uint32_t numbers[CONF_REGIONS_MAX];
    size_t count;
};

int region_map_load(struct store_txn *txn, const struct conf_check *check,
    struct region_map *map, struct err *err);
/* The region's place, or map->count. */
size_t region_map_place(const struct region_map *map, uint32_t number);

/* Told each result of the page that may vote by now. */
typedef int recount_note_fn(void *ctx, const struct raw_result *result,
    const struct box_agent *who, size_t slot, struct err *err);

struct recount {
    struct store_txn *txn;
    const struct timeline *timeline;
    const struct region_map *regions;
    int64_t now_unix_ms;
    recount_note_fn *note;
    void *ctx;
    /* out: */
    size_t results;           /* read, of the page */
    int64_t due_next_unix_ms; /* when the first of those ahead may vote */
};

/* Reads raw and hands on what belongs to the page's slots. */
int recount_read(
    struct recount *recount, const struct page *page, struct err *err);

/* Judges one slot of a box: a cell for the whole and each region. */
void recount_judge(const struct box *box, size_t slot,
    const struct box_count *count, const struct timeline_segment *segment,
    uint8_t *cells);

#endif
