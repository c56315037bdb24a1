/*
 * store_lmdb.h - what store.c and store_open.c share, and nobody else: LMDB
 * itself.  store_open.c makes a struct store, store.c works with it.
 */
#ifndef COLLECTOR_STORE_LMDB_H
#define COLLECTOR_STORE_LMDB_H

#include <lmdb.h>

#include "store.h"

enum { STORE_READERS_MAX = 512 };

struct store {
    MDB_env *env; /* owned */
    MDB_dbi tables[STORE_TABLE_COUNT];
    int lock_fd; /* owned; -1 where read only */
    bool read_only;
};

/* Says in our words what LMDB says in its.  Returns -1. */
int store_lmdb_failed(struct err *err, int rc, const char *what);

#endif
