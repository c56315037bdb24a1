#include "rejudge.h"

#include <string.h>

#include "live.h"
#include "stale.h"

enum {
    HOUR_COST = 20,     /* of an hour without results, in results */
    RESULTS_PER_MS = 30 /* read again for late ones, of one check */
};

struct rejudging {
    struct watch *watch;
    struct watch_check *check;
    struct store_txn *txn;
    const struct stale_item *item;
    struct box box;
};

/* Votes of open slots go where live ones go. */
static int
note(void *ctx, const struct raw_result *result, const struct box_agent *who,
    size_t slot, struct err *err)
{
    struct rejudging *rejudging = ctx;
    const struct page *page = &rejudging->watch->page;

    if (page_slot_is_closed(page, slot, rejudging->watch->now_unix_ms))
        return box_note(&rejudging->box, who, slot, &result->measure, err);
    if (live_note(rejudging->check, rejudging->txn, result,
            page_slot_start(page, slot), !rejudging->item->live, err) < 0)
        return -1;
    return 0;
}

/* Whether any cell of the slot became another one. */
static bool
take_cells(struct page *page, size_t slot, const uint8_t *cells)
{
    bool changed = false;

    for (size_t scope = 0; scope < page->scopes; scope++)
        changed = changed || *page_cell(page, scope, slot) != cells[scope];
    if (changed)
        page_take_slot(page, slot, cells);
    return changed;
}

static bool
judge_closed(struct rejudging *rejudging)
{
    static const struct box_count closed = {.closed = true};
    struct page *page = &rejudging->watch->page;
    bool any = false;

    for (size_t slot = 0; slot < page->slots; slot++) {
        uint8_t cells[VERDICT_ROW_SCOPES_MAX];
        bool live;

        if (!page_slot_is_closed(page, slot, rejudging->watch->now_unix_ms))
            continue;
        live = live_drop(rejudging->check, page->segment,
                   page_slot_start(page, slot)) ||
               rejudging->item->live;
        recount_judge(&rejudging->box, slot, &closed, page->segment, cells);
        if (!take_cells(page, slot, cells))
            continue;
        any = true;
        watch_changed(
            rejudging->check, page_slot_start(page, slot), live, !live);
    }
    return any;
}

/* A stream of late results must not keep the judge reading big hours. */
static void
set_pace(struct watch_check *check, size_t results)
{
    int64_t late_ms = (int64_t)results / RESULTS_PER_MS;

    if (late_ms < WATCH_LATE_MS)
        late_ms = WATCH_LATE_MS;
    check->late_ms = late_ms < WATCH_LATE_MAX_MS ? late_ms : WATCH_LATE_MAX_MS;
}

/* The hour's slots of one segment.  Gives when those ahead may vote. */
static int
judge_page(struct rejudging *rejudging, const struct timeline_segment *segment,
    int64_t *budget, int64_t *due_unix_ms, struct err *err)
{
    struct watch *watch = rejudging->watch;
    struct watch_check *check = rejudging->check;
    struct region_map regions;
    struct recount recount = {
        .txn = rejudging->txn,
        .timeline = &check->timeline,
        .regions = &regions,
        .now_unix_ms = watch->now_unix_ms,
        .note = note,
        .ctx = rejudging,
    };
    int found = watch_get_page(watch, check, rejudging->txn, segment,
        rejudging->item->hour_unix_ms, err);
    bool changed;
    int rc = -1;

    if (found < 0 || watch->page.slots == 0)
        return found < 0 ? -1 : 0;
    if (region_map_load(rejudging->txn, segment->check, &regions, err) != 0)
        return -1;
    box_init(&rejudging->box, watch->page.slots,
        slot_rule_of(&segment->check->check));
    if (recount_read(&recount, &watch->page, err) != 0)
        goto out;
    *budget -= (int64_t)recount.results + HOUR_COST;
    set_pace(check, recount.results);
    if (recount.due_next_unix_ms < *due_unix_ms)
        *due_unix_ms = recount.due_next_unix_ms;
    rc = 0;
    changed = judge_closed(rejudging);
    if ((changed || watch->page.reshaped) &&
        (recount.results > 0 || found == 1))
        rc = watch_put_page(watch, check, rejudging->txn, err);

out:
    box_free(&rejudging->box);
    return rc;
}

