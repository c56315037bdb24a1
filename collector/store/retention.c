#include "retention.h"

#include <string.h>

#include "clock.h"
#include "ladder.h"
#include "past.h"
#include "raw_key.h"
#include "row.h"
#include "stale.h"

enum {
    HOUR_S = 3600,
    DAY_S = 86400,
    KEY_MIN_BYTES = 8,
    KEEP_LOOKS = 50 /* what keeping a day costs, in rows deleted */
};

static const int64_t hour_ns = 3600 * NS_PER_SEC;
static const char date_key[] = "retention.date";

/* ---- what others ask ---- */

bool
retention_takes(int64_t ts_unix_ms, int64_t slot_unix_ms, int64_t now_unix_ms)
{
    int64_t oldest_unix_ms = now_unix_ms - RETENTION_RAW_MS;

    return ts_unix_ms >= oldest_unix_ms && slot_unix_ms >= oldest_unix_ms;
}

/* A slot may be a day long, and stand in the row of the hour it begins in. */
int64_t
retention_verdicts_from(int64_t now_unix_ms)
{
    return now_unix_ms - RETENTION_ROWS_MS + RETENTION_DAY_MS;
}

/* ---- the date that retention goes by ---- */

static struct bytes
note_key(void)
{
    return (struct bytes){
        .data = (const uint8_t *)date_key, .len = sizeof(date_key) - 1};
}

static int
put_date(struct store_txn *txn, int64_t date_unix_ms, struct err *err)
{
    uint8_t bytes[8];

    key_put_u64(bytes, (uint64_t)date_unix_ms);
    return store_put(txn, STORE_META, note_key(),
        (struct bytes){.data = bytes, .len = sizeof(bytes)}, err);
}

/* 1: *date is that of the last time, 0: there was none, -1: err. */
static int
get_date(struct store_txn *txn, int64_t *date_unix_ms, struct err *err)
{
    struct bytes value;
    int rc = store_get(txn, STORE_META, note_key(), &value, err);

    if (rc != 1)
        return rc;
    if (value.len != 8)
        return err_set(
            err, ERR_STATE, "retention's date of %zu bytes", value.len);
    *date_unix_ms = (int64_t)key_take_u64(value.data);
    return 1;
}

static int
move_date(struct retention *retention, struct store_txn *txn,
    const struct retention_now *now, int64_t *date_unix_ms, struct err *err)
{
    int64_t noted_unix_ms = 0; /* gcc does not see that -1 left */
    int rc = get_date(txn, &noted_unix_ms, err);

    if (rc < 0)
        return -1;
    *date_unix_ms = now->unix_ms;
    if (rc == 0)
        return put_date(txn, now->unix_ms, err);
    if (retention->advanced_mono_ns == 0)
        retention->advanced_mono_ns = now->mono_ns;
    if (now->unix_ms - noted_unix_ms <= RETENTION_DAY_MS) {
        /* Noted now and then only: each note is a write. */
        if (now->unix_ms - noted_unix_ms > HOUR_S * MS_PER_SEC)
            return put_date(txn, now->unix_ms, err);
        return 0;
    }
    *date_unix_ms = noted_unix_ms;
    if (now->mono_ns - retention->advanced_mono_ns < hour_ns)
        return 0;
    retention->advanced_mono_ns = now->mono_ns;
    *date_unix_ms += RETENTION_DAY_MS;
    return put_date(txn, *date_unix_ms, err);
}

/* ---- deleting ---- */

/* Rows of one table; all of their keys begin with a time in s and a check. */
struct rule {
    enum store_table table;
    int64_t kept_ms;
    uint32_t length_s; /* what a row covers from its time on */
};

static const struct rule rules[RETENTION_TABLES] = {
    {STORE_RAW, RETENTION_RAW_KEPT_MS, HOUR_S},
    {STORE_EVIDENCE, RETENTION_EVIDENCE_MS, HOUR_S},
    {STORE_VERDICTS, RETENTION_ROWS_MS, HOUR_S},
    {STORE_HOUR, RETENTION_ROWS_MS, HOUR_S},
};

/* The hour of one check, as it was looked up last. */
struct waiting {
    struct stale_hour hour;
    bool is_known;
    bool waits;
};

/* 1: raw of that time is still to be judged or rolled up; 0: not; -1: err. */
static int
is_waited_for(struct store_txn *txn, uint32_t start_s, uint32_t check,
    struct waiting *waiting, struct err *err)
{
    const struct cell_place place = {
        .tier = CELL_HOUR,
        .start_unix_ms = (int64_t)(start_s - start_s % HOUR_S) * MS_PER_SEC,
        .check = check,
    };
    int rc;

    if (waiting->is_known && waiting->hour.check == check &&
        waiting->hour.hour_unix_ms == place.start_unix_ms)
        return waiting->waits;
    rc = ladder_is_marked(txn, &place, err);
    waiting->hour = (struct stale_hour){
        .check = check, .hour_unix_ms = place.start_unix_ms};
    if (rc == 0)
        rc = stale_is_marked(txn, &waiting->hour, err);
    if (rc < 0)
        return -1;
    waiting->is_known = true;
    waiting->waits = rc == 1;
    return rc;
}

/* One slice. */
struct slice {
    const struct retention_room *room;
    struct store_txn *txn;
    int64_t date_unix_ms;
    struct waiting waiting;
    size_t deleted;
    size_t looks; /* at rows, deleted or not */
};

