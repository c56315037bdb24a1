#include "ladder.h"

#include <stdlib.h>
#include <string.h>

#include "leg_mask.h"
#include "leg_walk.h"
#include "raw_seal.h"
#include "registry.h"
#include "row.h"

/*
 * STORE_DIRTY: 0 tier | 1..4 start in s | 5..8 check; no value to speak of.
 */
enum {
    MARK_BYTES = 9,
    KNOWN_SLOTS = 8192, /* of the table of marks we know of; a power of 2 */
    KNOWN_MAX = KNOWN_SLOTS / 2,
    UNQUIET_MAX = 100, /* times quiet_ms */
    SEEN_MAX = 1000,   /* marks looked at in a run */
    HOURS_PER_DAY = 24,
    DAMAGED_MAX = 64 /* that are tried in vain in one run */
};

struct known_hour {
    uint64_t key;         /* hour and check; 0: this place is free */
    bool marked;          /* not made since */
    int64_t said_unix_ms; /* when the newest result of it came */
    int64_t since_unix_ms;
};

/* Hours that were marked of late: a table by open addressing. */
struct ladder {
    struct known_hour known[KNOWN_SLOTS];
    size_t count;
    int64_t quiet_ms;
    int64_t now_unix_ms;                /* of the newest run */
    struct cell_place at[CELL_DAY + 1]; /* where the next run goes on */
};

struct ladder *
ladder_new(struct err *err)
{
    struct ladder *ladder = calloc(1, sizeof(*ladder));

    if (ladder == NULL)
        err_set(err, ERR_NOMEM, "ladder");
    return ladder;
}

void
ladder_free(struct ladder *ladder)
{
    free(ladder);
}

void
ladder_forget(struct ladder *ladder)
{
    memset(ladder->known, 0, sizeof(ladder->known));
    memset(ladder->at, 0, sizeof(ladder->at));
    ladder->count = 0;
}

void
ladder_set_quiet(struct ladder *ladder, int64_t quiet_ms)
{
    ladder->quiet_ms = quiet_ms;
}

/* ---- marks ---- */

static struct bytes
mark_key(const struct cell_place *place, uint8_t out[MARK_BYTES])
{
    out[0] = (uint8_t)place->tier;
    key_put_u32(out + 1, (uint32_t)(place->start_unix_ms / 1000));
    key_put_u32(out + 5, place->check);
    return (struct bytes){.data = out, .len = MARK_BYTES};
}

/* Its place, or the free one where it would be. */
static struct known_hour *
known_place(struct ladder *ladder, const struct cell_place *hour)
{
    uint64_t key =
        (uint64_t)(hour->start_unix_ms / CELL_HOUR_MS) << 32 | hour->check;
    size_t at = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 51);

    while (ladder->known[at].key != 0 && ladder->known[at].key != key)
        at = (at + 1) % KNOWN_SLOTS;
    return &ladder->known[at];
}

/* True if it was marked already, else it is from now on. */
static bool
know(struct ladder *ladder, const struct cell_place *hour)
{
    struct known_hour *known = known_place(ladder, hour);
    bool marked = known->key != 0 && known->marked;

    if (known->key == 0) {
        if (ladder->count >= KNOWN_MAX) {
            ladder_forget(ladder);
            known = known_place(ladder, hour);
        }
        known->key =
            (uint64_t)(hour->start_unix_ms / CELL_HOUR_MS) << 32 | hour->check;
        ladder->count++;
    }
    if (!marked)
        known->since_unix_ms = ladder->now_unix_ms;
    known->marked = true;
    known->said_unix_ms = ladder->now_unix_ms;
    return marked;
}

/*
 * True while results of the hour still come.  One that never becomes quiet is
 * made all the same, rarely.
 */
static bool
is_unquiet(struct ladder *ladder, const struct cell_place *hour)
{
    const struct known_hour *known = known_place(ladder, hour);
    int64_t quiet_ms = ladder->now_unix_ms - known->said_unix_ms;
    int64_t waited_ms = ladder->now_unix_ms - known->since_unix_ms;

    return known->key != 0 && known->marked && quiet_ms >= 0 &&
           quiet_ms < ladder->quiet_ms && waited_ms >= 0 &&
           waited_ms < UNQUIET_MAX * ladder->quiet_ms;
}

