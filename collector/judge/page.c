#include "page.h"

#include <stdlib.h>
#include <string.h>

static int64_t
earlier_of(int64_t a_unix_ms, int64_t b_unix_ms)
{
    return a_unix_ms < b_unix_ms ? a_unix_ms : b_unix_ms;
}

size_t
page_slots_in(const struct timeline_segment *segment, int64_t hour_unix_ms,
    int64_t *first_unix_ms)
{
    int64_t interval_ms = segment->interval_ms;
    int64_t end =
        earlier_of(hour_unix_ms + TIMELINE_HOUR_MS, segment->to_unix_ms);
    int64_t first = segment->from_unix_ms;

    if (first < hour_unix_ms) {
        first = timeline_floor(hour_unix_ms, interval_ms);
        if (first < hour_unix_ms)
            first += interval_ms;
    }
    *first_unix_ms = first;
    if (first >= end)
        return 0;
    return (size_t)((end - 1 - timeline_floor(first, interval_ms)) /
                    interval_ms) +
           1;
}

static int
reserve(struct page *page, struct err *err)
{
    size_t cells = page->slots * page->scopes;

    if (page->slots > page->slot_capacity) {
        free(page->masks);
        free(page->expected);
        page->slot_capacity = 0;
        page->masks = calloc(page->slots, sizeof(page->masks[0]));
        page->expected = calloc(page->slots, 1);
        if (page->masks == NULL || page->expected == NULL)
            return err_set(err, ERR_NOMEM, "%zu slots", page->slots);
        page->slot_capacity = page->slots;
    }
    if (cells > page->capacity) {
        free(page->cells);
        free(page->marks);
        page->capacity = 0;
        page->cells = calloc(cells, 1);
        page->marks = calloc(cells, sizeof(page->marks[0]));
        if (page->cells == NULL || page->marks == NULL)
            return err_set(err, ERR_NOMEM, "%zu verdicts", cells);
        page->capacity = cells;
    }
    return 0;
}

int
page_turn(struct page *page, const struct timeline_segment *segment,
    int64_t hour_unix_ms, struct err *err)
{
    size_t cells;

    page->segment = segment;
    page->hour_unix_ms = hour_unix_ms;
    page->reshaped = false;
    page->scopes = segment->check->regions.count + 1;
    page->slots = page_slots_in(segment, hour_unix_ms, &page->first_unix_ms);
    page->base_unix_ms =
        timeline_floor(page->first_unix_ms, segment->interval_ms);
    if (page->slots == 0)
        return 0;
    if (reserve(page, err) != 0)
        return -1;
    cells = page->slots * page->scopes;
    memset(page->cells, 0, cells);
    memset(page->marks, 0, cells * sizeof(page->marks[0]));
    memset(page->masks, 0, page->slots * sizeof(page->masks[0]));
    memset(page->expected, 0, page->slots);
    return 0;
}

void
page_free(struct page *page)
{
    free(page->cells);
    free(page->masks);
    free(page->expected);
    free(page->marks);
    *page = (struct page){0};
}

int64_t
page_slot_start(const struct page *page, size_t slot)
{
    if (slot == 0)
        return page->first_unix_ms;
    return page->base_unix_ms + (int64_t)slot * page->segment->interval_ms;
}

int64_t
page_slot_end(const struct page *page, size_t slot)
{
    return page->base_unix_ms +
           ((int64_t)slot + 1) * page->segment->interval_ms;
}

size_t
page_slot_at(const struct page *page, int64_t start_unix_ms)
{
    size_t slot;

    if (start_unix_ms < page->first_unix_ms)
        return page->slots;
    slot = (size_t)((start_unix_ms - page->base_unix_ms) /
                    page->segment->interval_ms);
    if (slot >= page->slots || page_slot_start(page, slot) != start_unix_ms)
        return page->slots;
    return slot;
}

bool
page_slot_is_closed(const struct page *page, size_t slot, int64_t now_unix_ms)
{
    return timeline_deadline(page->segment, page_slot_end(page, slot)) <=
           now_unix_ms;
}

uint8_t *
page_cell(const struct page *page, size_t scope, size_t slot)
{
    return &page->cells[scope * page->slots + slot];
}

void
page_take_slot(struct page *page, size_t slot, const uint8_t *cells)
{
    for (size_t scope = 0; scope < page->scopes; scope++)
        *page_cell(page, scope, slot) = cells[scope];
}

