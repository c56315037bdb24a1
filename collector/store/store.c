#include "store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "digest.h"
#include "row.h"
#include "store_lmdb.h"

/* Less than this is a full disk, where a write was cut short. */
enum { LEAST_FREE_BYTES = 1 << 20 };

static MDB_val
as_val(struct bytes bytes)
{
    return (MDB_val){.mv_size = bytes.len,
        .mv_data = (void *)(uintptr_t)bytes.data}; /* LMDB does not write it */
}

static struct bytes
as_bytes(const MDB_val *val)
{
    return (struct bytes){.data = val->mv_data, .len = val->mv_size};
}

/* ---- sums ---- */

/* Of key and value, so that a row that stands where another should is noticed
 * too. */
static uint32_t
sum_of(struct bytes key, struct bytes value)
{
    return digest_crc32c(
        digest_crc32c(0, key.data, key.len), value.data, value.len);
}

/* What stands before the sum; false: it is not its sum. */
static bool
without_sum(const MDB_val *key, const MDB_val *stored, struct bytes *value)
{
    *value = as_bytes(stored);
    if (value->len < STORE_SUM_BYTES)
        return false;
    value->len -= STORE_SUM_BYTES;
    return key_take_u32(value->data + value->len) ==
           sum_of(as_bytes(key), *value);
}

bool
store_is_whole(const MDB_val *key, const MDB_val *stored)
{
    struct bytes value;

    return without_sum(key, stored, &value);
}

static int
take_value(const struct store_txn *txn, enum store_table table,
    const MDB_val *key, const MDB_val *stored, struct bytes *value,
    struct err *err)
{
    if (without_sum(key, stored, value))
        return 0;
    store_note_hurt(txn->store, table, key);
    return err_set(err, ERR_STATE,
        "a row of table \"%s\" is damaged (`leadline verify` names it)",
        store_table_name(table));
}

/* What LMDB says, in our words; and a page that cannot be is remembered. */
static int
failed(struct store *store, struct err *err, int rc, const char *what)
{
    if (rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND)
        atomic_store(&store->broken, true);
    if (rc == MDB_PANIC)
        atomic_store(&store->shut, true);
    return store_lmdb_failed(err, rc, what);
}

bool
store_is_broken(const struct store *store)
{
    return atomic_load(&store->broken);
}

bool
store_is_shut(const struct store *store)
{
    return atomic_load(&store->shut);
}

/* ---- transactions ---- */

static struct store_txn *
begin(struct store *store, unsigned flags, struct err *err)
{
    struct store_txn *txn = calloc(1, sizeof(*txn));
    int rc;

    if (txn == NULL) {
        err_set(err, ERR_NOMEM, "transaction");
        return NULL;
    }
    txn->store = store;
    rc = mdb_txn_begin(store->env, NULL, flags, &txn->txn);
    if (rc != 0) {
        failed(store, err, rc, "begin");
        free(txn);
        return NULL;
    }
    return txn;
}

struct store_txn *
store_begin_write(struct store *store, struct err *err)
{
    assert(!store->read_only);
    return begin(store, 0, err);
}

struct store_txn *
store_begin_read(struct store *store, struct err *err)
{
    return begin(store, MDB_RDONLY, err);
}

static void
close_cursors(struct store_txn *txn)
{
    for (int i = 0; i < STORE_TABLE_COUNT; i++) {
        if (txn->cursors[i] != NULL)
            mdb_cursor_close(txn->cursors[i]);
        txn->cursors[i] = NULL;
    }
}

/*
 * LMDB says EIO where the disk took only a part of a write, as one that is
 * filling up does.
 */
static int
without_short_write(const struct store *store, int rc)
{
    struct statvfs disk;
    const char *path;

    if (rc != EIO || mdb_env_get_path(store->env, &path) != 0 ||
        statvfs(path, &disk) != 0)
        return rc;
    return (uint64_t)disk.f_bavail * disk.f_frsize < LEAST_FREE_BYTES ? ENOSPC
                                                                      : rc;
}

int
store_commit(struct store_txn *txn, struct err *err)
{
    struct store *store = txn->store;
    int rc;

    close_cursors(txn);
    if (txn->full) {
        store_abort(txn);
        return err_set(err, ERR_FULL, "the store is full (commit)");
    }
    rc = without_short_write(store, mdb_txn_commit(txn->txn));
    free(txn);
    return rc == 0 ? 0 : failed(store, err, rc, "commit");
}

