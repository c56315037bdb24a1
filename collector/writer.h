/*
 * writer.h - the one thread that writes to the store, and the bounded queue
 * before it.
 *
 * A job is handed over whole: run() is called on the writer's thread inside a
 * write transaction that it shares with other jobs; done() is called on the
 * loop's thread after that transaction is on disk, or was lost.  After the
 * jobs of a turn the same transaction judges slots, decides alerts and makes
 * cells, so that what a result causes commits with it.
 *
 * A job that fails by what it is, and a row that is damaged, cost nobody else
 * their turn for ever: the turn is tried again without the job, and without the
 * row, which is set aside (store_hurt.h).
 *
 * Where judging itself fails by anything else, no turn is kept, for as long as
 * it does: results without their verdicts would be numbers that are wrong and
 * look right.  Agents keep theirs meanwhile; failed() is called for each turn,
 * at least every second or two, and health says `failing`.
 */
#ifndef COLLECTOR_WRITER_H
#define COLLECTOR_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "canary.h"
#include "collector_conf.h"
#include "conf_history.h"
#include "err.h"
#include "loop.h"
#include "store.h"
#include "store_hurt.h"
#include "watch.h"

/* A turn takes no more jobs, and none once it has so many bytes of them. */
enum { WRITER_TURN_JOBS_MAX = 1024, WRITER_TURN_BYTES_MAX = 8 << 20 };

struct alert;
struct raise;
struct ladder;
struct assign;

/* What jobs may use; all of it belongs to the writer's thread. */
struct writer_room {
    struct watch *watch;
    struct alert *alert;
    struct raise *raise;
    struct ladder *ladder;
    struct assign *assign;
    struct conf_history *history;
    struct canary canary;
    int64_t now_unix_ms; /* of this turn */
};

struct writer_job;

/*
 * Returns 0, or -1 where the transaction is lost (store full, damaged, out of
 * memory): it is called again, in a new one, where that is tried again, so that
 * nothing may be left in the job by a run before.  A job that is merely refused
 * writes nothing, notes it in itself and returns 0.
 */
typedef int writer_run_fn(struct writer_job *job, struct writer_room *room,
    struct store_txn *txn, struct err *err);

/* Frees the job.  `job->lost` says that nothing of it was kept. */
typedef void writer_done_fn(struct writer_job *job);

/* Embedded at the front of what a job carries. */
struct writer_job {
    writer_run_fn *run;
    writer_done_fn *done;
    size_t cost_bytes; /* of memory held while it waits */
    uint64_t place;    /* below 2^63: writer_sweep.h; 0: none */
    bool lost;
    bool alone;     /* if lost: it failed by itself, others were kept */
    struct err err; /* why, if lost */
    struct writer_job *next;
};

struct writer;

struct writer_spec {
    struct loop *loop;                                /* borrowed */
    struct store *store;                              /* borrowed */
    void (*mail_queued)(void *ctx);                   /* on the loop's thread */
    void (*failed)(void *ctx, const struct err *err); /* jobs were lost */
    /* A damaged row was set aside.  Called on the loop's thread. */
    void (*set_aside)(void *ctx, const struct store_hurt *hurt);
    void *ctx;
};

/* Starts the thread.  Something must have been recorded as configuration. */
struct writer *writer_start(const struct writer_spec *spec, struct err *err);

/*
 * Finishes what is queued, stops the thread and calls the done() of all.  NULL
 * is allowed.
 */
void writer_stop(struct writer *writer);

/* Queues a job; always takes it. */
void writer_put(struct writer *writer, struct writer_job *job);

/* Bytes waiting: what intake looks at before it grants credit. */
size_t writer_waiting_bytes(struct writer *writer);

struct writer_health {
    int64_t committed_ns; /* the last transaction; at first, the start */
    uint64_t commits;
    uint64_t lost_turns;
    uint64_t lost_alone;    /* jobs that failed by themselves */
    uint64_t set_aside;     /* damaged rows */
    bool failing;           /* of the last turn that had jobs, none was kept */
    struct err err;         /* why, if failing */
    int64_t canary_unix_ms; /* when the newest canary that arrived was
                               measured; 0: none has */
};

/* From any thread. */
void writer_health(struct writer *writer, struct writer_health *health);

/* Says that `room->history` is to be loaded anew (call from a job's run()). */
int writer_reload_history(
    struct writer_room *room, struct store_txn *txn, struct err *err);

#endif
