/*
 * store.h - the collector's database: one LMDB environment, named tables,
 * one writer at a time, readers that never block it.
 *
 * This file knows LMDB and nothing about what is stored; the rows have their
 * own modules (raw.h, registry.h, verdict_row.h, ...).  Keys sort as bytes.
 * A commit is on disk when store_commit() returns.  Every row is kept with a
 * checksum, and one that is not what was put is ERR_STATE to whoever reads it.
 */
#ifndef COLLECTOR_STORE_H
#define COLLECTOR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum store_table {
    STORE_RAW,       /* raw.h */
    STORE_VERDICTS,  /* verdict_row.h */
    STORE_HOUR,      /* cell.h */
    STORE_DAY,       /* cell.h */
    STORE_PAST,      /* past_row.h */
    STORE_EVIDENCE,  /* evidence.h */
    STORE_MARKS,     /* registry.h */
    STORE_AGENTS,    /* registry.h */
    STORE_NAMES,     /* registry.h: names and their numbers */
    STORE_CHECKS,    /* registry.h */
    STORE_CONFIGS,   /* conf_history.h */
    STORE_INCIDENTS, /* incident_row.h */
    STORE_NOTICES,   /* alert/notice_log.h */
    STORE_MAILQ,     /* alert/mailq.h */
    STORE_WINDOWS,   /* maintenance added by hand */
    STORE_SILENCES,
    STORE_TOKENS,     /* registry.h */
    STORE_QUARANTINE, /* records that could not be read */
    STORE_LOST,       /* ranges an agent dropped */
    STORE_DIRTY,      /* ladder.h: cells to be made anew */
    STORE_META,       /* schema version and the like */
    STORE_CONDITIONS, /* alert/condition.h */
    STORE_TABLE_COUNT
};

enum { STORE_SCHEMA_VERSION = 3, STORE_KEY_MAX_BYTES = 500 };

struct store;
struct store_txn;

struct store_spec {
    const char *dir;
    size_t map_bytes; /* 0: 16 GiB, sparse */
    bool read_only;   /* no writer, and nothing is made */
};

/*
 * Whether a page was met that cannot be: more than a row is damaged, and only a
 * look at the whole file (store_look.h) says how much.  From any thread.
 */
bool store_is_broken(const struct store *store);

/*
 * Whether the disk refused the last step of a commit, so that nothing can be
 * read or written before the store is opened again.  It need not be damaged.
 * From any thread.
 */
bool store_is_shut(const struct store *store);

/*
 * Notes beside the store that its file may be damaged: who opens it next looks
 * at the whole of it first (restore.h).  From a signal's handler, too.
 */
void store_mark_suspect(const struct store *store);

/* As in messages; "raw", "verdicts", ... */
const char *store_table_name(enum store_table table);

/*
 * ERR_BUSY when another process writes to it, ERR_STATE when it is damaged, of
 * a newer schema or none of ours (store_look.h tells which), ERR_SYS for the
 * rest.  The message says what to do.  One of an older schema is migrated,
 * unless opened read only: ERR_STATE.
 */
struct store *store_open(const struct store_spec *spec, struct err *err);
/* No transaction may be open.  NULL is allowed. */
void store_close(struct store *store);

/*
 * Frees what readers that died left behind: what they read could not be used
 * again.  Gives how many there were, or -1.  Call it every minute.
 */
int store_clear_stale_readers(struct store *store, struct err *err);

struct store_used {
    double map;          /* of 1 */
    double disk;         /* of 1 */
    uint64_t left_bytes; /* that could still be written, in map and on disk */
};
/* As it is now; walks the list of all free pages. */
int store_used(struct store *store, struct store_used *used, struct err *err);
/*
 * As it was a few seconds ago: for questions, that may come often.  From any
 * thread.
 */
int store_used_lately(
    struct store *store, struct store_used *used, struct err *err);
/* The same of map and disk, the fuller one. */
int store_used_ratio(struct store *store, double *ratio, struct err *err);

/*
 * Writes a compact copy, data.mdb, into `dir`, which is there and has none, and
 * syncs it.  Reads in one transaction of its own: nobody waits, but pages that
 * are freed meanwhile are not used again before it ends.
 */
int store_copy(struct store *store, const char *dir, struct err *err);

/* What a table takes in the file, whole pages. */
struct store_size {
    uint64_t rows;
    uint64_t bytes;
};
int store_table_size(struct store_txn *txn, enum store_table table,
    struct store_size *size, struct err *err);

/* One write transaction at a time, ended by the thread that began it. */
struct store_txn *store_begin_write(struct store *store, struct err *err);
struct store_txn *store_begin_read(struct store *store, struct err *err);

/*
 * Ends the transaction either way.  ERR_FULL: map or disk is full, nothing of
 * it was kept.
 */
int store_commit(struct store_txn *txn, struct err *err);
/* Ends it, changes nothing.  NULL is allowed. */
void store_abort(struct store_txn *txn);

/*
 * 1: found, 0: not, -1: err.  `value` points into the map and is good until
 * the next write in this transaction, or its end.  With `value` NULL the row is
 * not looked at, and found whatever it holds.
 */
int store_get(struct store_txn *txn, enum store_table table, struct bytes key,
    struct bytes *value, struct err *err);
int store_put(struct store_txn *txn, enum store_table table, struct bytes key,
    struct bytes value, struct err *err);
/* A row that is not there is no error. */
int store_delete(struct store_txn *txn, enum store_table table,
    struct bytes key, struct err *err);

/*
 * Walks rows with from <= key < to in order (an empty `to`: to the end).  `fn`
 * returning 1 ends the walk well, -1 ends it with its error.  `fn` may not
 * write.
 */
typedef int store_each_fn(
    void *ctx, struct bytes key, struct bytes value, struct err *err);
int store_each(struct store_txn *txn, enum store_table table, struct bytes from,
    struct bytes to, store_each_fn *fn, void *ctx, struct err *err);

/*
 * The same for every row from `from` on, also those that are not what was put:
 * `whole` is false then, and `value` what there is of it.
 */
typedef int store_each_any_fn(void *ctx, struct bytes key, struct bytes value,
    bool whole, struct err *err);
int store_each_any(struct store_txn *txn, enum store_table table,
    struct bytes from, store_each_any_fn *fn, void *ctx, struct err *err);

/*
 * The first row with key >= from.  1: found, 0: none, -1: err.  `value` may be
 * NULL, as in store_get().
 */
int store_seek(struct store_txn *txn, enum store_table table, struct bytes from,
    struct bytes *key, struct bytes *value, struct err *err);
/* The last row with key < before (empty: the last of all). */
int store_seek_before(struct store_txn *txn, enum store_table table,
    struct bytes before, struct bytes *key, struct bytes *value,
    struct err *err);

#endif
