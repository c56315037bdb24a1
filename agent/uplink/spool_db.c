#include "spool_db.h"

#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "digest.h"
#include "spool_dir.h"

enum {
    MAP_SLACK_BYTES = 16 << 20, /* over cap and a quarter: what copies need */
    EXPIRE_MAX = 1000,          /* records removed for their age in a commit */
    DROP_MAX = 4096,            /* and for want of room */
    DROP_STEP = 25,
    DROP_PART = 16, /* of all, when the disk is full */
    DROP_LEAST = 100,
    LEAST_FREE_BYTES = 1 << 20, /* less is a full disk */
    MS_PER_MINUTE = 60000
};

struct spool_db {
    char *path; /* owned */
    size_t cap_bytes;
    MDB_env *env;    /* owned; NULL if it could not be opened again */
    MDB_dbi records; /* number -> sealed record */
    MDB_dbi acks;    /* minute -> sealed key of what was acknowledged by then */
    MDB_dbi notes;   /* name -> sealed value, and the head */
};

static const char head_name[] = "\x01head";

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

static MDB_val
val_of(struct bytes bytes)
{
    /* LMDB does not write through it. */
    return (MDB_val){bytes.len, (void *)(uintptr_t)bytes.data};
}

static struct bytes
bytes_of(const MDB_val *val)
{
    return (struct bytes){.data = val->mv_data, .len = val->mv_size};
}

/* ---- small steps inside a transaction; they return LMDB's code ---- */

static int
put_sealed(MDB_txn *txn, MDB_dbi dbi, struct bytes key, struct bytes value,
    unsigned flags)
{
    MDB_val k = val_of(key);
    MDB_val v = {SPOOL_SEAL_BYTES + value.len, NULL};
    int rc = mdb_put(txn, dbi, &k, &v, flags | MDB_RESERVE);

    if (rc != 0)
        return rc;
    spool_seal(key, value, v.mv_data);
    if (value.len > 0)
        memcpy((uint8_t *)v.mv_data + SPOOL_SEAL_BYTES, value.data, value.len);
    return 0;
}

/* MDB_NOTFOUND if it is not there, MDB_CORRUPTED if it is damaged. */
static int
get_sealed(MDB_txn *txn, MDB_dbi dbi, struct bytes key, struct bytes *value)
{
    MDB_val k = val_of(key);
    MDB_val v;
    int rc = mdb_get(txn, dbi, &k, &v);

    if (rc != 0)
        return rc;
    return spool_unseal(key, bytes_of(&v), value) ? 0 : MDB_CORRUPTED;
}

static struct bytes
name_key(const char *name)
{
    return (struct bytes){.data = (const uint8_t *)name, .len = strlen(name)};
}

static int
put_head(MDB_txn *txn, MDB_dbi notes, const struct spool_head *head)
{
    uint8_t bytes[SPOOL_HEAD_BYTES];

    spool_head_encode(head, bytes);
    return put_sealed(txn, notes, name_key(head_name),
        (struct bytes){bytes, sizeof(bytes)}, 0);
}

/* The entries of the tail become records. */
static int
put_tail(
    struct spool_db *db, MDB_txn *txn, const uint8_t *id, struct bytes left)
{
    struct spool_entry entry;
    uint8_t key[SPOOL_KEY_BYTES];
    int rc = 0;

    while (rc == 0 && spool_entry_next(id, &left, &entry)) {
        spool_key_encode(entry.number, key);
        rc = put_sealed(txn, db->records, (struct bytes){key, sizeof(key)},
            entry.record, MDB_APPEND);
        /* A commit that seemed to fail may have come through. */
        if (rc == MDB_KEYEXIST)
            rc = 0;
    }
    return rc;
}

