#include "retention.h"

#include <string.h>

#include "clock.h"
#include "ladder.h"
#include "raw_key.h"
#include "row.h"
#include "stale.h"

enum { HOUR_S = 3600, KEY_MIN_BYTES = 8 };

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
    int64_t noted_unix_ms;
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

static const struct rule rules[] = {
    {STORE_RAW, RETENTION_RAW_KEPT_MS, RAW_BUCKET_MS / 1000},
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

/*
 * 1: the first row was deleted, 0: it is to stay, or there is none, -1.  A key
 * that is none of ours is left for `verify` to find: no turn may fail by it.
 */
static int
delete_first(struct store_txn *txn, const struct rule *rule,
    int64_t date_unix_ms, struct waiting *waiting, struct err *err)
{
    const struct bytes beginning = {.len = 0};
    uint8_t copy[STORE_KEY_MAX_BYTES];
    struct bytes key;
    struct bytes value;
    uint32_t start_s;
    int rc = store_seek(txn, rule->table, beginning, &key, &value, err);

    if (rc != 1)
        return rc;
    if (key.len < KEY_MIN_BYTES)
        return 0;
    start_s = key_take_u32(key.data);
    if (((int64_t)start_s + rule->length_s) * MS_PER_SEC >
        date_unix_ms - rule->kept_ms)
        return 0;
    if (rule->table == STORE_RAW) {
        rc = is_waited_for(
            txn, start_s, key_take_u32(key.data + 4), waiting, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    memcpy(copy, key.data, key.len);
    return store_delete(txn, rule->table,
               (struct bytes){.data = copy, .len = key.len}, err) == 0
               ? 1
               : -1;
}

int
retention_run(struct retention *retention, struct store_txn *txn,
    const struct retention_now *now, size_t *deleted, struct err *err)
{
    struct waiting waiting = {.is_known = false};
    int64_t date_unix_ms;

    *deleted = 0;
    if (move_date(retention, txn, now, &date_unix_ms, err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        int rc = 1;

        while (rc == 1 && *deleted < RETENTION_SLICE_ROWS) {
            rc = delete_first(txn, &rules[i], date_unix_ms, &waiting, err);
            *deleted += rc == 1;
        }
        if (rc < 0)
            return err_wrap(err, "retention");
    }
    return 0;
}