static int
put_mark(struct store_txn *txn, const struct cell_place *place, struct err *err)
{
    static const uint8_t nothing = 1;
    uint8_t key[MARK_BYTES];
    int rc = store_get(txn, STORE_DIRTY, mark_key(place, key), NULL, err);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    return store_put(txn, STORE_DIRTY, mark_key(place, key),
        (struct bytes){.data = &nothing, .len = 1}, err);
}

int
ladder_mark(struct ladder *ladder, struct store_txn *txn, uint32_t check,
    int64_t slot_unix_ms, struct err *err)
{
    struct cell_place hour = {.tier = CELL_HOUR,
        .start_unix_ms = slot_unix_ms - slot_unix_ms % CELL_HOUR_MS,
        .check = check};
    struct cell_place day = {.tier = CELL_DAY,
        .start_unix_ms = slot_unix_ms - slot_unix_ms % CELL_DAY_MS,
        .check = check};

    if (know(ladder, &hour))
        return 0;
    if (put_mark(txn, &hour, err) != 0)
        return -1;
    return put_mark(txn, &day, err);
}

int
ladder_is_marked(
    struct store_txn *txn, const struct cell_place *place, struct err *err)
{
    uint8_t key[MARK_BYTES];

    return store_get(txn, STORE_DIRTY, mark_key(place, key), NULL, err);
}

int
ladder_mark_check(struct bytes key, struct bytes value, struct err *err)
{
    struct cell_place place;

    if (key.len != MARK_BYTES || key.data[0] > CELL_DAY || value.len != 1)
        return err_set(err, ERR_STATE, "mark of a cell of %zu bytes", key.len);
    place.tier = (enum cell_tier)key.data[0];
    place.start_unix_ms = (int64_t)key_take_u32(key.data + 1) * 1000;
    if (place.start_unix_ms % cell_tier_ms(place.tier) != 0)
        return err_set(err, ERR_STATE, "mark of no whole hour or day");
    return 0;
}

/* ---- making cells ---- */

struct region_cell {
    uint16_t region;
    struct cell cell;
};

/* The cells of one hour or day while they are made. */
struct making {
    const struct conf_history *history; /* borrowed */
    struct store_txn *txn;              /* borrowed */
    struct cell_place place;
    uint16_t figures;
    bool masked;     /* what maintenance covers is left out */
    uint16_t region; /* the last one that was named; 0: none */
    char region_name[REGISTRY_NAME_BYTES];
    struct region_cell *cells; /* owned */
    size_t count;
};

static void
making_free(struct making *making)
{
    for (size_t i = 0; i < making->count; i++)
        cell_free(&making->cells[i].cell);
    free(making->cells);
}

static struct cell *
cell_of(struct making *making, uint16_t region, struct err *err)
{
    struct region_cell *cells;

    for (size_t i = 0; i < making->count; i++) {
        if (making->cells[i].region == region)
            return &making->cells[i].cell;
    }
    cells = realloc(making->cells, (making->count + 1) * sizeof(*cells));
    if (cells == NULL) {
        err_set(err, ERR_NOMEM, "cells");
        return NULL;
    }
    making->cells = cells;
    cells[making->count] = (struct region_cell){.region = region};
    return &cells[making->count++].cell;
}

/* By the kind that the check has when the hour begins. */
static uint16_t
figures_of(const struct conf_history *history, const struct cell_place *place)
{
    const struct conf_check *check =
        conf_history_check(history, place->check, place->start_unix_ms);

    return check != NULL ? cell_figures(check->check.kind)
                         : (uint16_t)(1U << PHASE_TOTAL);
}

/* 1: maintenance covers it, 0: it does not, -1: err. */
static int
is_masked(struct making *making, const struct leg *leg, struct err *err)
{
    if (!making->masked)
        return 0;
    if (leg->region != making->region) {
        making->region = 0;
        if (registry_name(making->txn, REGISTRY_REGION, leg->region,
                making->region_name, err) != 1)
            return err_set(
                err, ERR_STATE, "region %u has no name", leg->region);
        making->region = leg->region;
    }
    return leg_mask_covers(making->history, making->place.check,
        making->region_name, leg->slot_unix_ms);
}

