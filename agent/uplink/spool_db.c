#include "spool_db.h"

#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "digest.h"
#include "spool_dir.h"
#include "spool_pages.h"
#include "spool_rows.h"

enum {
    MAP_SLACK_BYTES = 16 << 20, /* over cap and a quarter: what copies need */
    DROP_MAX = 4096,            /* records at once, when the disk is full */
    DROP_PART = 16,             /* of all */
    DROP_LEAST = 100,
    LEAST_FREE_BYTES = 1 << 20,    /* less is a full disk */
    COMMIT_PAGES_BYTES = 96 * 1024 /* what one maps, beside its records */
};

struct spool_db {
    char *path; /* owned */
    size_t cap_bytes;
    MDB_env *env; /* owned; NULL if it could not be opened again */
    struct spool_rows rows;
    MDB_txn *held; /* owned; what is read while another thread writes */
    struct spool_pages read;    /* each counts for itself: */
    struct spool_pages written; /* by whoever writes */
};

static int
lmdb_failed(struct err *err, int rc, const char *what)
{
    if (rc == MDB_MAP_FULL || spool_dir_is_full(rc))
        return err_set(err, ERR_FULL, "%s: %s", what, mdb_strerror(rc));
    if (rc == ENOMEM)
        return err_set(err, ERR_NOMEM, "%s", what);
    if (rc > 0)
        return err_sys(err, rc, "%s", what);
    return err_set(err, ERR_STATE, "%s: %s", what, mdb_strerror(rc));
}

/*
 * LMDB says EIO where the disk took only a part of a write, as one that is
 * filling up does.
 */
static int
without_short_write(MDB_env *env, int rc)
{
    struct statvfs disk;
    const char *path;

    if (rc != EIO || mdb_env_get_path(env, &path) != 0 ||
        statvfs(path, &disk) != 0)
        return rc;
    return (uint64_t)disk.f_bavail * disk.f_frsize < LEAST_FREE_BYTES ? ENOSPC
                                                                      : rc;
}

/* Ends the transaction either way. */
static int
finish(MDB_txn *txn, int rc, const char *what, struct err *err)
{
    MDB_env *env = mdb_txn_env(txn);

    if (rc != 0)
        mdb_txn_abort(txn);
    else
        rc = without_short_write(env, mdb_txn_commit(txn));
    return rc == 0 ? 0 : lmdb_failed(err, rc, what);
}

static void
find_pages(struct spool_db *db)
{
    int fd;

    if (mdb_env_get_fd(db->env, &fd) != 0)
        return;
    spool_pages_find(&db->read, fd);
    db->written = db->read;
}

static int
open_env(struct spool_db *db)
{
    size_t map_bytes = db->cap_bytes + db->cap_bytes / 4 + MAP_SLACK_BYTES;
    int rc = mdb_env_create(&db->env);

    if (rc == 0)
        rc = mdb_env_set_maxdbs(db->env, 3);
    if (rc == 0)
        rc = mdb_env_set_mapsize(db->env, map_bytes);
    if (rc == 0)
        rc = mdb_env_open(db->env, db->path, MDB_NOLOCK, 0600);
    if (rc == 0)
        find_pages(db);
    return rc;
}

/*
 * After a write of its first pages has failed, LMDB refuses everything until
 * it is opened again.
 */
static int
open_again(struct spool_db *db)
{
    MDB_txn *txn;
    int rc;

    mdb_env_close(db->env); /* NULL is allowed */
    db->env = NULL;
    rc = open_env(db);
    if (rc == 0)
        rc = mdb_txn_begin(db->env, NULL, 0, &txn);
    if (rc == 0) {
        rc = spool_rows_open(&db->rows, txn);
        if (rc == 0)
            rc = mdb_txn_commit(txn);
        else
            mdb_txn_abort(txn);
    }
    if (rc != 0) {
        mdb_env_close(db->env);
        db->env = NULL;
    }
    return rc;
}

static int
begin(struct spool_db *db, unsigned flags, MDB_txn **txn)
{
    int rc = MDB_PANIC;

    if (db->env != NULL)
        rc = mdb_txn_begin(db->env, NULL, flags, txn);
    if (rc == MDB_PANIC && db->held == NULL) {
        rc = open_again(db);
        if (rc == 0)
            rc = mdb_txn_begin(db->env, NULL, flags, txn);
    }
    return rc;
}

int
spool_db_hold(struct spool_db *db, struct err *err)
{
    int rc = begin(db, MDB_RDONLY, &db->held);

    if (rc == 0)
        return 0;
    db->held = NULL;
    return lmdb_failed(err, rc, "begin");
}

void
spool_db_release(struct spool_db *db)
{
    mdb_txn_abort(db->held); /* NULL is allowed */
    db->held = NULL;
}

static int
load_head(
    struct spool_db *db, MDB_txn *txn, struct spool_head *head, struct err *err)
{
    struct bytes value;
    int rc = spool_rows_get_head(&db->rows, txn, &value);

    if (rc == 0)
        return spool_head_decode(value, head, err);
    if (rc != MDB_NOTFOUND)
        return lmdb_failed(err, rc, "head");
    *head = (struct spool_head){.next = 1};
    digest_random(head->id, sizeof(head->id));
    rc = spool_rows_put_head(&db->rows, txn, head);
    return rc == 0 ? 0 : lmdb_failed(err, rc, "head");
}

