#include "store_lmdb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "in_child.h"
#include "writer_lock.h"

#define MAP_BYTES_DEFAULT ((size_t)16 << 30)

enum { FILE_MODE = 0640, DIR_MODE = 0750 };

static const char *const table_names[STORE_TABLE_COUNT] = {
    [STORE_RAW] = "raw",
    [STORE_VERDICTS] = "verdicts",
    [STORE_HOUR] = "hour",
    [STORE_DAY] = "day",
    [STORE_EVIDENCE] = "evidence",
    [STORE_MARKS] = "marks",
    [STORE_AGENTS] = "agents",
    [STORE_NAMES] = "names",
    [STORE_CHECKS] = "checks",
    [STORE_CONFIGS] = "configs",
    [STORE_INCIDENTS] = "incidents",
    [STORE_NOTICES] = "notices",
    [STORE_MAILQ] = "mailq",
    [STORE_WINDOWS] = "windows",
    [STORE_SILENCES] = "silences",
    [STORE_TOKENS] = "tokens",
    [STORE_QUARANTINE] = "quarantine",
    [STORE_LOST] = "lost",
    [STORE_DIRTY] = "dirty",
    [STORE_META] = "meta",
};

static const char schema_key[] = "schema";

/* ---- what LMDB says, in our words ---- */

int
store_lmdb_failed(struct err *err, int rc, const char *what)
{
    switch (rc) {
    case MDB_MAP_FULL:
        return err_set(err, ERR_FULL, "the store's map is full (%s)", what);
    case ENOSPC:
    case EDQUOT:
        return err_set(err, ERR_FULL, "the disk is full (%s)", what);
    case ENOMEM:
        return err_set(err, ERR_NOMEM, "%s", what);
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
        return err_set(err, ERR_STATE,
            "the store is damaged (%s: %s); move it aside and restore the last "
            "backup",
            what, mdb_strerror(rc));
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        return err_set(err, ERR_STATE,
            "data.mdb is not a leadline store, or is damaged at its front; "
            "move it aside");
    case MDB_READERS_FULL:
        return err_set(
            err, ERR_BUSY, "more than %d readers", STORE_READERS_MAX);
    case MDB_TXN_FULL:
        return err_set(err, ERR_LIMIT, "too much in one transaction");
    default: /* errno values and the rest of LMDB's */
        if (rc > 0)
            return err_sys(err, rc, "%s", what);
        return err_set(err, ERR_STATE, "%s: %s", what, mdb_strerror(rc));
    }
}

/* ---- opening ---- */

static int
open_env(struct store *store, const struct store_spec *spec, struct err *err)
{
    unsigned flags = MDB_NOTLS;
    int rc = mdb_env_create(&store->env);

    if (rc != 0)
        return store_lmdb_failed(err, rc, "mdb_env_create");
    rc = mdb_env_set_maxdbs(store->env, STORE_TABLE_COUNT);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(store->env, STORE_READERS_MAX);
    /* A reader takes the size that the writer gave the map. */
    if (rc == 0 && !spec->read_only)
        rc = mdb_env_set_mapsize(
            store->env, spec->map_bytes ? spec->map_bytes : MAP_BYTES_DEFAULT);
    if (rc != 0)
        return store_lmdb_failed(err, rc, "set up");
    if (spec->read_only)
        flags |= MDB_RDONLY;
    rc = mdb_env_open(store->env, spec->dir, flags, FILE_MODE);
    if (rc == EACCES || rc == EPERM)
        return err_set(err, ERR_SYS,
            "this user may not open it; run it as the collector's user or as "
            "root");
    return rc == 0 ? 0 : store_lmdb_failed(err, rc, "open");
}

static int
touch_edge(
    MDB_cursor *cursor, MDB_cursor_op edge, const char *table, struct err *err)
{
    MDB_val parts[2];
    volatile uint8_t seen = 0;
    int rc = mdb_cursor_get(cursor, &parts[0], &parts[1], edge);

    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc != 0)
        return store_lmdb_failed(err, rc, table);
    for (int p = 0; p < 2; p++) {
        const uint8_t *at = parts[p].mv_data;

        for (size_t i = 0; i < parts[p].mv_size; i++)
            seen = (uint8_t)(seen ^ at[i]);
    }
    return 0;
}

static int
touch_table(MDB_txn *txn, const char *name, struct err *err)
{
    MDB_cursor *cursor;
    MDB_dbi dbi;
    int rc = mdb_dbi_open(txn, name, 0, &dbi);

    if (rc == MDB_NOTFOUND)
        return 0; /* a store in the making; tables are looked for later */
    if (rc == 0)
        rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc != 0)
        return store_lmdb_failed(err, rc, name);
    rc = touch_edge(cursor, MDB_FIRST, name, err);
    if (rc == 0)
        rc = touch_edge(cursor, MDB_LAST, name, err);
    mdb_cursor_close(cursor);
    return rc;
}

/* Reads the first and the last row of each table.  Runs in a child. */
static int
look_over(void *ctx, struct err *err)
{
    const struct store_spec *spec = ctx;
    struct store_spec reading = {.dir = spec->dir, .read_only = true};
    struct store store = {.lock_fd = -1};
    MDB_txn *txn = NULL;
    int rc;

    rc = open_env(&store, &reading, err);
    if (rc != 0)
        goto out;
    rc = mdb_txn_begin(store.env, NULL, MDB_RDONLY, &txn);
    if (rc != 0) {
        rc = store_lmdb_failed(err, rc, "begin");
        goto out;
    }
    for (int i = 0; i < STORE_TABLE_COUNT && rc == 0; i++)
        rc = touch_table(txn, table_names[i], err);

out:
    mdb_txn_abort(txn);
    if (store.env != NULL)
        mdb_env_close(store.env);
    return rc;
}