static int
add_leg(void *ctx, const struct leg *leg, struct err *err)
{
    struct making *making = ctx;
    struct cell *cell;
    int rc = is_masked(making, leg, err);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    cell = cell_of(making, leg->region, err);
    if (cell == NULL)
        return -1;
    return cell_add_leg(cell, making->figures, leg, err);
}

static int
add_hour(void *ctx, uint16_t region, const struct cell *hour, struct err *err)
{
    struct cell *cell = cell_of(ctx, region, err);

    return cell != NULL ? cell_merge(cell, hour, err) : -1;
}

static int
gather_hour(struct making *making, struct store_txn *txn, struct err *err)
{
    struct leg_span span = {.check = making->place.check,
        .from_unix_ms = making->place.start_unix_ms,
        .to_unix_ms = making->place.start_unix_ms + CELL_HOUR_MS};

    return leg_walk(txn, making->history, &span, add_leg, making, err);
}

static int
gather_day(struct making *making, struct store_txn *txn, struct err *err)
{
    struct cell_place hour = {.tier = CELL_HOUR, .check = making->place.check};

    for (int h = 0; h < HOURS_PER_DAY; h++) {
        hour.start_unix_ms =
            making->place.start_unix_ms + (int64_t)h * CELL_HOUR_MS;
        if (cell_each(txn, &hour, add_hour, making, err) != 0)
            return -1;
    }
    return 0;
}

/* Instead of those that are there. */
static int
put_cells(const struct making *making, struct store_txn *txn, struct err *err)
{
    int rc = cell_delete(txn, &making->place, err);

    for (size_t i = 0; i < making->count && rc == 0; i++)
        rc = cell_put(txn, &making->place, making->cells[i].region,
            &making->cells[i].cell, err);
    return rc;
}

static int
make(struct store_txn *txn, const struct conf_history *history,
    const struct cell_place *place, struct err *err)
{
    struct making making = {.history = history,
        .place = *place,
        .figures = figures_of(history, place)};
    uint8_t key[MARK_BYTES];
    int rc;

    rc = place->tier == CELL_HOUR ? gather_hour(&making, txn, err)
                                  : gather_day(&making, txn, err);
    if (rc == 0 && place->tier == CELL_HOUR)
        rc = raw_seal_hour(txn, place->check, place->start_unix_ms, err);
    if (rc == 0)
        rc = put_cells(&making, txn, err);
    if (rc == 0)
        rc = store_delete(txn, STORE_DIRTY, mark_key(place, key), err);
    making_free(&making);
    return rc;
}

int
ladder_make_last(struct store_txn *txn, const struct conf_history *history,
    const struct cell_place *hour, struct err *err)
{
    struct making making = {.history = history,
        .txn = txn,
        .place = *hour,
        .figures = figures_of(history, hour),
        .masked = true};
    const struct cell_place day = {.tier = CELL_DAY,
        .start_unix_ms =
            hour->start_unix_ms - hour->start_unix_ms % CELL_DAY_MS,
        .check = hour->check};
    int rc;

    if (!leg_mask_touches(history, hour->check, hour->start_unix_ms,
            hour->start_unix_ms + CELL_HOUR_MS))
        return 0;
    rc = gather_hour(&making, txn, err);
    if (rc == 0)
        rc = put_cells(&making, txn, err);
    if (rc == 0)
        rc = put_mark(txn, &day, err);
    making_free(&making);
    return rc;
}

int
ladder_compute(struct store_txn *txn, const struct conf_history *history,
    const struct cell_place *place, store_each_fn *fn, void *ctx,
    struct err *err)
{
    struct making making = {.history = history,
        .place = *place,
        .figures = figures_of(history, place)};
    int rc = place->tier == CELL_HOUR ? gather_hour(&making, txn, err)
                                      : gather_day(&making, txn, err);

    for (size_t i = 0; i < making.count && rc == 0; i++)
        rc = cell_rows(
            place, making.cells[i].region, &making.cells[i].cell, fn, ctx, err);
    making_free(&making);
    return rc;
}

