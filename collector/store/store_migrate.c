/*
 * From older schemas to ours: a step for each, and each step in slices, a
 * transaction each, so that a large store needs no large transaction.  How far
 * a step has come is noted beside what it changed; a process that ends on the
 * way goes on where it was.
 */
#include <errno.h>
#include <string.h>

#include "digest.h"
#include "row.h"
#include "store_lmdb.h"

enum { SLICE_ROWS = 5000, NOTE_HEAD_BYTES = 2 };

/* What is done: all tables before `table`, and in it the keys up to `key`. */
struct progress {
    uint8_t from; /* the version that the step begins with */
    uint8_t table;
    uint8_t key[STORE_KEY_MAX_BYTES];
    size_t key_len; /* 0: nothing of this table yet */
};

/* Does a slice; *done says that there is no more.  Gives what LMDB gives. */
typedef int step_fn(
    struct store *store, MDB_txn *txn, struct progress *progress, bool *done);

/* ---- 1 to 2: a checksum behind each value ---- */

static MDB_val
note_key(void)
{
    static const char name[] = "migrating";

    return (MDB_val){.mv_size = sizeof(name) - 1,
        .mv_data = (void *)(uintptr_t)name}; /* LMDB does not write it */
}

static bool
is_key(const MDB_val *key, MDB_val other)
{
    return key->mv_size == other.mv_size &&
           memcmp(key->mv_data, other.mv_data, other.mv_size) == 0;
}

/* Rows about the schema have forms of their own. */
static bool
is_about_schema(uint8_t table, const MDB_val *key)
{
    return table == STORE_META &&
           (is_key(key, note_key()) || is_key(key, store_schema_key()));
}

/* The first row behind what is done, its key and value. */
static int
next_row(MDB_cursor *cursor, const struct progress *progress, MDB_val *key,
    MDB_val *value)
{
    uint8_t behind[STORE_KEY_MAX_BYTES + 1];

    if (progress->key_len == 0)
        return mdb_cursor_get(cursor, key, value, MDB_FIRST);
    memcpy(behind, progress->key, progress->key_len);
    behind[progress->key_len] = 0;
    *key = (MDB_val){.mv_size = progress->key_len + 1, .mv_data = behind};
    return mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
}

static int
add_sum(
    MDB_cursor *cursor, MDB_val *key, const MDB_val *value, struct buf *room)
{
    uint8_t sum[STORE_SUM_BYTES];
    MDB_val summed;
    struct err err;

    key_put_u32(sum, digest_crc32c(digest_crc32c(0, key->mv_data, key->mv_size),
                         value->mv_data, value->mv_size));
    buf_clear(room);
    if (buf_append(room, value->mv_data, value->mv_size, &err) != 0 ||
        buf_append(room, sum, sizeof(sum), &err) != 0)
        return ENOMEM;
    summed = (MDB_val){.mv_size = room->len, .mv_data = room->data};
    return mdb_cursor_put(cursor, key, &summed, 0);
}

static int
add_sums_in(MDB_cursor *cursor, struct progress *progress, size_t *left)
{
    struct buf room;
    MDB_val key;
    MDB_val value;
    int rc = 0;

    buf_init(&room, SIZE_MAX);
    while (*left > 0) {
        rc = next_row(cursor, progress, &key, &value);
        if (rc != 0)
            break;
        if (key.mv_size > STORE_KEY_MAX_BYTES) {
            rc = MDB_BAD_VALSIZE;
            break;
        }
        memcpy(progress->key, key.mv_data, key.mv_size);
        progress->key_len = key.mv_size;
        key.mv_data = progress->key; /* the map moves under what is written */
        if (!is_about_schema(progress->table, &key))
            rc = add_sum(cursor, &key, &value, &room);
        if (rc != 0)
            break;
        --*left;
    }
    buf_free(&room);
    return rc;
}

static int
add_sums(
    struct store *store, MDB_txn *txn, struct progress *progress, bool *done)
{
    size_t left = SLICE_ROWS;

