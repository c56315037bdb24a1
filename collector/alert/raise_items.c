#include <stdlib.h>
#include <string.h>

#include "raise_check.h"
#include "raise_own.h"

enum { LATE_MS = 300000 }; /* a slot this old may change a month's sum */

/* ---- checks ---- */

static size_t
place_of(const struct raise *raise, uint32_t id)
{
    size_t low = 0;
    size_t high = raise->item_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (raise->items[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct raise_item *
find_item(const struct raise *raise, uint32_t id)
{
    size_t at = place_of(raise, id);

    return at < raise->item_count && raise->items[at]->id == id
               ? raise->items[at]
               : NULL;
}

static void
free_item(struct raise_item *item)
{
    for (size_t i = 0; i < item->count; i++)
        free(item->seen[i]);
    free(item->seen);
    free(item->legs);
    free(item->p95);
    free(item);
}

void
raise_items_free(struct raise *raise)
{
    for (size_t i = 0; i < raise->item_count; i++)
        free_item(raise->items[i]);
    free(raise->items);
    raise->items = NULL;
    raise->item_count = 0;
}

static struct raise_item *
add_item(struct raise *raise, uint32_t id, struct err *err)
{
    size_t at = place_of(raise, id);
    struct raise_item *item = calloc(1, sizeof(*item));
    struct raise_item **items = realloc(
        raise->items, (raise->item_count + 1) * sizeof(struct raise_item *));

    if (items != NULL)
        raise->items = items;
    if (item == NULL || items == NULL) {
        free(item);
        (void)err_set(err, ERR_NOMEM, "check");
        return NULL;
    }
    memmove(&items[at + 1], &items[at],
        (raise->item_count - at) * sizeof(struct raise_item *));
    items[at] = item;
    raise->item_count++;
    item->id = id;
    item->check = collector_conf_check_by_id(raise_newest(raise), id);
    item->month_dirty = true;
    raise->gone |= item->check == NULL;
    return item;
}

void
raise_items_follow(struct raise *raise)
{
    for (size_t i = 0; i < raise->item_count; i++) {
        struct raise_item *item = raise->items[i];

        item->check = collector_conf_check_by_id(raise_newest(raise), item->id);
        item->month_dirty = true; /* a window may have come or gone */
        raise->gone |= item->check == NULL;
    }
    raise->dirty |= RAISE_PART_LEGS | RAISE_PART_SEEN | RAISE_PART_SUMS;
}

int
raise_items_sweep(struct raise *raise, struct store_txn *txn, struct err *err)
{
    size_t kept = 0;

    if (!raise->gone)
        return 0;
    for (size_t i = 0; i < raise->item_count; i++) {
        const struct raise_item *item = raise->items[i];

        for (size_t k = 0; item->check == NULL && k < item->count; k++) {
            if (item->seen[k] != NULL &&
                seen_delete(txn, item->seen[k], err) != 0)
                return -1;
        }
    }
    for (size_t i = 0; i < raise->item_count; i++) {
        if (raise->items[i]->check == NULL)
            free_item(raise->items[i]);
        else
            raise->items[kept++] = raise->items[i];
    }
    raise->item_count = kept;
    raise->gone = false;
    return 0;
}

/* ---- legs ---- */

static size_t
leg_place(const struct raise_item *item, uint32_t agent, uint8_t family)
{
    size_t low = 0;
    size_t high = item->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct raise_leg *leg = &item->legs[middle];

        if (leg->agent < agent || (leg->agent == agent && leg->family < family))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int
make_room(struct raise_item *item, struct err *err)
{
    size_t capacity = item->capacity * 2 + 4;
    struct raise_leg *legs;
    struct seen **seen;

    if (item->count < item->capacity)
        return 0;
    legs = realloc(item->legs, capacity * sizeof(*legs));
    if (legs != NULL)
        item->legs = legs;
    seen = realloc(item->seen, capacity * sizeof(struct seen *));
    if (seen != NULL)
        item->seen = seen;
    if (legs == NULL || seen == NULL)
        return err_set(err, ERR_NOMEM, "legs");
    item->capacity = capacity;
    return 0;
}

/* Where that leg is, made if there is none; -1: err. */
static long
leg_at(struct raise_item *item, const struct raise_peer *peer, uint8_t family,
    struct err *err)
{
    size_t at = leg_place(item, peer->number, family);
    size_t behind = item->count - at;

    if (behind > 0 && item->legs[at].agent == peer->number &&
        item->legs[at].family == family)
        return (long)at;
    if (make_room(item, err) != 0)
        return -1;
    memmove(&item->legs[at + 1], &item->legs[at], behind * sizeof(*item->legs));
    memmove(
        &item->seen[at + 1], &item->seen[at], behind * sizeof(struct seen *));
    item->legs[at] = (struct raise_leg){.check = item->id,
        .agent = peer->number,
        .family = family,
        .region = peer->row.region,
        .name = peer->row.name};
    item->seen[at] = NULL;
    item->count++;
    return (long)at;
}

static int
load_seen(void *ctx, const struct seen *seen, struct err *err)
{
    struct raise *raise = ctx;
    struct raise_peer *peer = raise_peer_find(raise, seen->agent);
    struct raise_item *item = find_item(raise, seen->check);
    long at;

    if (peer == NULL)
        return 0; /* no agent is ever forgotten: a row of nobody */
    if (item == NULL)
        item = add_item(raise, seen->check, err);
    if (item == NULL)
        return -1;
    at = leg_at(item, peer, seen->family, err);
    if (at < 0)
        return -1;
    free(item->seen[at]);
    item->seen[at] = malloc(sizeof(*seen));
    if (item->seen[at] == NULL)
        return err_set(err, ERR_NOMEM, "what was seen");
    *item->seen[at] = *seen;
    return 0;
}

int
raise_items_load(struct raise *raise, struct store_txn *txn, struct err *err)
{
    raise->dirty |= RAISE_PART_LEGS | RAISE_PART_SEEN | RAISE_PART_SUMS;
    /* What is raised of a check is not over because nothing has come yet. */
    for (int class = 0; class < ALERT_CLASS_COUNT; class ++) {
        const struct condition_claims *held = &raise->held[class];

        for (size_t i = 0; i < held->count; i++) {
            uint32_t check = held->items[i].check;

            if (check != 0 && find_item(raise, check) == NULL &&
                add_item(raise, check, err) == NULL)
                return -1;
        }
    }
    return seen_each(txn, load_seen, raise, err);
}

/* ---- results ---- */

static bool
is_in_maintenance(const struct raise *raise, const struct conf_check *check,
    const char *region, int64_t slot_unix_ms)
{
    const struct config *config = raise_newest(raise);
    int64_t end_unix_ms = slot_unix_ms + check->check.interval_ms;

    for (size_t i = 0; i < config->window_count; i++) {
        const struct conf_window *window = &config->windows[i];

        if (conf_window_covers(
                window, check->check.name, NULL, slot_unix_ms, end_unix_ms) ||
            conf_window_covers(
                window, check->check.name, region, slot_unix_ms, end_unix_ms))
            return true;
    }
    return false;
}

static int
take_facts(struct raise *raise, struct raise_item *item, size_t at,
    const struct measure *measure, struct store_txn *txn, int64_t now_unix_ms,
    struct err *err)
{
    const struct raise_leg *leg = &item->legs[at];
    struct seen *seen = item->seen[at];
    char before[SEEN_PRINT_BYTES] = "";

    if (seen == NULL) {
        seen = calloc(1, sizeof(*seen));
        if (seen == NULL)
            return err_set(err, ERR_NOMEM, "what was seen");
        seen->check = leg->check;
        seen->agent = leg->agent;
        seen->family = leg->family;
        item->seen[at] = seen;
    }
    memcpy(before, seen->cert.fingerprint, sizeof(before));
    if (!seen_take(seen, &item->check->check, measure))
        return 0;
    raise->dirty |= RAISE_PART_SEEN;
    if (seen_put(txn, seen, err) != 0)
        return -1;
    return strcmp(before, seen->cert.fingerprint) == 0
               ? 0
               : raise_seen_changed(raise, item, at, now_unix_ms, err);
}

/* Down time may come to a month, or be taken from it. */
static void
note_month(
    struct raise_item *item, const struct measure *measure, int64_t now_unix_ms)
{
    if (!measure_votes_up(measure) ||
        measure->slot_unix_ms < now_unix_ms - LATE_MS)
        item->month_dirty = true;
}

/* It says for the first time what it sees since another agent saw it down. */
static bool
is_first_look(const struct raise_item *item, size_t at, int64_t before_unix_ms)
{
    int64_t slot_unix_ms = item->legs[at].slot_unix_ms;

    for (size_t i = 0; i < item->count; i++) {
        const struct raise_streak *down = &item->legs[i].streaks[SIGN_DOWN];

        if (i != at && down->in > 0 && down->since_unix_ms > before_unix_ms &&
            down->since_unix_ms <= slot_unix_ms)
            return true;
    }
    return false;
}

int
raise_note(struct raise *raise, struct store_txn *txn,
    const struct raw_result *result, const struct facts *facts,
    int64_t now_unix_ms, struct err *err)
{
    struct measure measure = result->measure;
    const struct raise_peer *peer;
    struct raise_item *item;
    const struct check *check;
    int64_t before_unix_ms;
    long at;

    if (raise == NULL)
        return 0;
    peer = raise_peer_find(raise, result->agent);
    item = find_item(raise, measure.check_id);
    if (item == NULL)
        item = add_item(raise, measure.check_id, err);
    if (item == NULL)
        return -1;
    if (peer == NULL || !raise_item_is_watched(item))
        return 0;
    check = &item->check->check;
    note_month(item, &measure, now_unix_ms);
    if (measure.status != MEASURE_UP &&
        is_in_maintenance(
            raise, item->check, peer->row.region, measure.slot_unix_ms))
        return 0;
    at = leg_at(item, peer,
        check->family == CHECK_FAMILY_BOTH ? measure.family
                                           : (uint8_t)FAMILY_NONE,
        err);
    if (at < 0)
        return -1;
    measure.facts = (struct facts *)(uintptr_t)facts;
    before_unix_ms = item->legs[at].slot_unix_ms;
    if (raise_leg_take(&item->legs[at], check, &measure, now_unix_ms) ||
        is_first_look(item, (size_t)at, before_unix_ms))
        raise->dirty |= RAISE_PART_LEGS;
    return facts == NULL ? 0
                         : take_facts(raise, item, (size_t)at, &measure, txn,
                               now_unix_ms, err);
}