static int
load(struct spool_db *db, struct spool_change *now, struct err *err)
{
    MDB_txn *txn;
    int rc = begin(db, 0, &txn);

    if (rc != 0)
        return lmdb_failed(err, rc, "data.mdb");
    rc = spool_rows_open(&db->rows, txn);
    if (rc != 0)
        return finish(txn, rc, "data.mdb", err);
    if (load_head(db, txn, &now->head, err) != 0) {
        mdb_txn_abort(txn);
        return -1;
    }
    rc = spool_rows_first(&db->rows, txn, now->head.next, &now->oldest);
    if (rc == 0)
        rc = spool_rows_measure(&db->rows, txn, now);
    if (rc == 0)
        rc = spool_rows_ack_age(&db->rows, txn, now);
    return finish(txn, rc, "data.mdb", err);
}

struct spool_db *
spool_db_open(const char *path, size_t cap_bytes, struct spool_change *now,
    struct err *err)
{
    struct spool_db *db = calloc(1, sizeof(*db));
    int rc;

    if (db == NULL) {
        err_set(err, ERR_NOMEM, "spool");
        return NULL;
    }
    db->cap_bytes = cap_bytes;
    db->path = strdup(path);
    rc = db->path == NULL ? ENOMEM : open_env(db);
    if (rc != 0) {
        lmdb_failed(err, rc, "data.mdb");
        spool_db_close(db);
        return NULL;
    }
    if (load(db, now, err) != 0) {
        spool_db_close(db);
        return NULL;
    }
    return db;
}

void
spool_db_close(struct spool_db *db)
{
    if (db == NULL)
        return;
    spool_db_release(db);
    mdb_env_close(db->env); /* NULL is allowed */
    free(db->path);
    free(db);
}

int
spool_db_write(struct spool_db *db, const struct spool_write *write,
    struct spool_change *now, struct err *err)
{
    struct spool_change change = *now;
    MDB_txn *txn;
    int rc = begin(db, 0, &txn);

    if (rc != 0)
        return lmdb_failed(err, rc, "begin");
    rc = spool_rows_fill(&db->rows, txn, write, &change);
    rc = finish(txn, rc, "write", err);
    spool_pages_used(&db->written, COMMIT_PAGES_BYTES + write->tail.len);
    if (rc != 0)
        return -1;
    *now = change;
    return 0;
}

static int
drop_once(struct spool_db *db, uint64_t synced, struct spool_change *now,
    struct err *err)
{
    struct spool_change change = *now;
    uint64_t part = (synced + 1 - now->oldest) / DROP_PART + DROP_LEAST;
    MDB_txn *txn;
    int rc = begin(db, 0, &txn);

    if (rc != 0)
        return lmdb_failed(err, rc, "begin");
    change.head.next = synced + 1;
    rc = spool_rows_remove_oldest(&db->rows, txn, synced,
        part < DROP_MAX ? (unsigned)part : DROP_MAX, &change);
    if (rc == 0)
        rc = spool_rows_first(&db->rows, txn, change.head.next, &change.oldest);
    if (rc == 0)
        rc = spool_rows_measure(&db->rows, txn, &change);
    if (rc == 0)
        rc = spool_rows_put_head(&db->rows, txn, &change.head);
    if (finish(txn, rc, "drop the oldest", err) != 0)
        return -1;
    now->oldest = change.oldest;
    now->pages_bytes = change.pages_bytes;
    now->head.lost = change.head.lost;
    return 0;
}

int
spool_db_drop(struct spool_db *db, uint64_t synced, struct spool_change *now,
    struct err *err)
{
    /* A freed page is used again in the second transaction after, not before.
     */
    for (int i = 0; i < 2; i++) {
        if (drop_once(db, synced, now, err) != 0)
            return -1;
    }
    return 0;
}

int
spool_db_change_identity(
    struct spool_db *db, const struct spool_head *head, struct err *err)
{
    MDB_txn *txn;
    int rc = begin(db, 0, &txn);

    if (rc != 0)
        return lmdb_failed(err, rc, "begin");
    rc = mdb_drop(txn, db->rows.acks, 0);
    if (rc == 0)
        rc = spool_rows_put_head(&db->rows, txn, head);
    return finish(txn, rc, "renumber", err);
}

static int
read_sealed(struct spool_db *db, MDB_dbi dbi, struct bytes key, struct buf *out,
    struct err *err)
{
    struct bytes value = {NULL, 0};
    MDB_txn *txn = db->held;
    int rc = txn != NULL ? 0 : begin(db, MDB_RDONLY, &txn);

    if (rc != 0)
        return lmdb_failed(err, rc, "begin");
    rc = spool_rows_get(txn, dbi, key, &value);
    if (rc == MDB_NOTFOUND)
        rc = 0;
    else if (rc != 0)
        rc = lmdb_failed(err, rc, "read");
    else
        rc = buf_append(out, value.data, value.len, err) == 0 ? 1 : -1;
    spool_pages_used(&db->read, value.len);
    if (txn != db->held)
        mdb_txn_abort(txn);
    return rc;
}

int
spool_db_read(
    struct spool_db *db, uint64_t number, struct buf *out, struct err *err)
{
    uint8_t key[SPOOL_KEY_BYTES];

    spool_key_encode(number, key);
    return read_sealed(
        db, db->rows.records, (struct bytes){key, sizeof(key)}, out, err);
}

int
spool_db_get_note(
    struct spool_db *db, const char *name, struct buf *out, struct err *err)
{
    return read_sealed(db, db->rows.notes, spool_rows_name(name), out, err);
}
