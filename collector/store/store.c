#include "store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "store_lmdb.h"

/* Less than this is a full disk, where a write was cut short. */
enum { LEAST_FREE_BYTES = 1 << 20 };

struct store_txn {
    struct store *store;                    /* borrowed */
    MDB_txn *txn;                           /* owned */
    MDB_cursor *cursors[STORE_TABLE_COUNT]; /* owned; NULL until needed */
    bool full; /* something did not fit: nothing can be kept */
};

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
        store_lmdb_failed(err, rc, "begin");
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
    const struct store *store = txn->store;
    int rc;

    close_cursors(txn);
    if (txn->full) {
        store_abort(txn);
        return err_set(err, ERR_FULL, "the store is full (commit)");
    }
    rc = without_short_write(store, mdb_txn_commit(txn->txn));
    free(txn);
    return rc == 0 ? 0 : store_lmdb_failed(err, rc, "commit");
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
            store_lmdb_failed(err, rc, "cursor");
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
        return store_lmdb_failed(err, rc, "get");
    *value = as_bytes(&v);
    return 1;
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
    MDB_val v = as_val(value);
    int rc;

    if (cursor == NULL)
        return -1;
    if (!is_key(key))
        return no_key(key, err);
    rc = mdb_cursor_put(
        cursor, &k, &v, cursor_stands_at(cursor, key) ? MDB_CURRENT : 0);
    if (rc == 0)
        return 0;
    if (rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT)
        txn->full = true;
    return store_lmdb_failed(err, rc, "put");
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
    return rc == 0 || rc == MDB_NOTFOUND ? 0
                                         : store_lmdb_failed(err, rc, "delete");
}

static int
walk(MDB_cursor *cursor, struct bytes from, MDB_val *to, store_each_fn *fn,
    void *ctx, struct err *err)
{
    MDB_cursor_op op = from.len > 0 ? MDB_SET_RANGE : MDB_FIRST;
    MDB_val k = as_val(from);
    MDB_val v;
    int rc;

    while ((rc = mdb_cursor_get(cursor, &k, &v, op)) == 0) {
        if (to->mv_size > 0 && mdb_cmp(mdb_cursor_txn(cursor),
                                   mdb_cursor_dbi(cursor), &k, to) >= 0)
            return 0;
        rc = fn(ctx, as_bytes(&k), as_bytes(&v), err);
        if (rc != 0)
            return rc > 0 ? 0 : -1;
        op = MDB_NEXT;
    }
    return rc == MDB_NOTFOUND ? 0 : store_lmdb_failed(err, rc, "walk");
}

int
store_each(struct store_txn *txn, enum store_table table, struct bytes from,
    struct bytes to, store_each_fn *fn, void *ctx, struct err *err)
{
    MDB_val end = as_val(to);
    MDB_cursor *cursor; /* its own: walks may be nested */
    int rc;

    if (from.len > STORE_KEY_MAX_BYTES)
        return no_key(from, err);
    rc = mdb_cursor_open(txn->txn, txn->store->tables[table], &cursor);
    if (rc != 0)
        return store_lmdb_failed(err, rc, "walk");
    rc = walk(cursor, from, &end, fn, ctx, err);
    mdb_cursor_close(cursor);
    return rc;
}

/* What a cursor found, or not. */
static int
found(int rc, const MDB_val *k, const MDB_val *v, struct bytes out[2],
    struct err *err)
{
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc != 0)
        return store_lmdb_failed(err, rc, "seek");
    out[0] = as_bytes(k);
    out[1] = as_bytes(v);
    return 1;
}

int
store_seek(struct store_txn *txn, enum store_table table, struct bytes from,
    struct bytes *key, struct bytes *value, struct err *err)
{
    MDB_cursor *cursor = cursor_of(txn, table, err);
    struct bytes out[2];
    MDB_val k = as_val(from);
    MDB_val v;
    int rc;

    if (cursor == NULL)
        return -1;
    if (from.len > STORE_KEY_MAX_BYTES)
        return no_key(from, err);
    rc = mdb_cursor_get(
        cursor, &k, &v, from.len > 0 ? MDB_SET_RANGE : MDB_FIRST);
    rc = found(rc, &k, &v, out, err);
    if (rc == 1) {
        *key = out[0];
        *value = out[1];
    }
    return rc;
}

int
store_seek_before(struct store_txn *txn, enum store_table table,
    struct bytes before, struct bytes *key, struct bytes *value,
    struct err *err)
{
    MDB_cursor *cursor = cursor_of(txn, table, err);
    struct bytes out[2];
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
    rc = found(rc, &k, &v, out, err);
    if (rc == 1) {
        *key = out[0];
        *value = out[1];
    }
    return rc;
}

/* ---- care ---- */

int
store_clear_stale_readers(struct store *store, struct err *err)
{
    int dead = 0;
    int rc = mdb_reader_check(store->env, &dead);

    return rc == 0 ? dead : store_lmdb_failed(err, rc, "stale readers");
}

/* Pages that are free for use again; each row of LMDB's own table 0 is a list
 * that begins with its length. */
static int
count_free(MDB_txn *txn, size_t *pages)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    int rc = mdb_cursor_open(txn, 0, &cursor);

    *pages = 0;
    if (rc != 0)
        return rc;
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        size_t count;

        memcpy(&count, value.mv_data, sizeof(count));
        *pages += count;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
map_ratio(struct store *store, double *ratio, struct err *err)
{
    struct store_txn *txn = store_begin_read(store, err);
    MDB_envinfo info;
    MDB_stat stat;
    size_t free_pages = 0;
    int rc;

    if (txn == NULL)
        return -1;
    rc = count_free(txn->txn, &free_pages);
    if (rc == 0)
        rc = mdb_env_info(store->env, &info);
    if (rc == 0)
        rc = mdb_env_stat(store->env, &stat);
    store_abort(txn);
    if (rc != 0)
        return store_lmdb_failed(err, rc, "how full");
    *ratio = (double)(info.me_last_pgno + 1 - free_pages) *
             (double)stat.ms_psize / (double)info.me_mapsize;
    return 0;
}

int
store_used_ratio(struct store *store, double *ratio, struct err *err)
{
    struct statvfs disk;
    const char *path;
    double disk_ratio;

    if (map_ratio(store, ratio, err) != 0)
        return -1;
    if (mdb_env_get_path(store->env, &path) != 0 || statvfs(path, &disk) != 0)
        return err_sys(err, errno, "how full is the disk");
    if (disk.f_blocks == 0)
        return 0;
    disk_ratio = 1.0 - (double)disk.f_bavail / (double)disk.f_blocks;
    if (disk_ratio > *ratio)
        *ratio = disk_ratio;
    return 0;
}

int
store_table_size(struct store_txn *txn, enum store_table table,
    struct store_size *size, struct err *err)
{
    MDB_stat stat;
    int rc = mdb_stat(txn->txn, txn->store->tables[table], &stat);

    if (rc != 0)
        return store_lmdb_failed(err, rc, "size of a table");
    *size = (struct store_size){.rows = stat.ms_entries,
        .bytes = (stat.ms_branch_pages + stat.ms_leaf_pages +
                     stat.ms_overflow_pages) *
                 stat.ms_psize};
    return 0;
}
