/*
 * store_look.h - in what condition a store's file is, before it is opened.
 *
 * LMDB 0.9 reads through a map: a page that is not there is a SIGBUS, and one
 * of garbage can be anything.  So it is a child that looks: at the schema
 * version, at the first and the last row of each table, and whether the file
 * is as long as what is in it.  After a crash that a damaged page may have
 * caused it looks at every row.
 */
#ifndef COLLECTOR_STORE_LOOK_H
#define COLLECTOR_STORE_LOOK_H

#include "err.h"

enum store_condition {
    STORE_SOUND,
    STORE_ABSENT,  /* there is no data.mdb */
    STORE_EMPTY,   /* there is one, of no bytes */
    STORE_OLDER,   /* of a schema that this program migrates */
    STORE_NEWER,   /* of a schema that this program does not know */
    STORE_FOREIGN, /* another program's database */
    STORE_DAMAGED
};

/*
 * 0, and *condition; where that is anything but STORE_SOUND, STORE_ABSENT and
 * STORE_EMPTY, `err` says why (ERR_STATE).  -1: it could not be looked at
 * (rights, ERR_TIMEOUT), which says nothing of the store.  Call it before
 * there are other threads, and not where this process has the store open.
 */
int store_look(
    const char *dir, enum store_condition *condition, struct err *err);

/*
 * The same, but every row of every table is read, which may take minutes.  A
 * row whose checksum is wrong is no damage here: it is set aside when it is met
 * (store_hurt.h).
 */
int store_look_whole(
    const char *dir, enum store_condition *condition, struct err *err);

#endif
