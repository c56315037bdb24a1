#include "recount.h"

#include "registry.h"

int
region_map_load(struct store_txn *txn, const struct conf_check *check,
    struct region_map *map, struct err *err)
{
    map->count = check->regions.count;
    for (size_t i = 0; i < map->count; i++) {
        map->numbers[i] = 0;
        if (registry_find(txn, REGISTRY_REGION, check->regions.names[i],
                &map->numbers[i], err) < 0)
            return -1;
    }
    return 0;
}

size_t
region_map_place(const struct region_map *map, uint32_t number)
{
    size_t at = 0;

    while (at < map->count && map->numbers[at] != number)
        at++;
    return at;
}

struct reading {
    struct recount *recount;
    const struct page *page;
};

static int
take_result(void *ctx, const struct raw_result *result, struct err *err)
{
    const struct reading *reading = ctx;
    struct recount *recount = reading->recount;
    const struct measure *measure = &result->measure;
    int64_t votes_unix_ms = measure->ts_unix_ms - RECOUNT_AHEAD_MS;
    size_t region = region_map_place(recount->regions, result->region);
    struct box_agent who = {result->agent, (uint8_t)region};
    size_t slot;

    if (result->region == 0 || region == recount->regions->count)
        return 0;
    slot =
        page_slot_at(reading->page, timeline_place(recount->timeline, measure));
    if (slot == reading->page->slots)
        return 0;
    if (votes_unix_ms > recount->now_unix_ms) {
        if (votes_unix_ms < recount->due_next_unix_ms)
            recount->due_next_unix_ms = votes_unix_ms;
        return 0;
    }
    recount->results++;
    return recount->note(recount->ctx, result, &who, slot, err);
}

int
recount_read(struct recount *recount, const struct page *page, struct err *err)
{
    struct reading reading = {.recount = recount, .page = page};

    recount->results = 0;
    recount->due_next_unix_ms = INT64_MAX;
    if (page->slots == 0)
        return 0;
    return raw_each(recount->txn, recount->timeline->check,
        timeline_stamps_from(recount->timeline, page->first_unix_ms),
        page_slot_end(page, page->slots - 1), take_result, &reading, err);
}

void
recount_judge(const struct box *box, size_t slot, const struct box_count *count,
    const struct timeline_segment *segment, uint8_t *cells)
{
    struct tally tallies[VERDICT_REGIONS_MAX];
    size_t regions = segment->check->regions.count;

    box_tally(box, slot, count, tallies, regions);
    cells[0] =
        verdict_whole_cell(tallies, regions, segment->quorum, count->closed);
    for (size_t i = 0; i < regions; i++)
        cells[i + 1] = verdict_region_cell(&tallies[i], count->closed);
}
