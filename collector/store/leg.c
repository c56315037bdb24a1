#include "leg.h"

#include <stdlib.h>

enum { FIRST_ROOM = 128, ITEMS_MAX = 1 << 20 };

struct leg_item {
    struct raw_result result;
    uint8_t family; /* of its leg */
    uint32_t place; /* in the chunk */
};

void
legs_free(struct legs *legs)
{
    free(legs->items);
    *legs = (struct legs){0};
}

static int
grow(struct legs *legs, struct err *err)
{
    size_t room = legs->room ? legs->room * 2 : FIRST_ROOM;
    struct leg_item *items;

    if (room > ITEMS_MAX)
        return err_set(
            err, ERR_LIMIT, "more than %d results by one agent", ITEMS_MAX);
    items = realloc(legs->items, room * sizeof(*items));
    if (items == NULL)
        return err_set(err, ERR_NOMEM, "%zu results", room);
    legs->items = items;
    legs->room = room;
    return 0;
}

int
legs_add(struct legs *legs, const struct raw_result *result, bool apart,
    struct err *err)
{
    if (legs->count == legs->room && grow(legs, err) != 0)
        return -1;
    legs->items[legs->count] = (struct leg_item){.result = *result,
        .family = apart ? result->measure.family : FAMILY_NONE,
        .place = (uint32_t)legs->count};
    legs->count++;
    return 0;
}

static bool
is_same_leg(const struct leg_item *a, const struct leg_item *b)
{
    return a->result.measure.slot_unix_ms == b->result.measure.slot_unix_ms &&
           a->family == b->family;
}

static int
compare(const void *left, const void *right)
{
    const struct leg_item *a = left;
    const struct leg_item *b = right;
    int64_t slot_a = a->result.measure.slot_unix_ms;
    int64_t slot_b = b->result.measure.slot_unix_ms;

    if (slot_a != slot_b)
        return slot_a < slot_b ? -1 : 1;
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

/* The weight of one attempt's word; of equal ones the last counts. */
static int
weight(const struct measure *m)
{
    if (m->isolated)
        return 0;
    if (m->status == MEASURE_UP || m->status == MEASURE_SLOW)
        return 3;
    return m->status == MEASURE_DOWN ? 2 : 1;
}

static int
tell_one(const struct leg_item *items, size_t count, leg_fn *fn, void *ctx,
    struct err *err)
{
    const struct raw_result *last = &items[0].result;
    struct leg leg;

    for (size_t i = 1; i < count; i++) {
        if (weight(&items[i].result.measure) >= weight(&last->measure))
            last = &items[i].result;
    }
    leg = (struct leg){.region = last->region,
        .agent = last->agent,
        .slot_unix_ms = last->measure.slot_unix_ms,
        .family = items[0].family,
        .last = &last->measure,
        .isolated = last->measure.isolated};
    return fn(ctx, &leg, err);
}

int
legs_tell(struct legs *legs, leg_fn *fn, void *ctx, struct err *err)
{
    size_t count = legs->count;

    legs->count = 0;
    if (count > 1)
        qsort(legs->items, count, sizeof(*legs->items), compare);
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;

        while (end < count && is_same_leg(&legs->items[i], &legs->items[end]))
            end++;
        if (tell_one(legs->items + i, end - i, fn, ctx, err) != 0)
            return -1;
        i = end;
    }
    return 0;
}

bool
leg_is_served(const struct leg *leg)
{
    return !leg->isolated && (leg->last->status == MEASURE_UP ||
                                 leg->last->status == MEASURE_SLOW);
}

bool
leg_is_failed(const struct leg *leg)
{
    return !leg->isolated && leg->last->status == MEASURE_DOWN;
}