/* 1: there is a database file with something in it, 0: not, -1: err. */
static int
has_data(const char *dir, struct err *err)
{
    char path[4096];
    struct stat st;

    if (snprintf(path, sizeof(path), "%s/data.mdb", dir) >= (int)sizeof(path))
        return err_set(err, ERR_LIMIT, "path of %zu bytes", strlen(dir));
    if (stat(path, &st) == 0)
        return st.st_size > 0 ? 1 : 0;
    if (errno == ENOENT)
        return 0;
    return err_sys(err, errno, "%s", path);
}

static int
prepare_dir(struct store *store, const struct store_spec *spec, struct err *err)
{
    int there;

    if (!spec->read_only && mkdir(spec->dir, DIR_MODE) != 0 && errno != EEXIST)
        return err_sys(err, errno, "make the folder");
    if (!spec->read_only) {
        store->lock_fd = writer_lock_open(spec->dir, err);
        if (store->lock_fd == -1)
            return -1;
    }
    there = has_data(spec->dir, err);
    if (there < 0)
        return -1;
    if (there == 0 && spec->read_only)
        return err_set(err, ERR_SYS,
            "there is no store here; the collector makes one when it first "
            "runs");
    if (there == 0)
        return 0;
    if (in_child(look_over, &(struct store_spec){.dir = spec->dir}, err) == 0)
        return 0;
    if (err->code == ERR_STATE)
        err_wrap(err, "damaged or foreign (move it aside, restore a backup)");
    return -1;
}

/* A database with tables, but without ours, is somebody else's. */
static int
refuse_foreign(MDB_txn *txn, struct err *err)
{
    MDB_stat stat;
    MDB_dbi dbi;
    int rc = mdb_dbi_open(txn, table_names[STORE_META], 0, &dbi);

    if (rc == 0)
        return 0;
    if (rc != MDB_NOTFOUND)
        return store_lmdb_failed(err, rc, "meta");
    rc = mdb_dbi_open(txn, NULL, 0, &dbi);
    if (rc == 0)
        rc = mdb_stat(txn, dbi, &stat);
    if (rc != 0)
        return store_lmdb_failed(err, rc, "tables");
    if (stat.ms_entries > 0)
        return err_set(err, ERR_STATE,
            "holds the database of another program; give another folder");
    return 0;
}

static int
open_tables(struct store *store, MDB_txn *txn, struct err *err)
{
    unsigned flags = store->read_only ? 0 : MDB_CREATE;

    if (refuse_foreign(txn, err) != 0)
        return -1;
    for (int i = 0; i < STORE_TABLE_COUNT; i++) {
        int rc = mdb_dbi_open(txn, table_names[i], flags, &store->tables[i]);

        if (rc == MDB_NOTFOUND)
            return err_set(err, ERR_STATE,
                "is not a whole leadline store: it has no table \"%s\"",
                table_names[i]);
        if (rc != 0)
            return store_lmdb_failed(err, rc, table_names[i]);
    }
    return 0;
}

static int
check_schema(struct store *store, MDB_txn *txn, struct err *err)
{
    uint8_t ours = STORE_SCHEMA_VERSION;
    MDB_val key = {.mv_size = sizeof(schema_key) - 1};
    MDB_val value;
    int rc;

    key.mv_data = (void *)(uintptr_t)schema_key;
    rc = mdb_get(txn, store->tables[STORE_META], &key, &value);
    if (rc == MDB_NOTFOUND && !store->read_only) {
        value = (MDB_val){.mv_size = 1, .mv_data = &ours};
        rc = mdb_put(txn, store->tables[STORE_META], &key, &value, 0);
        return rc == 0 ? 0 : store_lmdb_failed(err, rc, "schema version");
    }
    if (rc != 0)
        return err_set(err, ERR_STATE, "has no schema version");
    if (value.mv_size != 1 || *(const uint8_t *)value.mv_data != ours)
        return err_set(err, ERR_STATE,
            "was written by another version of leadline (schema %d, this one "
            "reads %d)",
            value.mv_size == 1 ? *(const uint8_t *)value.mv_data : -1, ours);
    return 0;
}

static int
open_all(struct store *store, const struct store_spec *spec, struct err *err)
{
    MDB_txn *txn = NULL;
    int dead = 0;
    int rc;

    if (prepare_dir(store, spec, err) != 0 || open_env(store, spec, err) != 0)
        return -1;
    (void)mdb_reader_check(store->env, &dead);
    rc =
        mdb_txn_begin(store->env, NULL, spec->read_only ? MDB_RDONLY : 0, &txn);
    if (rc != 0)
        return store_lmdb_failed(err, rc, "begin");
    if (open_tables(store, txn, err) != 0 ||
        check_schema(store, txn, err) != 0) {
        mdb_txn_abort(txn);
        return -1;
    }
    rc = mdb_txn_commit(txn); /* the tables' handles stay, read only or not */
    return rc == 0 ? 0 : store_lmdb_failed(err, rc, "commit");
}

struct store *
store_open(const struct store_spec *spec, struct err *err)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL) {
        err_set(err, ERR_NOMEM, "store");
        return NULL;
    }
    store->lock_fd = -1;
    store->read_only = spec->read_only;
    if (open_all(store, spec, err) != 0) {
        err_wrap(err, "store %s", spec->dir);
        store_close(store);
        return NULL;
    }
    return store;
}

void
store_close(struct store *store)
{
    if (store == NULL)
        return;
    if (store->env != NULL)
        mdb_env_close(store->env);
    if (store->lock_fd != -1)
        (void)close(store->lock_fd);
    free(store);
}