/* The place of the next look: behind a series of raw that waits. */
static void
pass_series(struct retention_place *place, uint32_t start_s, uint32_t check)
{
    bool last = check == UINT32_MAX;

    key_put_u32(place->key, last ? start_s + 1 : start_s);
    key_put_u32(place->key + 4, last ? 0 : check + 1);
    place->len = KEY_MIN_BYTES;
}

/* A key that is none of ours is left for `verify` to find. */
static void
pass_key(struct retention_place *place, struct bytes key)
{
    memcpy(place->key, key.data, key.len);
    place->key[key.len] = 0;
    place->len = key.len + 1;
}

static int
delete_key(struct slice *slice, enum store_table table, struct bytes key,
    struct err *err)
{
    uint8_t copy[STORE_KEY_MAX_BYTES];

    memcpy(copy, key.data, key.len);
    slice->deleted++;
    return store_delete(
        slice->txn, table, (struct bytes){.data = copy, .len = key.len}, err);
}

/* Once a day and check; what cannot be read any more is not waited for. */
static int
keep_past(struct slice *slice, struct bytes key, struct err *err)
{
    uint32_t start_s = key_take_u32(key.data);
    const struct past_place place = {
        .day_unix_ms = (int64_t)(start_s - start_s % DAY_S) * MS_PER_SEC,
        .check = key_take_u32(key.data + 4),
    };
    int rc = past_is_kept(slice->txn, &place, err);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    slice->looks += KEEP_LOOKS;
    rc = past_keep(
        slice->txn, slice->room->conf, &place, slice->room->now.unix_ms, err);
    return rc == 0 || err->code == ERR_STATE ? 0 : -1;
}

/* All of a series of raw, if there is any. */
static int
delete_series(
    struct slice *slice, uint32_t start_s, uint32_t check, struct err *err)
{
    uint8_t prefix[KEY_MIN_BYTES];
    struct bytes key;
    int rc;

    key_put_u32(prefix, start_s);
    key_put_u32(prefix + 4, check);
    for (;;) {
        rc = store_seek(slice->txn, STORE_RAW,
            (struct bytes){.data = prefix, .len = sizeof(prefix)}, &key, NULL,
            err);
        if (rc != 1 || key.len < sizeof(prefix) ||
            memcmp(key.data, prefix, sizeof(prefix)) != 0)
            return rc < 0 ? -1 : 0;
        if (delete_key(slice, STORE_RAW, key, err) != 0)
            return -1;
        slice->looks++;
    }
}

/*
 * A check's raw of one hour goes as a whole: where maintenance touches it, p95
 * reads raw for as long as there is any, and the cell after that.
 */
static int
delete_hour(
    struct slice *slice, uint32_t start_s, uint32_t check, struct err *err)
{
    const struct cell_place hour = {.tier = CELL_HOUR,
        .start_unix_ms = (int64_t)start_s * MS_PER_SEC,
        .check = check};

    if (ladder_make_last(slice->txn, slice->room->conf, &hour, err) != 0 &&
        err->code != ERR_STATE)
        return -1;
    for (uint32_t s = 0; s < HOUR_S; s += RAW_BUCKET_MS / MS_PER_SEC) {
        if (delete_series(slice, start_s + s, check, err) != 0)
            return -1;
    }
    return 0;
}

/*
 * 1: the first row from `place` on was deleted, or passed by; 0: it is to stay,
 * or there is none, -1.
 */
static int
delete_next(struct slice *slice, const struct rule *rule,
    struct retention_place *place, struct err *err)
{
    struct bytes key;
    uint32_t start_s;
    uint32_t check;
    int rc = store_seek(slice->txn, rule->table,
        (struct bytes){.data = place->key, .len = place->len}, &key, NULL, err);

    if (rc != 1)
        return rc;
    slice->looks++;
    if (key.len < KEY_MIN_BYTES) {
        pass_key(place, key);
        return 1;
    }
    start_s = key_take_u32(key.data);
    check = key_take_u32(key.data + 4);
    if (((int64_t)(start_s - start_s % HOUR_S) + rule->length_s) * MS_PER_SEC >
        slice->date_unix_ms - rule->kept_ms)
        return 0;
    rc = 0;
    if (rule->table == STORE_VERDICTS && keep_past(slice, key, err) != 0)
        return -1;
    if (rule->table == STORE_RAW)
        rc = is_waited_for(slice->txn, start_s, check, &slice->waiting, err);
    if (rc == 1)
        pass_series(place, start_s, check);
    if (rc != 0)
        return rc;
    rc = rule->table == STORE_RAW
             ? delete_hour(slice, start_s - start_s % HOUR_S, check, err)
             : delete_key(slice, rule->table, key, err);
    return rc == 0 ? 1 : -1;
}

int
retention_run(struct retention *retention, const struct retention_room *room,
    size_t *deleted, bool *again, struct err *err)
{
    struct slice slice = {.room = room, .txn = room->txn};
    int rc =
        move_date(retention, room->txn, &room->now, &slice.date_unix_ms, err);

    *deleted = 0;
    *again = false;
    if (rc != 0)
        return -1;
    for (size_t i = 0; i < RETENTION_TABLES; i++) {
        struct retention_place *place = &retention->places[i];

        do
            rc = slice.looks < RETENTION_SLICE_ROWS
                     ? delete_next(&slice, &rules[i], place, err)
                     : 2;
        while (rc == 1);
        if (rc < 0)
            return err_wrap(err, "retention");
        /* At the end of what is due: what was passed may have its turn. */
        if (rc == 0)
            place->len = 0;
        else
            *again = true;
    }
    *deleted = slice.deleted;
    return 0;
}
