/*
 * backup.h - copies of a store in a folder, each a store of its own.
 *
 * A backup is a folder "leadline-20261124T140000.000Z" with a compacted
 * data.mdb in it: what was committed before it began, all of it.  It has its
 * name only once it is whole, was read, and is on disk.
 */
#ifndef COLLECTOR_BACKUP_H
#define COLLECTOR_BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "store.h"

enum { BACKUP_PATH_BYTES = 4096, BACKUP_NAME_BYTES = 40 };

struct backup_spec {
    struct store *store; /* borrowed; read only will do */
    const char *dir;     /* made where it is not there */
    int64_t now_unix_ms;
    int64_t keep; /* remove all but so many of the newest; 0: none */
};

struct backup_made {
    char path[BACKUP_PATH_BYTES];
    uint64_t bytes;
    size_t removed; /* older ones */
};

/*
 * The collector may write meanwhile; another backup into the same folder may
 * not run (ERR_BUSY).  Reads at length and forks: for a process of its own.
 * What a backup that was killed left behind is removed.
 */
int backup_make(
    const struct backup_spec *spec, struct backup_made *made, struct err *err);

struct backup {
    char name[BACKUP_NAME_BYTES];
    int64_t made_unix_ms;
};

struct backup_list {
    struct backup *items; /* owned; newest first */
    size_t count;
};

/* Those that have their name, by what it says; a folder that is not there has
 * none. */
int backup_list_read(
    const char *dir, struct backup_list *list, struct err *err);
void backup_list_free(struct backup_list *list);

/* A moment as it stands in names: "20261124T140000.000Z". */
void backup_put_moment(int64_t unix_ms, char out[BACKUP_NAME_BYTES]);

#endif
