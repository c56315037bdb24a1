#include "live.h"

#include <stdlib.h>
#include <string.h>

static struct live_slot *
place_of(struct watch_check *check, const struct timeline_segment *segment,
    int64_t start_unix_ms)
{
    int64_t number = timeline_floor(start_unix_ms, segment->interval_ms) /
                     segment->interval_ms;

    return &check->slots[(uint64_t)number % LIVE_SLOTS];
}

static void
clear_slot(struct live_slot *slot)
{
    if (slot->used)
        box_free(&slot->box);
    *slot = (struct live_slot){.used = false};
}

void
live_follow(struct watch_check *check)
{
    for (size_t i = 0; i < LIVE_SLOTS; i++) {
        struct live_slot *slot = &check->slots[i];
        const struct timeline_segment *segment;

        if (!slot->used)
            continue;
        segment = timeline_at(&check->timeline, slot->start_unix_ms);
        if (segment != NULL)
            slot->segment = *segment;
        else
            clear_slot(slot);
    }
}

void
live_clear(struct watch_check *check)
{
    for (size_t i = 0; i < LIVE_SLOTS; i++)
        clear_slot(&check->slots[i]);
}

static int
open_slot(struct live_slot *slot, struct store_txn *txn,
    const struct timeline_segment *segment, int64_t start_unix_ms,
    struct err *err)
{
    *slot = (struct live_slot){
        .used = true,
        .start_unix_ms = start_unix_ms,
        .deadline_unix_ms = timeline_deadline(
            segment, timeline_slot_end(segment, start_unix_ms)),
        .segment = *segment,
    };
    box_init(&slot->box, 1, slot_rule_of(&segment->check->check));
    return region_map_load(txn, segment->check, &slot->regions, err);
}

/* A region may have got its number only with its first agent. */
static int
region_of(struct live_slot *slot, struct store_txn *txn, uint32_t number,
    size_t *region, struct err *err)
{
    *region = region_map_place(&slot->regions, number);
    if (*region < slot->regions.count ||
        region_map_place(&slot->regions, 0) == slot->regions.count)
        return 0;
    if (region_map_load(txn, slot->segment.check, &slot->regions, err) != 0)
        return -1;
    *region = region_map_place(&slot->regions, number);
    return 0;
}

/* Keeps which legs an agent has no route for: told once, not every slot. */
static int
note_route(struct watch_check *check, const struct live_slot *slot,
    const struct raw_result *result, struct err *err)
{
    size_t leg = slot_leg_of(&slot->box.rule, &result->measure);
    bool no_route = result->measure.status == MEASURE_ERROR &&
                    result->measure.reason == REASON_AGENT_NO_ROUTE;

    if (slot->box.rule.legs == 1)
        return 0;
    if (result->agent >= check->no_route_count) {
        size_t count = (size_t)result->agent * 2 + 16;
        uint8_t *grown = realloc(check->no_route, count);

        if (grown == NULL)
            return err_set(err, ERR_NOMEM, "routes of %zu agents", count);
        memset(grown + check->no_route_count, 0, count - check->no_route_count);
        check->no_route = grown;
        check->no_route_count = count;
    }
    if (no_route)
        check->no_route[result->agent] |= (uint8_t)(1U << leg);
    else
        check->no_route[result->agent] &= (uint8_t) ~(1U << leg);
    return 0;
}

int
live_note(struct watch_check *check, struct store_txn *txn,
    const struct raw_result *result, int64_t start_unix_ms, bool imported,
    struct err *err)
{
    const struct timeline_segment *segment =
        timeline_at(&check->timeline, start_unix_ms);
    struct live_slot *slot = place_of(check, segment, start_unix_ms);
    struct box_agent who = {.agent = result->agent};
    bool was_open = slot->used;
    size_t region;

    if (slot->used && slot->start_unix_ms != start_unix_ms)
        return 0;
    if (!slot->used && open_slot(slot, txn, segment, start_unix_ms, err) != 0)
        return -1;
    if (region_of(slot, txn, result->region, &region, err) != 0)
        return -1;
    if (result->region == 0 || region == slot->regions.count) {
        if (!was_open) /* of nobody who counts there is nothing to judge */
            clear_slot(slot);
        return 1;
    }
    who.region = (uint8_t)region;
    if (box_note(&slot->box, &who, 0, &result->measure, err) != 0 ||
        note_route(check, slot, result, err) != 0)
        return -1;
    slot->dirty = true;
    slot->live = slot->live || !imported;
    slot->imported = slot->imported || imported;
    return 1;
}

