#include "store_lmdb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "row.h"
#include "store_look.h"
#include "writer_lock.h"

#define MAP_BYTES_DEFAULT ((size_t)16 << 30)

enum { FILE_MODE = 0640, DIR_MODE = 0750 };

static const char *const table_names[STORE_TABLE_COUNT] = {
    [STORE_RAW] = "raw",
    [STORE_VERDICTS] = "verdicts",
    [STORE_HOUR] = "hour",
    [STORE_DAY] = "day",
    [STORE_PAST] = "past",
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
    [STORE_CONDITIONS] = "conditions",
};

const char *
store_table_name(enum store_table table)
{
    return table_names[table];
}

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
        return err_set(err, ERR_STATE,
            "the store is damaged (%s: %s); move it aside and restore the last "
            "backup",
            what, mdb_strerror(rc));
    case MDB_PANIC:
        return err_set(err, ERR_STATE,
            "the disk refused the end of a commit (%s): the store must be "
            "opened again",
            what);
    case EROFS:
        return err_set(err, ERR_SYS,
            "%s: Read-only file system: look at dmesg, and make it writable "
            "again",
            what);
    case EIO:
        return err_set(err, ERR_SYS,
            "%s: the disk fails (Input/output error): look at dmesg and "
            "smartctl",
            what);
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        return err_set(err, ERR_STATE,
            "data.mdb is not a leadline store, or is damaged at its front; "
            "move it aside");
    case EACCES:
    case EPERM:
        return err_set(err, ERR_SYS,
            "this user may not %s it; run it as the collector's user or as "
            "root",
            what);
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

int
store_lmdb_env(struct store *store, const struct store_spec *spec)
{
    unsigned flags = MDB_NOTLS;
    int rc = mdb_env_create(&store->env);

    if (rc != 0)
        return rc;
    rc = mdb_env_set_maxdbs(store->env, STORE_TABLE_COUNT);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(store->env, STORE_READERS_MAX);
    /* A reader takes the size that the writer gave the map. */
    if (rc == 0 && !spec->read_only)
        rc = mdb_env_set_mapsize(
            store->env, spec->map_bytes ? spec->map_bytes : MAP_BYTES_DEFAULT);
    if (rc != 0)
        return rc;
    if (spec->read_only)
        flags |= MDB_RDONLY;
    return mdb_env_open(store->env, spec->dir, flags, FILE_MODE);
}

static int
prepare_dir(struct store *store, const struct store_spec *spec, struct err *err)
{
    enum store_condition condition;

    if (!spec->read_only && mkdir(spec->dir, DIR_MODE) != 0 && errno != EEXIST)
        return err_sys(err, errno, "make the folder");
    if (!spec->read_only) {
        store->lock_fd = writer_lock_open(spec->dir, err);
        if (store->lock_fd == -1)
            return -1;
    }
    if (store_look(spec->dir, &condition, err) != 0)
        return -1;
    switch (condition) {
    case STORE_SOUND:
        return 0;
    case STORE_OLDER:
        return spec->read_only ? -1 : 0;
    case STORE_ABSENT:
    case STORE_EMPTY:
        if (!spec->read_only)
            return 0;
        return err_set(err, ERR_SYS,
            "there is no store here; the collector makes one when it first "
            "runs");
    case STORE_DAMAGED:
        return err_wrap(err, "is damaged (move it aside, restore a backup)");
    case STORE_NEWER:
    case STORE_FOREIGN:
        break;
    }
    return -1;
}

static int
open_tables(struct store *store, MDB_txn *txn, struct err *err)
{
    unsigned flags = store->read_only ? 0 : MDB_CREATE;

    for (int i = 0; i < STORE_TABLE_COUNT; i++) {
        int rc = mdb_dbi_open(txn, table_names[i], flags, &store->tables[i]);

        if (rc == MDB_NOTFOUND)
            return err_set(err, ERR_STATE,
                "has no table \"%s\": an older leadline wrote it (start the "
                "collector on it, which adds the table)",
                table_names[i]);
        if (rc != 0)
            return store_lmdb_failed(err, rc, table_names[i]);
    }
    return 0;
}