void
store_abort(struct store_txn *txn)
{
    if (txn == NULL)
        return;
    close_cursors(txn);
    mdb_txn_abort(txn->txn);
    free(txn);
}

/* ---- rows ---- */

static MDB_cursor *
cursor_of(struct store_txn *txn, enum store_table table, struct err *err)
{
    MDB_dbi dbi = txn->store->tables[table];

    if (txn->cursors[table] == NULL) {
        int rc = mdb_cursor_open(txn->txn, dbi, &txn->cursors[table]);

        if (rc != 0) {
            txn->cursors[table] = NULL;
            failed(txn->store, err, rc, "cursor");
        }
    }
    return txn->cursors[table];
}

static int
no_key(struct bytes key, struct err *err)
{
    return err_set(err, ERR_LIMIT, "key of %zu bytes (1 to %d)", key.len,
        STORE_KEY_MAX_BYTES);
}

static bool
is_key(struct bytes key)
{
    return key.len >= 1 && key.len <= STORE_KEY_MAX_BYTES;
}

int
store_get(struct store_txn *txn, enum store_table table, struct bytes key,
    struct bytes *value, struct err *err)
{
    MDB_cursor *cursor = cursor_of(txn, table, err);
    MDB_val k = as_val(key);
    MDB_val v;
    int rc;

    if (cursor == NULL)
        return -1;
    if (!is_key(key))
        return no_key(key, err);
    rc = mdb_cursor_get(cursor, &k, &v, MDB_SET);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc != 0)
        return failed(txn->store, err, rc, "get");
    if (value == NULL)
        return 1;
    return take_value(txn, table, &k, &v, value, err) == 0 ? 1 : -1;
}

/*
 * Rewriting the row that was just read is most of what live traffic does: the
 * cursor stands there already.
 */
static bool
cursor_stands_at(MDB_cursor *cursor, struct bytes key)
{
    MDB_val k;
    MDB_val v;

    return mdb_cursor_get(cursor, &k, &v, MDB_GET_CURRENT) == 0 &&
           k.mv_size == key.len && memcmp(k.mv_data, key.data, key.len) == 0;
}

int
store_put(struct store_txn *txn, enum store_table table, struct bytes key,
    struct bytes value, struct err *err)
{
    MDB_cursor *cursor = cursor_of(txn, table, err);
    MDB_val k = as_val(key);
    MDB_val v = {.mv_size = value.len + STORE_SUM_BYTES};
    uint32_t sum = sum_of(key, value);
    int rc;

    if (cursor == NULL)
        return -1;
    if (!is_key(key))
        return no_key(key, err);
    rc = mdb_cursor_put(cursor, &k, &v,
        MDB_RESERVE | (cursor_stands_at(cursor, key) ? MDB_CURRENT : 0));
    if (rc == 0) {
        uint8_t *at = v.mv_data;

        if (value.len > 0)
            memcpy(at, value.data, value.len);
        key_put_u32(at + value.len, sum);
        return 0;
    }
    if (rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT)
        txn->full = true;
    return failed(txn->store, err, rc, "put");
}

int
store_delete(struct store_txn *txn, enum store_table table, struct bytes key,
    struct err *err)
{
    MDB_val k = as_val(key);
    int rc;

    if (!is_key(key))
        return no_key(key, err);
    rc = mdb_del(txn->txn, txn->store->tables[table], &k, NULL);
    if (rc == MDB_MAP_FULL)
        txn->full = true;
    return rc == 0 || rc == MDB_NOTFOUND
               ? 0
               : failed(txn->store, err, rc, "delete");
}

struct walk {
    const struct store_txn *txn; /* borrowed */
    enum store_table table;
    MDB_val end; /* empty: none */
    store_each_fn *fn;
    store_each_any_fn *any; /* instead, where damaged rows are told too */
    void *ctx;
};

static int
tell(const struct walk *walk, const MDB_val *key, const MDB_val *stored,
    struct err *err)
{
    struct bytes value;

