/*
 * spool_db.h - the spool's LMDB environment, and what is done to it in one
 * transaction.
 *
 * Every commit is synced, so a power cut never leaves it half written.  The
 * lock of spool_dir.h keeps other processes out.  One thread at a time, but
 * for one thing: while spool_db_hold() is in force, one spool_db_write() may
 * go on in another thread.  Numbers are those that records were stored under
 * (spool_value.h).
 */
#ifndef AGENT_SPOOL_DB_H
#define AGENT_SPOOL_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "spool_value.h"

struct spool_db;

/* What a transaction leaves behind. */
struct spool_change {
    struct spool_head head;
    uint64_t oldest;    /* head.next if there is none */
    size_t pages_bytes; /* of the records */
    /*
     * Of the newest acknowledgement when it was opened: how long processes
     * have lived on this spool, counted from an arbitrary moment.
     */
    int64_t ack_age_ms;
};

/* What a transaction is to do. */
struct spool_write {
    struct bytes tail; /* entries to become records */
    bool acked;        /* head.acked moved */
    int64_t ack_age_ms;
    int64_t retention_ms;
    size_t cap_bytes;
    const char *note_name; /* NULL: none */
    struct bytes note;
};

/* Opens or makes it; `now` is then what it holds.  Check it first. */
struct spool_db *spool_db_open(const char *path, size_t cap_bytes,
    struct spool_change *now, struct err *err);
void spool_db_close(struct spool_db *db);

/*
 * Stores the tail, the acknowledgement and the note, removes what is forgotten
 * or too old, keeps to the cap: all or nothing.  ERR_FULL if there is no room.
 */
int spool_db_write(struct spool_db *db, const struct spool_write *write,
    struct spool_change *now, struct err *err);

/*
 * From here to spool_db_release() what is read is what was there now.  One
 * spool_db_write() may begin and end meanwhile, in any thread, and no more:
 * LMDB writes over pages that were freed by the last transaction but one.
 */
int spool_db_hold(struct spool_db *db, struct err *err);
void spool_db_release(struct spool_db *db);

/*
 * Drops a part of the oldest, for the disk is full.  now->head may be ahead of
 * what is stored; `synced` is not.
 */
int spool_db_drop(struct spool_db *db, uint64_t synced,
    struct spool_change *now, struct err *err);

/* Another identity, and no acknowledgement of the old one. */
int spool_db_change_identity(
    struct spool_db *db, const struct spool_head *head, struct err *err);

/* Append to `out`.  1: there; 0: not; -1: err. */
int spool_db_read(
    struct spool_db *db, uint64_t number, struct buf *out, struct err *err);
int spool_db_get_note(
    struct spool_db *db, const char *name, struct buf *out, struct err *err);

#endif
