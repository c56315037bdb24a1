/*
 * spool_rows.h - what the spool's database holds, and the steps that a
 * transaction on it is made of.
 *
 * Only spool_db.c uses it.  Whatever returns int returns LMDB's code: 0, or
 * what mdb_strerror() explains.
 */
#ifndef AGENT_SPOOL_ROWS_H
#define AGENT_SPOOL_ROWS_H

#include <lmdb.h>
#include <stdint.h>

#include "buf.h"
#include "spool_db.h"
#include "spool_value.h"

struct spool_rows {
    MDB_dbi records; /* number -> sealed record */
    MDB_dbi acks;    /* minute of ack_age_ms -> sealed key of what was
                        acknowledged by its end */
    MDB_dbi notes;   /* name -> sealed value, and the head */
};

/* Makes what is not there yet. */
int spool_rows_open(struct spool_rows *rows, MDB_txn *txn);

/* The key of a note; lends the name's bytes. */
struct bytes spool_rows_name(const char *name);

/*
 * Lends the value stored under `key`.  MDB_NOTFOUND if it is not there,
 * MDB_CORRUPTED if it is damaged.
 */
int spool_rows_get(
    MDB_txn *txn, MDB_dbi dbi, struct bytes key, struct bytes *value);

int spool_rows_get_head(
    const struct spool_rows *rows, MDB_txn *txn, struct bytes *value);
int spool_rows_put_head(
    const struct spool_rows *rows, MDB_txn *txn, const struct spool_head *head);

/* The oldest record's number; `next` if there is none. */
int spool_rows_first(const struct spool_rows *rows, MDB_txn *txn, uint64_t next,
    uint64_t *number);

/* Fills change->ack_age_ms; 0 where nothing was acknowledged. */
int spool_rows_ack_age(
    const struct spool_rows *rows, MDB_txn *txn, struct spool_change *change);

/* Fills change->pages_bytes. */
int spool_rows_measure(
    const struct spool_rows *rows, MDB_txn *txn, struct spool_change *change);

/* Removes the oldest up to `upto`, at most `max`; counts those lost. */
int spool_rows_remove_oldest(const struct spool_rows *rows, MDB_txn *txn,
    uint64_t upto, unsigned max, struct spool_change *change);

/* Everything that is due: see spool_db_write(). */
int spool_rows_fill(const struct spool_rows *rows, MDB_txn *txn,
    const struct spool_write *write, struct spool_change *change);

#endif
