#include "pages.h"

#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "mask.h"
#include "page_stored.h"
#include "recount.h"
#include "registry.h"
#include "stale.h"

enum { SILENT_MS = 90000, DAY_MS = 86400000 };

struct hours {
    int64_t *items; /* owned */
    size_t count;
};

struct walk {
    const struct pages_query *query;
    struct page page;
    struct hours stale;
    struct region_map regions;
    const struct timeline_segment *mapped; /* what regions is of */
    struct box_agent *agents;              /* owned; expected now */
    size_t agent_count;
    const struct timeline_segment *counted; /* what agents is of */
    struct box box;
    struct page_sums sums;
    /* A day that no maintenance touches, of that segment's check. */
    const struct timeline_segment *calm;
    int64_t calm_day_unix_ms;
};

static int
add_stale(void *ctx, const struct stale_hour *hour, struct err *err)
{
    struct hours *hours = ctx;

    if ((hours->count & (hours->count - 1)) == 0) {
        size_t capacity = hours->count == 0 ? 1 : hours->count * 2;
        int64_t *items =
            realloc(hours->items, capacity * sizeof(hours->items[0]));

        if (items == NULL)
            return err_set(err, ERR_NOMEM, "%zu stale hours", capacity);
        hours->items = items;
    }
    hours->items[hours->count++] = hour->hour_unix_ms;
    return 0;
}