/* ---- the schema ---- */

MDB_val
store_schema_key(void)
{
    static const char name[] = "schema";

    return (MDB_val){.mv_size = sizeof(name) - 1,
        .mv_data = (void *)(uintptr_t)name}; /* LMDB does not write it */
}

int
store_schema_of(const MDB_val *row, int *version)
{
    const uint8_t *at = row->mv_data;
    MDB_val key = store_schema_key();
    uint32_t sum;

    if (row->mv_size == 0)
        return -1;
    *version = at[0];
    if (row->mv_size == 1)
        return *version == STORE_SCHEMA_BARE ? 0 : -1;
    if (row->mv_size != 1 + STORE_SUM_BYTES)
        return -1;
    sum = digest_crc32c(
        digest_crc32c(0, key.mv_data, key.mv_size), row->mv_data, 1);
    return key_take_u32(at + 1) == sum ? 0 : -1;
}

int
store_schema_put(struct store *store, MDB_txn *txn, int version)
{
    uint8_t row[1 + STORE_SUM_BYTES] = {(uint8_t)version};
    MDB_val key = store_schema_key();
    MDB_val value = {.mv_size = sizeof(row), .mv_data = row};

    key_put_u32(row + 1,
        digest_crc32c(digest_crc32c(0, key.mv_data, key.mv_size), row, 1));
    return mdb_put(txn, store->tables[STORE_META], &key, &value, 0);
}

/* Gives the version, or -1; a new store gets ours. */
static int
schema_of(struct store *store, MDB_txn *txn, struct err *err)
{
    MDB_val key = store_schema_key();
    MDB_val value;
    int version;
    int rc = mdb_get(txn, store->tables[STORE_META], &key, &value);

    if (rc == MDB_NOTFOUND && !store->read_only) {
        rc = store_schema_put(store, txn, STORE_SCHEMA_VERSION);
        if (rc != 0)
            return store_lmdb_failed(err, rc, "schema version");
        return STORE_SCHEMA_VERSION;
    }
    if (rc != 0 || store_schema_of(&value, &version) != 0)
        return err_set(err, ERR_STATE, "has no schema version");
    return version;
}

static int
open_all(struct store *store, const struct store_spec *spec, struct err *err)
{
    MDB_txn *txn = NULL;
    int dead = 0;
    int version;
    int rc;

    if (prepare_dir(store, spec, err) != 0)
        return -1;
    rc = store_lmdb_env(store, spec);
    if (rc != 0)
        return store_lmdb_failed(err, rc, "open");
    (void)mdb_reader_check(store->env, &dead);
    rc =
        mdb_txn_begin(store->env, NULL, spec->read_only ? MDB_RDONLY : 0, &txn);
    if (rc != 0)
        return store_lmdb_failed(err, rc, "begin");
    version =
        open_tables(store, txn, err) == 0 ? schema_of(store, txn, err) : -1;
    if (version < 0) {
        mdb_txn_abort(txn);
        return -1;
    }
    rc = mdb_txn_commit(txn); /* the tables' handles stay, read only or not */
    if (rc != 0)
        return store_lmdb_failed(err, rc, "commit");
    return version == STORE_SCHEMA_VERSION ? 0
                                           : store_migrate(store, version, err);
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
    (void)pthread_mutex_init(&store->lock, NULL);
    if (open_all(store, spec, err) != 0) {
        err_wrap(err, "store %s", spec->dir);
        store_close(store);
        return NULL;
    }
    return store;
}

void
store_mark_suspect(const struct store *store)
{
    if (store->lock_fd != -1)
        writer_lock_mark(store->lock_fd);
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
    (void)pthread_mutex_destroy(&store->lock);
    free(store);
}
