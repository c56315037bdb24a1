/*
 * file.h - whole small files: read with a limit, written so that a reader
 * sees the old one or the new one, never half of either.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "buf.h"
#include "err.h"

/*
 * Appends the whole of a regular file to `out`.  ERR_LIMIT if it has more
 * bytes than `out` takes.
 */
int file_read(const char *path, struct buf *out, struct err *err);

/*
 * The same for a file with a secret: refuses (ERR_STATE, with the command that
 * mends it) one that group or others can read or write.
 */
int file_read_secret(const char *path, struct buf *out, struct err *err);

/*
 * Writes `data` under a temporary name beside `path`, syncs it, renames it and
 * syncs the folder.  On failure `path` is as it was.
 */
int file_write(
    const char *path, struct bytes data, mode_t mode, struct err *err);

/* Syncs a folder: a rename is on disk when its folder is. */
int file_sync_folder(const char *folder, struct err *err);

bool file_exists(const char *path);

/*
 * To be called first in main(): a descriptor of 0 to 2 that is closed is
 * opened, so that no socket or store gets its number and what is said into it.
 * To use one still fails.
 */
void file_keep_standard(void);

#endif