/* Whom the check expects, kept until that changes. */
static int
load_expected(const struct watch *watch, struct watch_check *check,
    const struct live_slot *slot, struct err *err)
{
    if (check->expected_generation == watch->generation &&
        check->expected_version == slot->segment.version)
        return 0;
    check->expected_count = 0;
    if (check->expected_capacity < watch->agent_count) {
        struct box_agent *grown =
            realloc(check->expected, watch->agent_count * sizeof(grown[0]));

        if (grown == NULL)
            return err_set(
                err, ERR_NOMEM, "%zu expected agents", watch->agent_count);
        check->expected = grown;
        check->expected_capacity = watch->agent_count;
    }
    for (uint32_t i = 0; i < watch->agent_count; i++) {
        const struct known_agent *agent = &watch->agents[i];
        size_t place;

        if (!agent->expected)
            continue;
        place = region_map_place(&slot->regions, agent->region);
        if (place < slot->regions.count)
            check->expected[check->expected_count++] =
                (struct box_agent){i, (uint8_t)place};
    }
    check->expected_generation = watch->generation;
    check->expected_version = slot->segment.version;
    return 0;
}

static int
write_slot(struct watch *watch, struct watch_check *check,
    struct live_slot *slot, struct store_txn *txn, const uint8_t *cells,
    struct err *err)
{
    int64_t hour = timeline_floor(slot->start_unix_ms, TIMELINE_HOUR_MS);
    size_t at;

    if (watch_get_page(watch, check, txn, &slot->segment, hour, err) < 0)
        return -1;
    at = page_slot_at(&watch->page, slot->start_unix_ms);
    /* The segment has been cut since: the slot is another one now. */
    if (at == watch->page.slots)
        return 0;
    page_take_slot(&watch->page, at, cells);
    memcpy(slot->cells, cells, watch->page.scopes);
    watch_changed(check, slot->start_unix_ms, slot->live, slot->imported);
    check->changes.urgent = check->changes.urgent || slot->live;
    return watch_put_page(watch, check, txn, err);
}

static int
judge_slot(struct watch *watch, struct watch_check *check,
    struct live_slot *slot, struct store_txn *txn, struct err *err)
{
    uint8_t cells[VERDICT_ROW_SCOPES_MAX];
    struct box_count count = {
        .closed = slot->deadline_unix_ms <= watch->now_unix_ms,
        .no_route = check->no_route,
        .no_route_count = check->no_route_count,
    };
    size_t scopes = slot->regions.count + 1;

    if (!slot->dirty && !count.closed)
        return 0;
    if (load_expected(watch, check, slot, err) != 0)
        return -1;
    count.agents = check->expected;
    count.agent_count = check->expected_count;
    recount_judge(&slot->box, 0, &count, &slot->segment, cells);
    if (memcmp(cells, slot->cells, scopes) != 0 &&
        write_slot(watch, check, slot, txn, cells, err) != 0)
        return -1;
    slot->dirty = false;
    if (count.closed)
        clear_slot(slot);
    return 0;
}

int
live_judge(struct watch *watch, struct watch_check *check,
    struct store_txn *txn, struct err *err)
{
    for (size_t i = 0; i < LIVE_SLOTS; i++) {
        struct live_slot *slot = &check->slots[i];

        if (slot->used && check->expected_generation != watch->generation)
            slot->dirty = true;
    }
    for (size_t i = 0; i < LIVE_SLOTS; i++) {
        if (check->slots[i].used &&
            judge_slot(watch, check, &check->slots[i], txn, err) != 0)
            return -1;
    }
    return 0;
}

bool
live_drop(struct watch_check *check, const struct timeline_segment *segment,
    int64_t start_unix_ms)
{
    struct live_slot *slot = place_of(check, segment, start_unix_ms);
    bool live = slot->live;

    if (!slot->used || slot->start_unix_ms != start_unix_ms)
        return false;
    clear_slot(slot);
    return live;
}

int64_t
live_next(const struct watch_check *check)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < LIVE_SLOTS; i++) {
        const struct live_slot *slot = &check->slots[i];

        if (slot->used && slot->deadline_unix_ms < next)
            next = slot->deadline_unix_ms;
    }
    return next;
}
