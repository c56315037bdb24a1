/*
 * spool_inner.h - what the files of spool.h share, and nobody else includes.
 */
#ifndef AGENT_SPOOL_INNER_H
#define AGENT_SPOOL_INNER_H

#include "spool.h"
#include "spool_db.h"
#include "spool_dir.h"
#include "spool_thread.h"
#include "spool_value.h"

enum { SPOOL_NOTE_NAME_MAX = 64, SPOOL_NOTE_MAX_BYTES = 4 << 20 };

/* What is to be written at once, and what came of it. */
struct spool_commit {
    struct spool_db *db;     /* borrowed */
    struct spool_write what; /* its bytes are those below */
    struct buf tail;         /* owned: what was appended until it began */
    unsigned tail_count;
    char note_name[SPOOL_NOTE_NAME_MAX + 1]; /* "" for none */
    struct bytes note_value; /* lent by whoever waits, or in `note` */
    struct buf note;         /* owned; a copy for the thread */
    struct spool_change now; /* before, then after */
    uint64_t lost;           /* as `now` said before: others count meanwhile */
    int rc;
    struct err err;
};

struct spool {
    struct spool_dir dir;
    struct spool_db *db; /* owned */
    size_t cap_bytes;
    int64_t retention_ms;
    struct spool_change now; /* head.next counts the tail too */
    uint64_t synced;         /* the last number that is on disk */
    struct buf tail;         /* entries that are not, as in the tail file */
    unsigned tail_count;
    uint64_t tail_at; /* where in the file they begin */
    bool ack_pending;
    int64_t acks_ns;    /* the first acknowledgement of this process; 0: none */
    int64_t ack_age_ms; /* of the latest one; see spool_db.h */

    struct spool_thread *thread; /* owned; NULL until it is needed */
    struct spool_commit commit;  /* the thread's while `writing` */
    bool writing;
    bool ended; /* and spool_write_end() has not told yet */
};

/* ---- spool.c ---- */

int spool_check_note(const struct spool_note *note, struct err *err);

/* ---- spool_write.c ---- */

void spool_write_init(struct spool *spool);
/* Waits for the thread and ends it. */
void spool_write_free(struct spool *spool);

/* Waits until nobody else writes; what came of it is then known. */
void spool_settle(struct spool *spool);

/* Puts everything on disk, and the note if it is not NULL; waits. */
int spool_commit(
    struct spool *spool, const struct spool_note *note, struct err *err);

#endif