void
page_take_row(struct page *page, const struct verdict_row *row)
{
    page->reshaped = true;
    if (row->interval_ms != page->segment->interval_ms ||
        row->scopes != page->scopes)
        return;
    if (row->first_unix_ms == page->first_unix_ms &&
        row->slots == page->slots) {
        memcpy(page->cells, row->cells, page->slots * page->scopes);
        page->reshaped = false;
        return;
    }
    for (size_t at = 0; at < row->slots; at++) {
        size_t slot = page_slot_at(page, verdict_row_slot(row, at));

        if (slot == page->slots)
            continue;
        for (size_t scope = 0; scope < page->scopes; scope++)
            *page_cell(page, scope, slot) = row->cells[scope * row->slots + at];
    }
}

bool
page_fill_silence(struct page *page, int64_t now_unix_ms)
{
    bool any = false;

    for (size_t slot = 0; slot < page->slots; slot++) {
        if (!page_slot_is_closed(page, slot, now_unix_ms))
            continue;
        for (size_t scope = 0; scope < page->scopes; scope++) {
            uint8_t *cell = page_cell(page, scope, slot);

            if ((*cell & CELL_JUDGED) != 0)
                continue;
            *cell = CELL_JUDGED | VERDICT_UNKNOWN;
            any = true;
        }
    }
    return any;
}

struct verdict_row
page_as_row(const struct page *page)
{
    return (struct verdict_row){
        .interval_ms = page->segment->interval_ms,
        .first_unix_ms = page->first_unix_ms,
        .slots = page->slots,
        .scopes = page->scopes,
        .cells = page->cells,
    };
}

static void
set_mark(struct page *page, size_t scope, size_t slot, struct page_mark mark)
{
    page->marks[scope * page->slots + slot] = mark;
}

/* Of a region: one in maintenance is MAINT as soon as anything is known. */
static struct page_mark
region_mark(uint8_t cell, bool masked, bool over)
{
    enum verdict verdict = cell_region_verdict(cell);

    if (masked && (over || verdict != VERDICT_PENDING))
        return (struct page_mark){.verdict = VERDICT_MAINT};
    if (masked)
        return (struct page_mark){.verdict = VERDICT_PENDING};
    return (struct page_mark){(uint8_t)verdict, cell_is_unconfirmed(cell)};
}

static void
mask_regions(struct page *page, size_t slot, bool over)
{
    for (size_t scope = 1; scope < page->scopes; scope++) {
        bool masked = (page->masks[slot] >> (scope - 1) & 1) != 0;

        set_mark(page, scope, slot,
            region_mark(*page_cell(page, scope, slot), masked, over));
    }
}

/* Whether any scope has a verdict. */
static bool
is_begun(const struct page *page, size_t slot)
{
    for (size_t scope = 0; scope < page->scopes; scope++) {
        if ((*page_cell(page, scope, slot) & CELL_JUDGED) != 0)
            return true;
    }
    return false;
}

static void
mask_whole(struct page *page, size_t slot, bool over)
{
    uint8_t cell = *page_cell(page, 0, slot);
    struct page_mark mark = {
        (uint8_t)cell_whole_verdict(cell), cell_is_unconfirmed(cell)};
    size_t regions = page->scopes - 1;

    page->expected[slot] = (uint8_t)regions;
    if (page->masks[slot] != 0) {
        uint8_t cells[VERDICT_REGIONS_MAX];
        struct masked_whole whole;

        for (size_t i = 0; i < regions; i++)
            cells[i] = *page_cell(page, i + 1, slot);
        whole = verdict_masked_whole(
            cells, regions, page->masks[slot], page->segment->quorum);
        if (whole.expected == 0 && !over && !is_begun(page, slot))
            whole.verdict = VERDICT_PENDING;
        mark = (struct page_mark){(uint8_t)whole.verdict, whole.unconfirmed};
        page->expected[slot] = (uint8_t)whole.expected;
    }
    set_mark(page, 0, slot, mark);
}

void
page_mask(struct page *page, int64_t now_unix_ms)
{
    for (size_t slot = 0; slot < page->slots; slot++) {
        bool over = page_slot_end(page, slot) <= now_unix_ms;

        mask_regions(page, slot, over);
        mask_whole(page, slot, over);
    }
}

const struct page_mark *
page_mark_of(const struct page *page, size_t scope, size_t slot)
{
    return &page->marks[scope * page->slots + slot];
}