/* ---- running ---- */

/* The next marked place of a tier from `from` on.  1, 0 none, -1. */
static int
next_mark(struct store_txn *txn, const struct cell_place *from,
    struct cell_place *found, struct err *err)
{
    uint8_t bytes[MARK_BYTES];
    struct bytes key;
    int rc =
        store_seek(txn, STORE_DIRTY, mark_key(from, bytes), &key, NULL, err);

    if (rc != 1)
        return rc;
    if (key.len != MARK_BYTES || key.data[0] > CELL_DAY)
        return err_set(err, ERR_STATE, "mark of a cell of %zu bytes", key.len);
    found->tier = (enum cell_tier)key.data[0];
    found->start_unix_ms = (int64_t)key_take_u32(key.data + 1) * 1000;
    found->check = key_take_u32(key.data + 5);
    return found->tier == from->tier;
}

int
ladder_day_waits(
    struct store_txn *txn, const struct cell_place *day, struct err *err)
{
    struct cell_place hour = {.tier = CELL_HOUR, .check = day->check};

    for (int h = 0; h < HOURS_PER_DAY; h++) {
        int rc;

        hour.start_unix_ms = day->start_unix_ms + (int64_t)h * CELL_HOUR_MS;
        rc = ladder_is_marked(txn, &hour, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Behind `place`, in the order of the marks. */
static void
step(struct cell_place *place)
{
    if (place->check == UINT32_MAX)
        place->start_unix_ms += 1000;
    place->check++;
}

/* A day waits for its hours, an hour until its results have come. */
static int
must_wait(struct ladder *ladder, struct store_txn *txn,
    const struct cell_place *place, struct err *err)
{
    if (place->tier == CELL_DAY)
        return ladder_day_waits(txn, place, err);
    return is_unquiet(ladder, place) ? 1 : 0;
}

static void
note_made(struct ladder *ladder, const struct cell_place *place)
{
    struct known_hour *known;

    if (place->tier != CELL_HOUR)
        return;
    known = known_place(ladder, place);
    if (known->key != 0)
        known->marked = false;
}

/*
 * Takes what is over of one tier, from where the last run ended.  Gives what
 * is left of the budget, or -1.
 */
static int64_t
run_tier(struct ladder *ladder, struct store_txn *txn,
    const struct conf_history *history, enum cell_tier tier, int64_t budget,
    struct err *err)
{
    int64_t over_unix_ms = ladder->now_unix_ms - LADDER_GRACE_MS;
    struct cell_place *at = &ladder->at[tier];
    int damaged = 0;

    at->tier = tier;
    for (int seen = 0; budget > 0 && seen < SEEN_MAX; seen++) {
        struct cell_place place = {0};
        int rc = next_mark(txn, at, &place, err);

        if (rc < 0)
            return -1;
        if (rc == 0 ||
            place.start_unix_ms + cell_tier_ms(tier) > over_unix_ms) {
            *at = (struct cell_place){.tier = tier};
            return budget;
        }
        *at = place;
        step(at);
        rc = must_wait(ladder, txn, &place, err);
        if (rc == 1)
            continue;
        if (rc == 0)
            rc = make(txn, history, &place, err);
        if (rc < 0 && err->code != ERR_STATE)
            return -1;
        if (rc == 0)
            note_made(ladder, &place);
        /* Damaged below: nothing was written, for all is read before. */
        if (rc == 0)
            budget--;
        else if (++damaged == DAMAGED_MAX)
            return budget;
    }
    return budget;
}

int
ladder_run(struct ladder *ladder, struct store_txn *txn,
    const struct conf_history *history, int64_t now_unix_ms, size_t budget,
    bool *again, struct err *err)
{
    int64_t left = (int64_t)budget;

    *again = false;
    ladder->now_unix_ms = now_unix_ms;
    left = run_tier(ladder, txn, history, CELL_HOUR, left, err);
    if (left > 0)
        left = run_tier(ladder, txn, history, CELL_DAY, left, err);
    if (left < 0)
        return err_wrap(err, "roll up");
    *again = left == 0;
    return 0;
}
