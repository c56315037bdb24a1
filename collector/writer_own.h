/*
 * writer_own.h - what the files of writer.h share, and nobody else sees.
 */
#ifndef COLLECTOR_WRITER_OWN_H
#define COLLECTOR_WRITER_OWN_H

#include <pthread.h>

#include "clock.h"
#include "escalate.h"
#include "raise.h"
#include "retention.h"
#include "writer_sweep.h"

enum {
    WRITER_IDLE_MS = 1000,
    WRITER_CELLS_QUIET_MS = 2000,
    WRITER_HURT_TOLD_MAX = 8 /* of rows set aside; the rest is counted */
};

struct writer {
    struct loop *loop;   /* borrowed */
    struct store *store; /* borrowed */
    void (*mail_queued)(void *ctx);
    void (*failed)(void *ctx, const struct err *err);
    void (*set_aside)(void *ctx, const struct store_hurt *hurt);
    void *ctx;
    struct loop_wake *wake;
    pthread_t thread;
    bool running;

    pthread_mutex_t lock; /* over the rest of this paragraph */
    pthread_cond_t more;
    struct job_list waiting;
    struct job_list finished;
    bool mail_was_queued;
    bool turn_failed;
    struct err turn_err;
    struct store_hurt hurt[WRITER_HURT_TOLD_MAX];
    size_t hurt_count;
    bool stopping;
    struct writer_health health;
    int64_t failed_ns; /* when a turn was lost last */

    struct writer_room room; /* the thread's own */
    uint64_t place;          /* where the last turn ended: writer_sweep.h */
    int64_t next_unix_ms;    /* when time alone asks for a turn */
    bool again;              /* late work is left */
    int64_t cells_ns;        /* cells are made again from then on */
    struct retention retention;
    struct escalate escalate;
    int64_t deleted_unix_ms; /* when the last slice was */
    bool ahead;              /* memory may be ahead of the store */
};

/* Both clocks as they are. */
static inline struct raise_now
writer_raise_now(void)
{
    return (struct raise_now){
        .unix_ms = clock_unix_ms(), .mono_ns = clock_mono_ns()};
}

/* ---- writer_turn.c: on the writer's thread, or before there is one ---- */

/* Writes what can be written of a turn's jobs, and hands all of them back. */
void writer_take_turn(struct writer *writer, struct job_list *turn);

/*
 * Sets aside the row that was found damaged since the last call, by whomever.
 * True where there was one, and it was moved.
 */
bool writer_mend(struct writer *writer);

#endif