    if (walk->any != NULL) {
        bool whole = without_sum(key, stored, &value);

        return walk->any(walk->ctx, as_bytes(key), value, whole, err);
    }
    if (take_value(walk->txn, walk->table, key, stored, &value, err) != 0)
        return -1;
    return walk->fn(walk->ctx, as_bytes(key), value, err);
}

static int
walk_on(MDB_cursor *cursor, struct bytes from, const struct walk *walk,
    struct err *err)
{
    MDB_cursor_op op = from.len > 0 ? MDB_SET_RANGE : MDB_FIRST;
    MDB_val k = as_val(from);
    MDB_val v;
    int rc;

    while ((rc = mdb_cursor_get(cursor, &k, &v, op)) == 0) {
        if (walk->end.mv_size > 0 &&
            mdb_cmp(mdb_cursor_txn(cursor), mdb_cursor_dbi(cursor), &k,
                &walk->end) >= 0)
            return 0;
        rc = tell(walk, &k, &v, err);
        if (rc != 0)
            return rc > 0 ? 0 : -1;
        op = MDB_NEXT;
    }
    return rc == MDB_NOTFOUND ? 0 : failed(walk->txn->store, err, rc, "walk");
}

static int
walk(struct store_txn *txn, struct bytes from, const struct walk *walk,
    struct err *err)
{
    MDB_cursor *cursor; /* its own: walks may be nested */
    int rc;

    if (from.len > STORE_KEY_MAX_BYTES)
        return no_key(from, err);
    rc = mdb_cursor_open(txn->txn, txn->store->tables[walk->table], &cursor);
    if (rc != 0)
        return failed(txn->store, err, rc, "walk");
    rc = walk_on(cursor, from, walk, err);
    mdb_cursor_close(cursor);
    return rc;
}

int
store_each(struct store_txn *txn, enum store_table table, struct bytes from,
    struct bytes to, store_each_fn *fn, void *ctx, struct err *err)
{
    const struct walk each = {
        .txn = txn, .table = table, .end = as_val(to), .fn = fn, .ctx = ctx};

    return walk(txn, from, &each, err);
}

int
store_each_any(struct store_txn *txn, enum store_table table, struct bytes from,
    store_each_any_fn *fn, void *ctx, struct err *err)
{
    const struct walk each = {
        .txn = txn, .table = table, .any = fn, .ctx = ctx};

    return walk(txn, from, &each, err);
}

/* What a cursor found, or not: as store_seek(). */
struct found {
    const struct store_txn *txn; /* borrowed */
    enum store_table table;
    struct bytes *key;
    struct bytes *value; /* NULL: not asked for, and not looked at */
};

static int
take_found(const struct found *found, int rc, const MDB_val *k,
    const MDB_val *v, struct err *err)
{
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc != 0)
        return failed(found->txn->store, err, rc, "seek");
    *found->key = as_bytes(k);
    if (found->value == NULL)
        return 1;
    return take_value(found->txn, found->table, k, v, found->value, err) == 0
               ? 1
               : -1;
}

int
store_seek(struct store_txn *txn, enum store_table table, struct bytes from,
    struct bytes *key, struct bytes *value, struct err *err)
{
    MDB_cursor *cursor = cursor_of(txn, table, err);
    const struct found found = {
        .txn = txn, .table = table, .key = key, .value = value};
    MDB_val k = as_val(from);
    MDB_val v;
    int rc;

    if (cursor == NULL)
        return -1;
    if (from.len > STORE_KEY_MAX_BYTES)
        return no_key(from, err);
    rc = mdb_cursor_get(
        cursor, &k, &v, from.len > 0 ? MDB_SET_RANGE : MDB_FIRST);
    return take_found(&found, rc, &k, &v, err);
}

int
store_seek_before(struct store_txn *txn, enum store_table table,
    struct bytes before, struct bytes *key, struct bytes *value,
    struct err *err)
{
    MDB_cursor *cursor = cursor_of(txn, table, err);
    const struct found found = {
        .txn = txn, .table = table, .key = key, .value = value};
    MDB_val k = as_val(before);
    MDB_val v;
    int rc = MDB_NOTFOUND;

    if (cursor == NULL)
        return -1;
    if (before.len > STORE_KEY_MAX_BYTES)
        return no_key(before, err);
    if (before.len > 0)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_PREV);
    else if (rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
    return take_found(&found, rc, &k, &v, err);
}
