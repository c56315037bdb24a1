#include "store_look.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "in_child.h"
#include "store_lmdb.h"

enum { PATH_BYTES = 4096, EDGES_MAX_S = 60, WHOLE_MAX_S = 3600 };

struct look {
    const char *dir;
    size_t pages; /* that were ever used; known in the child */
    bool whole;   /* every row, not only the first and last */
};

static int
damaged(struct err *err, int rc, const char *what)
{
    return err_set(err, ERR_STATE, "%s: %s", what, mdb_strerror(rc));
}

/* ---- in the child ---- */

/* 1: read, 0: there is none. */
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
        return damaged(err, rc, table);
    /* A value that ends behind the map is a SIGBUS or SIGSEGV: in a child. */
    for (int p = 0; p < 2; p++) {
        const uint8_t *at = parts[p].mv_data;

        if (at == NULL && parts[p].mv_size > 0)
            return err_set(err, ERR_STATE, "%s: a row that is nowhere", table);
        for (size_t i = 0; i < parts[p].mv_size; i++)
            seen = (uint8_t)(seen ^ at[i]);
    }
    return 1;
}

/* Garbage in place of a page is seldom in order, or of the right number. */
static int
touch_rows(MDB_cursor *cursor, const char *table, struct err *err)
{
    MDB_txn *txn = mdb_cursor_txn(cursor);
    MDB_dbi dbi = mdb_cursor_dbi(cursor);
    uint8_t last[STORE_KEY_MAX_BYTES];
    MDB_val before = {.mv_data = last};
    MDB_stat stat;
    size_t count = 0;
    int rc;

    while ((rc = touch_edge(
                cursor, count == 0 ? MDB_FIRST : MDB_NEXT, table, err)) == 1) {
        MDB_val key;
        MDB_val value;

        if (mdb_cursor_get(cursor, &key, &value, MDB_GET_CURRENT) != 0 ||
            key.mv_size == 0 || key.mv_size > sizeof(last) ||
            (count > 0 && mdb_cmp(txn, dbi, &before, &key) >= 0))
            return err_set(err, ERR_STATE, "%s: rows out of order", table);
        memcpy(last, key.mv_data, key.mv_size);
        before.mv_size = key.mv_size;
        count++;
    }
    if (rc < 0)
        return -1;
    rc = mdb_stat(txn, dbi, &stat);
    if (rc != 0)
        return damaged(err, rc, table);
    return stat.ms_entries == count
               ? 0
               : err_set(err, ERR_STATE, "%s: %zu rows of %zu", table, count,
                     (size_t)stat.ms_entries);
}

static int
touch_table(MDB_txn *txn, const char *name, bool whole, struct err *err)
{
    MDB_cursor *cursor;
    MDB_dbi dbi;
    int rc = mdb_dbi_open(txn, name, 0, &dbi);

    if (rc == MDB_NOTFOUND)
        return 0; /* a store in the making; tables are looked for later */
    if (rc == 0)
        rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc != 0)
        return damaged(err, rc, name);
    if (whole)
        rc = touch_rows(cursor, name, err);
    else if (touch_edge(cursor, MDB_FIRST, name, err) < 0 ||
             touch_edge(cursor, MDB_LAST, name, err) < 0)
        rc = -1;
    mdb_cursor_close(cursor);
    return rc;
}

struct behind {
    size_t first; /* page behind the file's end */
    size_t count; /* free ones, of those */
};

static int
count_behind(void *ctx, const uint8_t *pages, size_t count)
{
    struct behind *behind = ctx;

    for (size_t i = 0; i < count; i++) {
        size_t page;

        memcpy(&page, pages + i * sizeof(page), sizeof(page));
        behind->count += page >= behind->first;
    }
    return 0;
}

/*
 * Pages that were never written are all free, or the file was cut.  A writer
 * may be at work: `pages` were used before the transaction began, and the
 * file's length is looked at after that, so that it holds what is not free.
 */
static int
check_length(MDB_env *env, MDB_txn *txn, size_t pages, struct err *err)
{
    struct behind behind = {0};
    struct stat file;
    MDB_stat stat;
    int fd;
    int rc = mdb_env_stat(env, &stat);

    if (rc == 0)
        rc = mdb_env_get_fd(env, &fd);
    if (rc == 0 && fstat(fd, &file) != 0)
        rc = errno;
    if (rc != 0)
        return damaged(err, rc, "length");
    behind.first = (size_t)file.st_size / stat.ms_psize;
    if (behind.first >= pages)
        return 0;
    rc = store_lmdb_each_free(txn, count_behind, &behind);
    if (rc != 0)
        return damaged(err, rc, "free pages");
    if (behind.count >= pages - behind.first)
        return 0;
    return err_set(err, ERR_STATE, "the file is cut short: %zu pages of %zu",
        behind.first, pages);
}

/* A database with tables, but without ours, is somebody else's. */
static int
look_without_meta(MDB_txn *txn)
{
    MDB_stat stat;
    MDB_dbi dbi;
    int rc = mdb_dbi_open(txn, NULL, 0, &dbi);

    if (rc == 0)
        rc = mdb_stat(txn, dbi, &stat);
    if (rc != 0)
        return STORE_DAMAGED;
    return stat.ms_entries > 0 ? STORE_FOREIGN : STORE_SOUND;
}

