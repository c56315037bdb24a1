/*
 * restore.h - before a store is opened: one that is damaged is moved aside, and
 * the last good backup takes its place.
 *
 * What came after that backup is in the agents' spools for 48 hours and comes
 * again.  A store that is whole, also one that this program does not
 * understand, is never touched.  One whose writer ended on a damaged page
 * (store_mark_suspect()) is looked at as a whole.
 */
#ifndef COLLECTOR_RESTORE_H
#define COLLECTOR_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "backup.h"
#include "err.h"

struct restore_spec {
    const char *store_dir;
    const char *backup_dir; /* NULL: there are none */
    int64_t now_unix_ms;
};

struct restored {
    char why[512];                  /* what was wrong */
    char backup[BACKUP_PATH_BYTES]; /* what took its place */
    char aside[BACKUP_PATH_BYTES];  /* where the damaged one is; "": it was
                                        empty, and is gone */
    int64_t made_unix_ms;           /* of the backup */
    size_t passed;     /* newer backups that were not good either */
    bool looked_whole; /* it was marked as suspect */
};

/*
 * 1: restored, 0: nothing was to be done, -1: it cannot be used and there is
 * no good backup (ERR_STATE), it is in use (ERR_BUSY), or restoring failed:
 * then the store is as it was.  Call it before there are other threads.
 */
int restore_if_damaged(const struct restore_spec *spec,
    struct restored *restored, struct err *err);

/*
 * 1: there is no store at all, but there are backups, and `newest` is the path
 * of one; 0: else; -1: err.  Nothing is restored then: whoever removed a store
 * may have meant it.
 */
int restore_is_forgotten(const struct restore_spec *spec,
    char newest[BACKUP_PATH_BYTES], struct err *err);

#endif