static bool
is_stale(const struct hours *hours, int64_t hour_unix_ms)
{
    size_t low = 0;
    size_t high = hours->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (hours->items[middle] < hour_unix_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low < hours->count && hours->items[low] == hour_unix_ms;
}

static bool
slot_is_judged(const struct page *page, size_t slot)
{
    for (size_t scope = 0; scope < page->scopes; scope++) {
        if ((*page_cell(page, scope, slot) & CELL_JUDGED) == 0)
            return false;
    }
    return true;
}

struct agents {
    struct walk *walk;
    size_t capacity;
};

static int
add_agent(void *ctx, const struct agent_row *row, struct err *err)
{
    struct agents *agents = ctx;
    struct walk *walk = agents->walk;
    int64_t silent_ms = walk->query->now_unix_ms - row->last_seen_unix_ms;
    size_t place = region_map_place(&walk->regions, row->region_number);

    /* Heard from later than `now`: what was then is not known. */
    if (row->suspended || row->revoked || row->last_seen_unix_ms == 0 ||
        silent_ms > SILENT_MS || silent_ms < -RECOUNT_AHEAD_MS ||
        row->region_number == 0 || place == walk->regions.count)
        return 0;
    if (walk->agent_count == agents->capacity) {
        size_t capacity = agents->capacity * 2 + 16;
        struct box_agent *list =
            realloc(walk->agents, capacity * sizeof(list[0]));

        if (list == NULL)
            return err_set(err, ERR_NOMEM, "%zu agents", capacity);
        walk->agents = list;
        agents->capacity = capacity;
    }
    walk->agents[walk->agent_count++] =
        (struct box_agent){row->number, (uint8_t)place};
    return 0;
}

/* Who is expected now, of the segment's regions. */
static int
load_agents(struct walk *walk, struct err *err)
{
    struct agents agents = {.walk = walk};

    if (walk->counted == walk->page.segment)
        return 0;
    free(walk->agents);
    walk->agents = NULL;
    walk->agent_count = 0;
    walk->counted = walk->page.segment;
    return agent_each(walk->query->txn, add_agent, &agents, err);
}

static int
load_regions(struct walk *walk, struct err *err)
{
    if (walk->mapped == walk->page.segment)
        return 0;
    walk->mapped = walk->page.segment;
    return region_map_load(
        walk->query->txn, walk->page.segment->check, &walk->regions, err);
}

static int
note(void *ctx, const struct raw_result *result, const struct box_agent *who,
    size_t slot, struct err *err)
{
    struct walk *walk = ctx;

    return box_note(&walk->box, who, slot, &result->measure, err);
}

/* Judges from raw the slots that need it. */
static int
judge_slots(struct walk *walk, bool stale, struct err *err)
{
    struct page *page = &walk->page;
    int64_t now_unix_ms = walk->query->now_unix_ms;

    for (size_t slot = 0; slot < page->slots; slot++) {
        uint8_t cells[VERDICT_ROW_SCOPES_MAX];
        struct box_count count = {
            .closed = page_slot_is_closed(page, slot, now_unix_ms)};

        if (count.closed && !stale && slot_is_judged(page, slot))
            continue;
        if (!count.closed && load_agents(walk, err) != 0)
            return -1;
        count.agents = walk->agents;
        count.agent_count = walk->agent_count;
        recount_judge(&walk->box, slot, &count, page->segment, cells);
        page_take_slot(page, slot, cells);
    }
    return 0;
}

static int
recount_page(struct walk *walk, bool stale, struct err *err)
{
    struct recount recount = {
        .txn = walk->query->txn,
        .timeline = walk->query->timeline,
        .regions = &walk->regions,
        .now_unix_ms = walk->query->now_unix_ms,
        .note = note,
        .ctx = walk,
    };
    int rc = -1;

    if (load_regions(walk, err) != 0)
        return -1;
    box_init(&walk->box, walk->page.slots,
        slot_rule_of(&walk->page.segment->check->check));
    if (recount_read(&recount, &walk->page, err) == 0)
        rc = judge_slots(walk, stale, err);
    box_free(&walk->box);
    return rc;
}

/* Nothing later than now is judged, so raw cannot say more than the row. */
static bool
is_complete(const struct page *page, int64_t now_unix_ms)
{
    for (size_t slot = 0; slot < page->slots; slot++) {
        if (page_slot_start(page, slot) > now_unix_ms + RECOUNT_AHEAD_MS)
            continue;
        if (!page_slot_is_closed(page, slot, now_unix_ms) ||
            !slot_is_judged(page, slot))
            return false;
    }
    return true;
}

/* What a row says of slots that are judged only later than now. */
static void
forget_future(struct page *page, int64_t now_unix_ms)
{
    static const uint8_t none[VERDICT_ROW_SCOPES_MAX];

    for (size_t slot = 0; slot < page->slots; slot++) {
        if (page_slot_start(page, slot) > now_unix_ms + RECOUNT_AHEAD_MS)
            page_take_slot(page, slot, none);
    }
}

static int
fill_page(struct walk *walk, struct err *err)
{
    const struct pages_query *query = walk->query;
    struct page *page = &walk->page;
    bool stale = is_stale(&walk->stale, page->hour_unix_ms);

    if (page_load(&walk->page, walk->query->timeline->check, walk->query->txn,
            NULL, err) < 0)
        return -1;
    if (query->rows_only) {
        (void)page_fill_silence(page, query->now_unix_ms);
    } else {
        forget_future(page, query->now_unix_ms);
        if ((stale || !is_complete(page, query->now_unix_ms)) &&
            recount_page(walk, stale, err) != 0)
            return -1;
    }
    mask_page(page, query->newest);
    page_mask(page, query->now_unix_ms);
    return 0;
}

/* Windows are asked for a day at once: zones are slow to look at. */
static bool
is_calm(
    struct walk *walk, const struct timeline_segment *segment, int64_t unix_ms)
{
    int64_t day = timeline_floor(unix_ms, DAY_MS);

    if (walk->calm == segment && walk->calm_day_unix_ms == day)
        return true;
    if (mask_may_touch(walk->query->newest, segment->check, day,
            day + DAY_MS + segment->interval_ms))
        return false;
    walk->calm = segment;
    walk->calm_day_unix_ms = day;
    return true;
}

/* Whether sums may speak for the hour; fills in all but the counts. */
static bool
begin_sums(struct walk *walk, const struct timeline_segment *segment,
    int64_t hour_unix_ms)
{
    const struct pages_query *query = walk->query;
    struct page_sums *sums = &walk->sums;
    int64_t end_unix_ms;

    sums->segment = segment;
    sums->slots = page_slots_in(segment, hour_unix_ms, &sums->first_unix_ms);
    sums->scopes = segment->check->regions.count + 1;
    end_unix_ms =
        sums->first_unix_ms + (int64_t)sums->slots * segment->interval_ms;
    return sums->slots > 0 && sums->first_unix_ms % segment->interval_ms == 0 &&
           sums->first_unix_ms >= query->from_unix_ms &&
           end_unix_ms <= query->to_unix_ms &&
           timeline_deadline(segment, end_unix_ms) <= query->now_unix_ms &&
           !is_stale(&walk->stale, hour_unix_ms) &&
           is_calm(walk, segment, hour_unix_ms);
}

/* 1: the hour's row was counted, 0: it needs a page, -1: err. */
static int
count_hour(struct walk *walk, const struct timeline_segment *segment,
    int64_t hour_unix_ms, struct err *err)
{
    const struct page place = {
        .segment = segment, .hour_unix_ms = hour_unix_ms};
    struct page_sums *sums = &walk->sums;
    struct verdict_row row;
    struct bytes value;
    int rc;

    if (!begin_sums(walk, segment, hour_unix_ms))
        return 0;
    rc = page_find(
        &place, walk->query->timeline->check, walk->query->txn, &value, err);
    if (rc == 1)
        rc = verdict_row_count(value, &row, sums->counts, err);
    if (rc == 1 && (row.interval_ms != segment->interval_ms ||
                       row.first_unix_ms != sums->first_unix_ms ||
                       row.slots != sums->slots || row.scopes != sums->scopes))
        rc = 0;
    return rc;
}

static int
tell_page(struct walk *walk, const struct timeline_segment *segment,
    int64_t hour_unix_ms, page_fn *fn, void *ctx, struct err *err)
{
    if (page_turn(&walk->page, segment, hour_unix_ms, err) != 0)
        return -1;
    if (walk->page.slots == 0)
        return 0;
    if (fill_page(walk, err) != 0)
        return -1;
    return fn(ctx, &walk->page, err);
}

static int
walk_segment(struct walk *walk, const struct timeline_segment *segment,
    page_fn *fn, void *ctx, struct err *err)
{
    const struct pages_query *query = walk->query;
    int64_t from = query->from_unix_ms > segment->from_unix_ms
                       ? query->from_unix_ms
                       : segment->from_unix_ms;
    int64_t to = query->to_unix_ms < segment->to_unix_ms ? query->to_unix_ms
                                                         : segment->to_unix_ms;
    int64_t hour =
        timeline_floor(timeline_slot_start(segment, from), TIMELINE_HOUR_MS);
    int rc;

    for (; hour < to; hour += TIMELINE_HOUR_MS) {
        rc = query->sums != NULL ? count_hour(walk, segment, hour, err) : 0;
        if (rc == 1)
            rc = query->sums(ctx, &walk->sums, err);
        else if (rc == 0)
            rc = tell_page(walk, segment, hour, fn, ctx, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int
pages_each(
    const struct pages_query *query, page_fn *fn, void *ctx, struct err *err)
{
    const struct timeline *timeline = query->timeline;
    struct walk walk = {.query = query};
    int rc;

    rc = stale_each(query->txn, timeline->check, add_stale, &walk.stale, err);
    for (size_t i = 0; rc == 0 && i < timeline->count; i++) {
        const struct timeline_segment *segment = &timeline->segments[i];

        if (segment->to_unix_ms > query->from_unix_ms &&
            segment->from_unix_ms < query->to_unix_ms)
            rc = walk_segment(&walk, segment, fn, ctx, err);
    }
    page_free(&walk.page);
    free(walk.stale.items);
    free(walk.agents);
    return rc < 0 ? -1 : 0;
}

int
pages_timeline(struct store_txn *txn, const struct conf_history *conf,
    uint32_t check, struct timeline *timeline, struct err *err)
{
    struct check_row row;
    int rc = check_row_get(txn, check, &row, err);

    if (rc < 0)
        return -1;
    return timeline_make(conf, check,
        rc == 1 ? row.first_slot_unix_ms : INT64_MAX, timeline, err);
}