static int
look_at_schema(MDB_txn *txn)
{
    MDB_val key = store_schema_key();
    MDB_val value;
    MDB_dbi dbi;
    int version;
    int rc = mdb_dbi_open(txn, store_table_name(STORE_META), 0, &dbi);

    if (rc == MDB_NOTFOUND)
        return look_without_meta(txn);
    if (rc == 0)
        rc = mdb_get(txn, dbi, &key, &value);
    if (rc == MDB_NOTFOUND)
        return STORE_SOUND; /* in the making */
    if (rc != 0 || store_schema_of(&value, &version) != 0)
        return STORE_DAMAGED;
    if (version > STORE_SCHEMA_VERSION)
        return STORE_NEWER;
    return version < STORE_SCHEMA_VERSION ? STORE_OLDER : STORE_SOUND;
}

static int
look_inside(
    MDB_env *env, MDB_txn *txn, const struct look *look, struct err *err)
{
    int condition = look_at_schema(txn);

    if (condition == STORE_DAMAGED)
        return err_set(err, ERR_STATE, "its schema version cannot be read");
    if (condition == STORE_FOREIGN)
        return condition;
    if (check_length(env, txn, look->pages, err) != 0)
        return -1;
    for (int i = 0; i < STORE_TABLE_COUNT; i++) {
        if (touch_table(txn, store_table_name((enum store_table)i), look->whole,
                err) != 0)
            return -1;
    }
    return condition;
}

/* LMDB's word, where it is one about what the file holds. */
static int
open_failed(int rc, struct err *err)
{
    switch (rc) {
    case MDB_VERSION_MISMATCH:
        return STORE_FOREIGN;
    case MDB_INVALID:
        return err_set(err, ERR_STATE,
            "data.mdb is not a leadline store, or is damaged at its front");
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
        return damaged(err, rc, "open");
    default: /* errno values, and what says nothing of the file */
        return store_lmdb_failed(err, rc, "open");
    }
}

static int
look(void *ctx, struct err *err)
{
    struct look *look = ctx;
    MDB_envinfo info;
    struct store_spec spec = {.dir = look->dir, .read_only = true};
    struct store store = {.lock_fd = -1};
    MDB_txn *txn = NULL;
    int rc = store_lmdb_env(&store, &spec);

    if (rc != 0) {
        rc = open_failed(rc, err);
        goto out;
    }
    rc = mdb_env_info(store.env, &info);
    if (rc == 0) {
        look->pages = info.me_last_pgno + 1;
        rc = mdb_txn_begin(store.env, NULL, MDB_RDONLY, &txn);
    }
    rc = rc != 0 ? store_lmdb_failed(err, rc, "begin")
                 : look_inside(store.env, txn, look, err);

out:
    mdb_txn_abort(txn);
    if (store.env != NULL)
        mdb_env_close(store.env);
    return rc;
}

/* ---- in the parent ---- */

/* 1: there is something to look at, 0: *condition is said, -1: err. */
static int
look_at_file(const char *dir, enum store_condition *condition, struct err *err)
{
    char path[PATH_BYTES];
    struct stat st;

    if (snprintf(path, sizeof(path), "%s/data.mdb", dir) >= (int)sizeof(path))
        return err_set(err, ERR_LIMIT, "path of %zu bytes", strlen(dir));
    if (stat(path, &st) != 0) {
        *condition = STORE_ABSENT;
        return errno == ENOENT ? 0 : err_sys(err, errno, "%s", path);
    }
    *condition = STORE_EMPTY;
    return st.st_size > 0;
}

static void
say(enum store_condition condition, struct err *err)
{
    switch (condition) {
    case STORE_OLDER:
        (void)err_set(err, ERR_STATE,
            "was written by an older leadline; start the collector, which "
            "makes it one of today");
        return;
    case STORE_NEWER:
        (void)err_set(err, ERR_STATE,
            "was written by a newer leadline than this one (which reads schema "
            "%d): nothing is wrong with it; install that version again",
            STORE_SCHEMA_VERSION);
        return;
    case STORE_FOREIGN:
        (void)err_set(err, ERR_STATE,
            "holds the database of another program; give another folder");
        return;
    case STORE_SOUND:
    case STORE_ABSENT:
    case STORE_EMPTY:
    case STORE_DAMAGED:
        return;
    }
}

static int
look_at(struct look at, enum store_condition *condition, struct err *err)
{
    int rc = look_at_file(at.dir, condition, err);

    if (rc != 1)
        return rc;
    rc = in_child(look, &at, at.whole ? WHOLE_MAX_S : EDGES_MAX_S, err);
    if (rc < 0 && err->code != ERR_STATE)
        return -1;
    *condition = rc < 0 ? STORE_DAMAGED : (enum store_condition)rc;
    say(*condition, err);
    return 0;
}

int
store_look(const char *dir, enum store_condition *condition, struct err *err)
{
    return look_at((struct look){.dir = dir}, condition, err);
}

int
store_look_whole(
    const char *dir, enum store_condition *condition, struct err *err)
{
    return look_at((struct look){.dir = dir, .whole = true}, condition, err);
}
