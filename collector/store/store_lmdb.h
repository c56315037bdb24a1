/*
 * store_lmdb.h - what the files of store.h share, and nobody else: LMDB itself.
 * store_open.c makes a struct store, store.c works with its rows, store_care.c
 * with it as a whole; store_look.c says in what condition one is and
 * store_migrate.c makes an older one ours.
 *
 * A row's value is stored with a checksum behind it (crc32c of key and value,
 * big-endian).
 */
#ifndef COLLECTOR_STORE_LMDB_H
#define COLLECTOR_STORE_LMDB_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

#include "store_hurt.h"

enum { STORE_READERS_MAX = 512, STORE_SUM_BYTES = 4 };

/* How full it was when a question last counted it: store_used_lately(). */
struct store_full {
    struct store_used used;
    int64_t good_until_ns; /* 0: never counted */
};

struct store {
    MDB_env *env; /* owned */
    MDB_dbi tables[STORE_TABLE_COUNT];
    int lock_fd; /* owned; -1 where read only */
    bool read_only;
    atomic_bool broken;     /* LMDB met a page that cannot be */
    atomic_bool shut;       /* LMDB gives nothing more, MDB_PANIC */
    pthread_mutex_t lock;   /* over the rest */
    struct store_hurt hurt; /* no key: none waits to be set aside */
    struct store_full full;
};

struct store_txn {
    struct store *store;                    /* borrowed */
    MDB_txn *txn;                           /* owned */
    MDB_cursor *cursors[STORE_TABLE_COUNT]; /* owned; NULL until needed */
    bool full; /* something did not fit: nothing can be kept */
};

/*
 * Opens the environment of `spec` as store->env; the caller closes it, also
 * after a failure.  Gives what LMDB gives.
 */
int store_lmdb_env(struct store *store, const struct store_spec *spec);

/*
 * Calls `fn` for the ids of pages that are free for use again, row by row of
 * LMDB's own table 0; not 0 ends it with that.  They are `count` size_t, and
 * not aligned.
 */
typedef int store_free_fn(void *ctx, const uint8_t *pages, size_t count);
int store_lmdb_each_free(MDB_txn *txn, store_free_fn *fn, void *ctx);

/* store.c: whether the checksum behind a row's value is its own. */
bool store_is_whole(const MDB_val *key, const MDB_val *stored);

/* store_hurt.c: this row is not whole. */
void store_note_hurt(
    struct store *store, enum store_table table, const MDB_val *key);

/* Where the schema version stands in STORE_META. */
MDB_val store_schema_key(void);

/*
 * 0, and the version that a schema row says; -1: it says none.  Its first byte
 * is the version in every schema.
 */
int store_schema_of(const MDB_val *row, int *version);

int store_schema_put(struct store *store, MDB_txn *txn, int version);

/* The first version has no checksums; those after it have. */
enum { STORE_SCHEMA_BARE = 1, STORE_SCHEMA_SUMS = 2 };

/* store_migrate.c: from `version` on to ours, a slice a transaction. */
int store_migrate(struct store *store, int version, struct err *err);

/* Says in our words what LMDB says in its.  Returns -1. */
int store_lmdb_failed(struct err *err, int rc, const char *what);

#endif