static void
drop_item(struct watch_check *check, size_t at)
{
    if (check->stale[at].rebuild)
        check->rebuild_count--;
    check->stale_count--;
    memmove(&check->stale[at], &check->stale[at + 1],
        (check->stale_count - at) * sizeof(check->stale[0]));
}

static int
judge_hour(struct watch *watch, struct watch_check *check, size_t at,
    struct store_txn *txn, int64_t *budget, struct err *err)
{
    struct stale_item item = check->stale[at];
    struct rejudging rejudging = {
        .watch = watch, .check = check, .txn = txn, .item = &item};
    const struct stale_hour hour = {
        .check = check->check, .hour_unix_ms = item.hour_unix_ms};
    int64_t due_unix_ms = INT64_MAX;

    for (size_t i = 0; i < check->timeline.count; i++) {
        const struct timeline_segment *segment = &check->timeline.segments[i];

        if (segment->from_unix_ms < item.hour_unix_ms + TIMELINE_HOUR_MS &&
            segment->to_unix_ms > item.hour_unix_ms &&
            judge_page(&rejudging, segment, budget, &due_unix_ms, err) != 0)
            return -1;
    }
    drop_item(check, at);
    if (due_unix_ms != INT64_MAX) {
        item.due_unix_ms = due_unix_ms;
        item.rebuild = false;
        return watch_mark_stale(check, txn, &item, err);
    }
    return item.stored ? stale_delete(txn, &hour, err) : 0;
}

/* The place of the hour to take next, or stale_count. */
static size_t
choose(const struct watch_check *check, int64_t now_unix_ms)
{
    size_t due = check->stale_count;

    for (size_t i = 0; i < check->stale_count; i++) {
        if (check->stale[i].due_unix_ms > now_unix_ms)
            continue;
        if (check->stale[i].rebuild || check->rebuild_count == 0)
            return i;
        if (due == check->stale_count)
            due = i;
    }
    return due;
}

int
rejudge_check(struct watch *watch, struct watch_check *check,
    struct store_txn *txn, int64_t *budget, struct err *err)
{
    while (*budget > 0) {
        size_t at = choose(check, watch->now_unix_ms);

        if (at == check->stale_count)
            return 0;
        if (judge_hour(watch, check, at, txn, budget, err) != 0)
            return -1;
    }
    return 0;
}

bool
rejudge_is_due(const struct watch_check *check, int64_t now_unix_ms)
{
    return choose(check, now_unix_ms) < check->stale_count;
}

int64_t
rejudge_next(const struct watch_check *check)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < check->stale_count; i++) {
        if (check->stale[i].due_unix_ms < next)
            next = check->stale[i].due_unix_ms;
    }
    return next;
}

int64_t
rejudge_seal_next(const struct watch_check *check)
{
    int64_t end = check->seal_unix_ms + TIMELINE_HOUR_MS;
    const struct timeline_segment *segment =
        timeline_from(&check->timeline, end);

    if (segment == NULL && check->timeline.count > 0)
        segment = &check->timeline.segments[check->timeline.count - 1];
    if (segment == NULL)
        return INT64_MAX;
    return end + check->timeline.longest_ms +
           (timeline_deadline(segment, end) - end);
}

static int
seal_hour(struct watch *watch, struct watch_check *check, struct store_txn *txn,
    struct err *err)
{
    for (size_t i = 0; i < check->timeline.count; i++) {
        const struct timeline_segment *segment = &check->timeline.segments[i];
        bool filled;
        int found;

        if (segment->from_unix_ms >= check->seal_unix_ms + TIMELINE_HOUR_MS ||
            segment->to_unix_ms <= check->seal_unix_ms)
            continue;
        found = watch_get_page(
            watch, check, txn, segment, check->seal_unix_ms, err);
        if (found < 0)
            return -1;
        filled = page_fill_silence(&watch->page, watch->now_unix_ms);
        if (found == 1 && (filled || watch->page.reshaped) &&
            watch_put_page(watch, check, txn, err) != 0)
            return -1;
    }
    return 0;
}

int
rejudge_seal(struct watch *watch, struct watch_check *check,
    struct store_txn *txn, struct err *err)
{
    while (rejudge_seal_next(check) <= watch->now_unix_ms) {
        if (seal_hour(watch, check, txn, err) != 0)
            return -1;
        check->seal_unix_ms += TIMELINE_HOUR_MS;
    }
    return 0;
}