/* Removes the oldest up to `upto`, at most `max` of them. */
static int
remove_oldest(struct spool_db *db, MDB_txn *txn, uint64_t upto, unsigned max,
    struct spool_change *change)
{
    MDB_cursor *cursor;
    MDB_val k;
    uint64_t number;
    int rc = mdb_cursor_open(txn, db->records, &cursor);

    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < max; i++) {
        rc = mdb_cursor_get(cursor, &k, NULL, MDB_FIRST);
        if (rc != 0 || !spool_key_decode(bytes_of(&k), &number) ||
            number > upto) {
            break;
        }
        rc = mdb_cursor_del(cursor, 0);
        if (rc != 0)
            break;
        if (number > change->head.acked)
            change->head.lost++;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* One entry a minute is enough to know what is older than the retention. */
static int
put_ack(struct spool_db *db, MDB_txn *txn, int64_t ack_unix_ms, uint64_t number)
{
    uint8_t minute[SPOOL_KEY_BYTES];
    uint8_t acked[SPOOL_KEY_BYTES];

    spool_key_encode((uint64_t)(ack_unix_ms / MS_PER_MINUTE), minute);
    spool_key_encode(number, acked);
    return put_sealed(txn, db->acks, (struct bytes){minute, sizeof(minute)},
        (struct bytes){acked, sizeof(acked)}, 0);
}

/* `next` if there is none. */
static int
first_number(struct spool_db *db, MDB_txn *txn, uint64_t next, uint64_t *number)
{
    MDB_cursor *cursor;
    MDB_val k;
    int rc = mdb_cursor_open(txn, db->records, &cursor);

    if (rc != 0)
        return rc;
    rc = mdb_cursor_get(cursor, &k, NULL, MDB_FIRST);
    if (rc == 0 && !spool_key_decode(bytes_of(&k), number))
        rc = MDB_CORRUPTED;
    mdb_cursor_close(cursor);
    if (rc != MDB_NOTFOUND)
        return rc;
    *number = next;
    return 0;
}

/* The oldest acknowledgement: MDB_NOTFOUND if there is none. */
static int
oldest_ack(struct spool_db *db, MDB_txn *txn, int64_t *unix_ms, uint64_t *upto)
{
    MDB_val k;
    MDB_val v;
    MDB_cursor *cursor;
    struct bytes value;
    uint64_t minute = 0;
    int rc = mdb_cursor_open(txn, db->acks, &cursor);

    if (rc != 0)
        return rc;
    rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    if (rc == 0 && (!spool_key_decode(bytes_of(&k), &minute) ||
                       minute > (uint64_t)(INT64_MAX / MS_PER_MINUTE) - 1 ||
                       !spool_unseal(bytes_of(&k), bytes_of(&v), &value) ||
                       !spool_key_decode(value, upto))) {
        rc = MDB_CORRUPTED;
    }
    mdb_cursor_close(cursor);
    *unix_ms = ((int64_t)minute + 1) * MS_PER_MINUTE; /* or a little before */
    return rc;
}

/* Removes what was acknowledged longer ago than the retention. */
static int
expire(struct spool_db *db, MDB_txn *txn, const struct spool_write *write,
    struct spool_change *change)
{
    uint8_t key[SPOOL_KEY_BYTES];
    MDB_val k = {sizeof(key), key};
    int64_t acked_unix_ms = 0;
    uint64_t upto = 0;
    uint64_t first = 0;
    int rc = oldest_ack(db, txn, &acked_unix_ms, &upto);

    if (rc != 0)
        return rc == MDB_NOTFOUND ? 0 : rc;
    if (acked_unix_ms > write->ack_unix_ms - write->retention_ms)
        return 0;
    rc = remove_oldest(db, txn, upto, EXPIRE_MAX, change);
    if (rc == 0)
        rc = first_number(db, txn, change->head.next, &first);
    if (rc != 0 || first <= upto)
        return rc;
    spool_key_encode((uint64_t)(acked_unix_ms / MS_PER_MINUTE - 1), key);
    return mdb_del(txn, db->acks, &k, NULL);
}

static int
measure_pages(struct spool_db *db, MDB_txn *txn, struct spool_change *change)
{
    MDB_stat stat;
    int rc = mdb_stat(txn, db->records, &stat);

    if (rc != 0)
        return rc;
    change->pages_bytes =
        stat.ms_psize *
        (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages);
    return 0;
}

/* At the cap the oldest go first. */
static int
keep_to_cap(struct spool_db *db, MDB_txn *txn, size_t cap_bytes,
    struct spool_change *change)
{
    int rc = measure_pages(db, txn, change);

    for (unsigned n = 0; rc == 0 && n < DROP_MAX; n += DROP_STEP) {
        if (change->pages_bytes <= cap_bytes)
            return 0;
        rc = remove_oldest(db, txn, change->head.next, DROP_STEP, change);
        if (rc == 0)
            rc = measure_pages(db, txn, change);
    }
    return rc;
}

/* Everything that is due. */
static int
fill(struct spool_db *db, MDB_txn *txn, const struct spool_write *write,
    struct spool_change *change)
{
    const struct spool_head *head = &change->head;
    int rc = put_tail(db, txn, head->id, write->tail);

    /* What lies below the base was forgotten by a renumbering. */
    if (rc == 0)
        rc = remove_oldest(db, txn, head->base, EXPIRE_MAX, change);
    if (rc == 0 && write->acked)
        rc = put_ack(db, txn, write->ack_unix_ms, head->acked);
    if (rc == 0 && write->acked)
        rc = expire(db, txn, write, change);
    if (rc == 0)
        rc = keep_to_cap(db, txn, write->cap_bytes, change);
    if (rc == 0)
        rc = first_number(db, txn, head->next, &change->oldest);
    if (rc == 0 && write->note_name != NULL) {
        rc = put_sealed(
            txn, db->notes, name_key(write->note_name), write->note, 0);
    }
    if (rc == 0)
        rc = put_head(txn, db->notes, head);
    return rc;
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
    return rc;
}

static int
open_databases(struct spool_db *db, MDB_txn *txn)
{
    int rc = mdb_dbi_open(txn, "records", MDB_CREATE, &db->records);

    if (rc == 0)
        rc = mdb_dbi_open(txn, "acks", MDB_CREATE, &db->acks);
    if (rc == 0)
        rc = mdb_dbi_open(txn, "notes", MDB_CREATE, &db->notes);
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
        rc = open_databases(db, txn);
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
    if (rc == MDB_PANIC) {
        rc = open_again(db);
        if (rc == 0)
            rc = mdb_txn_begin(db->env, NULL, flags, txn);
    }
    return rc;
}

static int
load_head(
    struct spool_db *db, MDB_txn *txn, struct spool_head *head, struct err *err)
{
    struct bytes value;
    int rc = get_sealed(txn, db->notes, name_key(head_name), &value);

    if (rc == 0)
        return spool_head_decode(value, head, err);
    if (rc != MDB_NOTFOUND)
        return lmdb_failed(err, rc, "head");
    *head = (struct spool_head){.next = 1};
    digest_random(head->id, sizeof(head->id));
    rc = put_head(txn, db->notes, head);
    return rc == 0 ? 0 : lmdb_failed(err, rc, "head");
}

static int
load(struct spool_db *db, struct spool_change *now, struct err *err)
{
    MDB_txn *txn;
    int rc = begin(db, 0, &txn);

    if (rc != 0)
        return lmdb_failed(err, rc, "data.mdb");
    rc = open_databases(db, txn);
    if (rc != 0)
        return finish(txn, rc, "data.mdb", err);
    if (load_head(db, txn, &now->head, err) != 0) {
        mdb_txn_abort(txn);
        return -1;
    }
    rc = first_number(db, txn, now->head.next, &now->oldest);
    if (rc == 0)
        rc = measure_pages(db, txn, now);
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
    rc = fill(db, txn, write, &change);
    if (finish(txn, rc, "write", err) != 0)
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
    rc = remove_oldest(
        db, txn, synced, part < DROP_MAX ? (unsigned)part : DROP_MAX, &change);
    if (rc == 0)
        rc = first_number(db, txn, change.head.next, &change.oldest);
    if (rc == 0)
        rc = measure_pages(db, txn, &change);
    if (rc == 0)
        rc = put_head(txn, db->notes, &change.head);
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
    rc = mdb_drop(txn, db->acks, 0);
    if (rc == 0)
        rc = put_head(txn, db->notes, head);
    return finish(txn, rc, "renumber", err);
}

static int
read_sealed(struct spool_db *db, MDB_dbi dbi, struct bytes key, struct buf *out,
    struct err *err)
{
    struct bytes value;
    MDB_txn *txn;
    int rc = begin(db, MDB_RDONLY, &txn);

    if (rc != 0)
        return lmdb_failed(err, rc, "begin");
    rc = get_sealed(txn, dbi, key, &value);
    if (rc == MDB_NOTFOUND)
        rc = 0;
    else if (rc != 0)
        rc = lmdb_failed(err, rc, "read");
    else
        rc = buf_append(out, value.data, value.len, err) == 0 ? 1 : -1;
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
        db, db->records, (struct bytes){key, sizeof(key)}, out, err);
}

int
spool_db_get_note(
    struct spool_db *db, const char *name, struct buf *out, struct err *err)
{
    return read_sealed(db, db->notes, name_key(name), out, err);
}
