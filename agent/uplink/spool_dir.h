/*
 * spool_dir.h - the spool's folder: its lock, its tail file, and the room it
 * keeps in reserve.
 *
 * The tail holds what was appended since the last sync.  It is written, not
 * synced: a killed process loses none of it, a power cut at most the second
 * since the last sync, and LMDB itself is only ever written with fsync.
 */
#ifndef AGENT_SPOOL_DIR_H
#define AGENT_SPOOL_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum {
    SPOOL_TAIL_MAX_BYTES = 512 * 1024,
    SPOOL_RESERVE_BYTES = 1024 * 1024,
    SPOOL_PATH_BYTES = 4096
};

struct spool_dir {
    char path[SPOOL_PATH_BYTES];
    int lock_fd; /* owned; -1 when not locked */
    int tail_fd; /* owned; -1 when closed */
    bool has_reserve;
};

/* An errno that means: no room. */
bool spool_dir_is_full(int sys_errno);

/*
 * Makes the folder if it is absent (mode 0700) and locks it.  ERR_BUSY names
 * the process that has it.
 */
int spool_dir_open(struct spool_dir *dir, const char *path, struct err *err);
/* Harmless on one that is not open but was once given to spool_dir_open(). */
void spool_dir_close(struct spool_dir *dir);

/* Puts the folder's own entries on disk. */
int spool_dir_sync(const struct spool_dir *dir, struct err *err);

/* Reads what the tail holds, at most SPOOL_TAIL_MAX_BYTES, and keeps it open.
 */
int spool_dir_read_tail(
    struct spool_dir *dir, struct buf *out, struct err *err);
/* Writes at `offset`; ERR_FULL, and then the file ends at `offset`. */
int spool_dir_write_tail(struct spool_dir *dir, uint64_t offset,
    struct bytes bytes, struct err *err);
int spool_dir_empty_tail(struct spool_dir *dir, struct err *err);

/*
 * A file of a megabyte that is given up when the disk is full, so that there
 * is room to make room.  Keeping fails silently: then there is no reserve.
 */
void spool_dir_keep_reserve(struct spool_dir *dir);
/* True if there was one. */
bool spool_dir_give_up_reserve(struct spool_dir *dir);

/*
 * Renames the locked folder to "<path>.broken.<time>" and removes an earlier
 * one; the lock goes with it.
 */
int spool_dir_set_aside(
    struct spool_dir *dir, int64_t now_unix_ms, struct err *err);

#endif