    while (progress->table < STORE_CONDITIONS) { /* there were no others */
        MDB_cursor *cursor;
        int rc = mdb_cursor_open(txn, store->tables[progress->table], &cursor);

        if (rc != 0)
            return rc;
        rc = add_sums_in(cursor, progress, &left);
        mdb_cursor_close(cursor);
        if (rc != MDB_NOTFOUND)
            return rc;
        progress->table++;
        progress->key_len = 0;
    }
    *done = true;
    return 0;
}

/* ---- 2 to 3: tables "past" and "conditions" ---- */

/* Whoever opens a store makes the tables that it lacks. */
static int
add_tables(
    struct store *store, MDB_txn *txn, struct progress *progress, bool *done)
{
    (void)store;
    (void)txn;
    (void)progress;
    *done = true;
    return 0;
}

/* ---- the steps ---- */

/* From the version of its place on. */
static step_fn *const steps[STORE_SCHEMA_VERSION] = {
    [STORE_SCHEMA_BARE] = add_sums,
    [STORE_SCHEMA_SUMS] = add_tables,
};

static int
read_note(
    struct store *store, MDB_txn *txn, int version, struct progress *progress)
{
    MDB_val key = note_key();
    MDB_val value;
    const uint8_t *at;
    int rc = mdb_get(txn, store->tables[STORE_META], &key, &value);

    *progress = (struct progress){.from = (uint8_t)version};
    if (rc != 0)
        return rc == MDB_NOTFOUND ? 0 : rc;
    at = value.mv_data;
    if (value.mv_size < NOTE_HEAD_BYTES || at[0] != version ||
        value.mv_size > NOTE_HEAD_BYTES + STORE_KEY_MAX_BYTES)
        return MDB_INCOMPATIBLE;
    progress->table = at[1];
    progress->key_len = value.mv_size - NOTE_HEAD_BYTES;
    memcpy(progress->key, at + NOTE_HEAD_BYTES, progress->key_len);
    return 0;
}

static int
write_note(struct store *store, MDB_txn *txn, const struct progress *progress)
{
    uint8_t bytes[NOTE_HEAD_BYTES + STORE_KEY_MAX_BYTES];
    MDB_val key = note_key();
    MDB_val value = {
        .mv_size = NOTE_HEAD_BYTES + progress->key_len, .mv_data = bytes};

    bytes[0] = progress->from;
    bytes[1] = progress->table;
    memcpy(bytes + NOTE_HEAD_BYTES, progress->key, progress->key_len);
    return mdb_put(txn, store->tables[STORE_META], &key, &value, 0);
}

static int
end_step(struct store *store, MDB_txn *txn, int version)
{
    MDB_val key = note_key();
    int rc = mdb_del(txn, store->tables[STORE_META], &key, NULL);

    if (rc != 0 && rc != MDB_NOTFOUND)
        return rc;
    return store_schema_put(store, txn, version + 1);
}

/* One transaction. */
static int
do_slice(struct store *store, int version, bool *done)
{
    struct progress progress;
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);

    if (rc != 0)
        return rc;
    rc = read_note(store, txn, version, &progress);
    if (rc == 0)
        rc = steps[version](store, txn, &progress, done);
    if (rc == 0)
        rc = *done ? end_step(store, txn, version)
                   : write_note(store, txn, &progress);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

int
store_migrate(struct store *store, int version, struct err *err)
{
    for (; version < STORE_SCHEMA_VERSION; version++) {
        bool done = false;

        if (version < 0 || steps[version] == NULL)
            return err_set(err, ERR_STATE,
                "is of schema %d, which no leadline ever wrote", version);
        while (!done) {
            int rc = do_slice(store, version, &done);

            if (rc == 0)
                continue;
            (void)store_lmdb_failed(err, rc, "migrate");
            return err_wrap(err, "from schema %d to %d", version, version + 1);
        }
    }
    return 0;
}
