/*
 * spool.h - every result on disk until the collector has committed it, and
 * 48 h longer.
 *
 * LMDB, records by sequence number from 1.  An appended record is visible at
 * once and on disk when somebody has synced, or after a hundred records; only
 * what is on disk may be sent.  Whoever measures does not wait for the disk:
 * spool_write_start() has a thread of the spool wait for it.  At the cap the oldest go first, and are counted.  One
 * process per spool: a lock file says whose it is.
 */
#ifndef AGENT_SPOOL_H
#define AGENT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum { SPOOL_ID_BYTES = 16, SPOOL_DEFAULT_CAP_BYTES = 256 << 20 };

struct spool;

struct spool_spec {
    const char *dir; /* made if absent, mode 0700 */
    size_t cap_bytes;
    int64_t retention_ms; /* of acknowledged records; 48 h */
};

/*
 * ERR_BUSY when another process has it; ERR_STATE when it is damaged: it is
 * then moved aside ("spool.broken.<time>") by spool_open_fresh().
 */
struct spool *spool_open(const struct spool_spec *spec, struct err *err);
struct spool *spool_open_fresh(const struct spool_spec *spec, struct err *err);

/* Syncs first.  NULL is allowed. */
void spool_close(struct spool *spool);

struct spool_state {
    uint8_t id[SPOOL_ID_BYTES];
    uint64_t oldest_seq; /* next_seq if empty */
    uint64_t next_seq;
    uint64_t synced_seq; /* all up to this are on disk */
    uint64_t acked_seq;
    uint64_t records; /* not yet acknowledged */
    uint64_t bytes;   /* in use, of the cap */
    uint64_t lost;    /* dropped unacknowledged for want of room, ever */
};

void spool_state(const struct spool *spool, struct spool_state *state);

/*
 * Takes one encoded record (wire_record_encode) and gives its number.  ERR_FULL
 * if the disk is full even after the oldest were dropped: the record is lost
 * and counted.
 */
int spool_append(
    struct spool *spool, struct bytes record, uint64_t *seq, struct err *err);

/* Puts on disk what has been appended, and waits for that. */
int spool_sync(struct spool *spool, struct err *err);

struct spool_note {
    const char *name;
    struct bytes value;
};

/* Called on the spool's thread: to have spool_write_end() called on yours. */
struct spool_told {
    void (*fn)(void *ctx);
    void *ctx; /* borrowed; not touched after spool_write_end() */
};

/*
 * Begins to put on disk what has been appended and acknowledged, and the note
 * unless it is NULL, without waiting.  1: begun; 0: there is nothing to do, or
 * it is being done already; -1: err.  Everything else may be called meanwhile:
 * what is read or appended waits for nothing, what writes at once waits for
 * the thread first.  From now on spool_append() fails (ERR_FULL) rather than
 * wait, when half a megabyte has not been taken by the disk.
 */
int spool_write_start(struct spool *spool, const struct spool_note *note,
    const struct spool_told *told, struct err *err);

/*
 * What came of it, waiting for that if need be.  1: it is on disk; 0: nothing
 * was begun since this was last asked; -1: err.
 */
int spool_write_end(struct spool *spool, struct err *err);

/*
 * Reads the record `seq` into `out` (appended).  1: there; 0: gone or never
 * was; -1: err.
 */
int spool_read(
    struct spool *spool, uint64_t seq, struct buf *out, struct err *err);

/*
 * The collector has everything up to `seq`.  Records acknowledged longer ago
 * than the retention are removed, a bounded number a call.
 *
 * `now_ns` is of the monotonic clock: a date that jumps ahead must not end the
 * retention.  Between two processes it stands still, so that it may last
 * longer than was asked for, never less.
 */
int spool_ack(
    struct spool *spool, uint64_t seq, int64_t now_ns, struct err *err);

/*
 * A new spool_id; what lies above `keep_above_seq` is renumbered from 1, the
 * rest forgotten.
 */
int spool_renumber(
    struct spool *spool, uint64_t keep_above_seq, struct err *err);

/*
 * Small things that must survive a restart beside the records: "config",
 * "last_runs".  Put replaces; get appends to `out`: 1 there, 0 not, -1 err.
 */
int spool_put_note(
    struct spool *spool, const char *name, struct bytes value, struct err *err);
int spool_get_note(
    struct spool *spool, const char *name, struct buf *out, struct err *err);

#endif
