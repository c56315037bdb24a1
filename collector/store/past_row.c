#include "past_row.h"

#include <stdlib.h>

#include "row.h"

enum { ROW_VERSION = 1, KEY_BYTES = 10 };

/* Slots of a day that begins in it may go on for another. */
enum { LENGTH_MAX_MS = 2 * PAST_DAY_MS };

void
past_day_free(struct past_day *day)
{
    free(day->runs);
    *day = (struct past_day){.runs = NULL};
}

static int
grow(struct past_day *day, struct err *err)
{
    size_t capacity = day->capacity * 2 + 8;
    struct past_run *runs = realloc(day->runs, capacity * sizeof(*runs));

    if (runs == NULL)
        return err_set(err, ERR_NOMEM, "%zu runs of verdicts", capacity);
    day->runs = runs;
    day->capacity = capacity;
    return 0;
}

int
past_day_add(struct past_day *day, const struct past_run *slot, struct err *err)
{
    struct past_run *last = day->count > 0 ? &day->runs[day->count - 1] : NULL;

    if (last != NULL && last->verdict == slot->verdict &&
        last->start_unix_ms + last->length_ms == slot->start_unix_ms) {
        last->length_ms += slot->length_ms;
        return 0;
    }
    if (day->count == PAST_RUNS_MAX)
        return err_set(
            err, ERR_LIMIT, "more than %d verdicts in a day", PAST_RUNS_MAX);
    if (day->count == day->capacity && grow(day, err) != 0)
        return -1;
    day->runs[day->count++] = *slot;
    return 0;
}

int
past_encode(const struct past_day *day, int64_t day_unix_ms, struct buf *out,
    struct err *err)
{
    struct row_out row = {.buf = out, .err = err};
    int64_t at_unix_ms = day_unix_ms;

    row_put_uint(&row, ROW_VERSION);
    row_put_uint(&row, day->count);
    for (size_t i = 0; i < day->count; i++) {
        const struct past_run *run = &day->runs[i];

        row_put_uint(&row, (uint64_t)(run->start_unix_ms - at_unix_ms));
        row_put_uint(&row, (uint64_t)run->length_ms);
        row_put_uint(&row, run->verdict);
        at_unix_ms = run->start_unix_ms + run->length_ms;
    }
    return row.failed ? -1 : 0;
}

static bool
take_runs(struct row_in *in, int64_t day_unix_ms, struct past_day *day)
{
    int64_t at_unix_ms = day_unix_ms;
    size_t count = (size_t)row_take_uint(in, PAST_RUNS_MAX);

    for (size_t i = 0; i < count && !in->failed; i++) {
        struct past_run run;
        struct err err;

        run.start_unix_ms =
            at_unix_ms + (int64_t)row_take_uint(in, PAST_DAY_MS);
        run.length_ms = (int64_t)row_take_uint(in, LENGTH_MAX_MS);
        run.verdict = (uint8_t)row_take_uint(in, PAST_VERDICTS - 1);
        at_unix_ms = run.start_unix_ms + run.length_ms;
        if (run.length_ms == 0 ||
            run.start_unix_ms >= day_unix_ms + PAST_DAY_MS ||
            past_day_add(day, &run, &err) != 0)
            return false;
    }
    return !in->failed && day->count == count; /* none could be joined */
}

int
past_decode(struct bytes row, int64_t day_unix_ms, struct past_day *day,
    struct err *err)
{
    struct row_in in = row_in(row);

    *day = (struct past_day){.runs = NULL};
    if (row_take_uint(&in, UINT8_MAX) != ROW_VERSION ||
        !take_runs(&in, day_unix_ms, day))
        in.failed = true;
    if (row_end(&in, row, "past verdicts", err) == 0)
        return 0;
    past_day_free(day);
    return -1;
}

/* ---- in the store ---- */

static struct bytes
encode_key(
    const struct past_place *place, uint16_t region, uint8_t out[KEY_BYTES])
{
    key_put_u32(out, (uint32_t)(place->day_unix_ms / 1000));
    key_put_u32(out + 4, place->check);
    key_put_u16(out + 8, region);
    return (struct bytes){.data = out, .len = KEY_BYTES};
}

int
past_put(struct store_txn *txn, const struct past_place *place, uint16_t region,
    const struct past_day *day, struct err *err)
{
    uint8_t key[KEY_BYTES];
    struct buf row;
    int rc;

    buf_init(&row, PAST_ROW_MAX_BYTES);
    rc = past_encode(day, place->day_unix_ms, &row, err);
    if (rc == 0)
        rc = store_put(txn, STORE_PAST, encode_key(place, region, key),
            buf_bytes(&row), err);
    buf_free(&row);
    return rc;
}

int
past_is_kept(
    struct store_txn *txn, const struct past_place *place, struct err *err)
{
    uint8_t key[KEY_BYTES];

    return store_get(txn, STORE_PAST, encode_key(place, 0, key), NULL, err);
}

int
past_get(struct store_txn *txn, const struct past_place *place, uint16_t region,
    struct past_day *day, struct err *err)
{
    uint8_t key[KEY_BYTES];
    struct bytes row;
    int rc =
        store_get(txn, STORE_PAST, encode_key(place, region, key), &row, err);

    if (rc != 1)
        return rc;
    return past_decode(row, place->day_unix_ms, day, err) == 0 ? 1 : -1;
}

struct walk {
    const struct past_place *place;
    past_each_fn *fn;
    void *ctx;
};

static int
take_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct walk *walk = ctx;
    struct past_day day;
    int rc;

    if (key.len != KEY_BYTES)
        return err_set(
            err, ERR_STATE, "key of past verdicts of %zu bytes", key.len);
    if (past_decode(value, walk->place->day_unix_ms, &day, err) != 0)
        return -1;
    rc = walk->fn(walk->ctx, key_take_u16(key.data + 8), &day, err);
    past_day_free(&day);
    return rc;
}

int
past_each(struct store_txn *txn, const struct past_place *place,
    past_each_fn *fn, void *ctx, struct err *err)
{
    struct walk walk = {.place = place, .fn = fn, .ctx = ctx};
    uint8_t first[KEY_BYTES];
    uint8_t last[KEY_BYTES + 1] = {0};

    (void)encode_key(place, 0, first);
    (void)encode_key(place, UINT16_MAX, last);
    return store_each(txn, STORE_PAST,
        (struct bytes){.data = first, .len = KEY_BYTES},
        (struct bytes){.data = last, .len = sizeof(last)}, take_row, &walk,
        err);
}

int
past_row_check(struct bytes key, struct bytes value, struct err *err)
{
    struct past_day day;
    int64_t day_unix_ms;

    if (key.len != KEY_BYTES)
        return err_set(
            err, ERR_STATE, "key of past verdicts of %zu bytes", key.len);
    day_unix_ms = (int64_t)key_take_u32(key.data) * 1000;
    if (day_unix_ms % PAST_DAY_MS != 0)
        return err_set(err, ERR_STATE, "past verdicts of no whole day");
    if (past_decode(value, day_unix_ms, &day, err) != 0)
        return -1;
    past_day_free(&day);
    return 0;
}
