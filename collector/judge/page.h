/*
 * page.h - the slots of one check that begin in one hour under one version of
 * the configuration: their verdicts as stored, and as maintenance masks them.
 */
#ifndef COLLECTOR_PAGE_H
#define COLLECTOR_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "timeline.h"
#include "verdict.h"
#include "verdict_row.h"

struct page_mark {
    uint8_t verdict; /* enum verdict */
    bool unconfirmed;
};

/* Reused from one hour to the next; all-zero is empty. */
struct page {
    const struct timeline_segment *segment; /* borrowed */
    int64_t hour_unix_ms;
    int64_t first_unix_ms; /* begin of the first slot */
    int64_t base_unix_ms;  /* where that would begin uncut: a multiple of T */
    size_t slots;
    size_t scopes;   /* the whole, then the regions of the segment */
    size_t capacity; /* cells and marks */
    size_t slot_capacity;
    uint8_t *cells;          /* owned; enum verdict_cell; scope by scope */
    uint64_t *masks;         /* owned; by slot: regions in maintenance */
    uint8_t *expected;       /* owned; by slot: regions that are not */
    struct page_mark *marks; /* owned; as cells, masked */
    bool reshaped; /* the row that was read has other slots than these */
};

/* How many slots begin in the hour, and where the first does. */
size_t page_slots_in(const struct timeline_segment *segment,
    int64_t hour_unix_ms, int64_t *first_unix_ms);

/* Turns to another hour; cells, masks and marks are then all 0. */
int page_turn(struct page *page, const struct timeline_segment *segment,
    int64_t hour_unix_ms, struct err *err);
void page_free(struct page *page);

int64_t page_slot_start(const struct page *page, size_t slot);
int64_t page_slot_end(const struct page *page, size_t slot);
/* The slot that starts then, or page->slots. */
size_t page_slot_at(const struct page *page, int64_t start_unix_ms);
bool page_slot_is_closed(
    const struct page *page, size_t slot, int64_t now_unix_ms);

uint8_t *page_cell(const struct page *page, size_t scope, size_t slot);

/* Sets each scope's cell of a slot, as one row of cells. */
void page_take_slot(struct page *page, size_t slot, const uint8_t *cells);

/* Copies what a stored row says of slots that are in the page. */
void page_take_row(struct page *page, const struct verdict_row *row);

/*
 * Slots that nobody voted in and whose deadline has passed become UNKNOWN.
 * Gives whether there was one.
 */
bool page_fill_silence(struct page *page, int64_t now_unix_ms);

/* As a row to store; shares the page's cells: not to be freed. */
struct verdict_row page_as_row(const struct page *page);

/*
 * Fills marks and expected from cells and masks.  A slot in maintenance is
 * MAINT once it is over, or anything of it is judged.
 */
void page_mask(struct page *page, int64_t now_unix_ms);

const struct page_mark *page_mark_of(
    const struct page *page, size_t scope, size_t slot);

#endif
