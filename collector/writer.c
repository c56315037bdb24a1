#include "writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alert.h"
#include "assign.h"
#include "blind.h"
#include "clock.h"
#include "escalate.h"
#include "ladder.h"
#include "raise.h"
#include "retention.h"

enum {
    GATHER_MS = 20, /* how long a first job waits for company */
    IDLE_MS = 1000,
    BACKLOG_MS = 5, /* between turns when there is late work */
    CELLS_MAX = 8,  /* made anew in a turn: a check's hour or day each */
    CELLS_REST = 4, /* times as long as they took, while jobs come */
    CELLS_QUIET_MS = 2000,
    BUSY_DELETE_MS = 1000, /* between slices of old rows while jobs come */
    JUDGED_WITHIN_MS = 60000,
    FAILING_MAX_MS = 120000 /* without a job that could have failed, too */
};

static const int64_t cells_turn_ns = 20 * NS_PER_MS;

struct job_list {
    struct writer_job *first;
    struct writer_job **end;
    size_t count;
    size_t bytes;
};

struct writer {
    struct loop *loop;   /* borrowed */
    struct store *store; /* borrowed */
    void (*mail_queued)(void *ctx);
    void (*failed)(void *ctx, const struct err *err);
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
    bool stopping;
    struct writer_health health;
    int64_t failed_ns; /* when a turn was lost last */

    struct writer_room room; /* the thread's own */
    int64_t next_unix_ms;    /* when time alone asks for a turn */
    bool again;              /* late work is left */
    int64_t cells_ns;        /* cells are made again from then on */
    struct retention retention;
    struct escalate escalate;
    int64_t deleted_unix_ms; /* when the last slice was */
    bool ahead;              /* memory may be ahead of the store */
};

static void
list_init(struct job_list *list)
{
    *list = (struct job_list){.end = &list->first};
}

static void
list_add(struct job_list *list, struct writer_job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
    list->count++;
    list->bytes += job->cost_bytes;
}

static struct writer_job *
list_take(struct job_list *list)
{
    struct writer_job *job = list->first;

    list->first = job->next;
    if (list->first == NULL)
        list->end = &list->first;
    list->count--;
    list->bytes -= job->cost_bytes;
    return job;
}

/* ---- on the writer's thread ---- */

/* By the monotonic clock: the date may be set while we wait. */
static void
wait_until_ns(struct writer *writer, int64_t until_ns)
{
    struct timespec until = {
        .tv_sec = (time_t)(until_ns / NS_PER_SEC),
        .tv_nsec = (long)(until_ns % NS_PER_SEC),
    };

    (void)pthread_cond_timedwait(&writer->more, &writer->lock, &until);
}

/* How long nothing but a job asks for a turn. */
static int64_t
rest_ns(const struct writer *writer)
{
    int64_t rest_ms = writer->again ? BACKLOG_MS : IDLE_MS;
    int64_t now_unix_ms = clock_unix_ms();

    if (writer->next_unix_ms <= now_unix_ms)
        return 0;
    if (writer->next_unix_ms - now_unix_ms < rest_ms)
        rest_ms = writer->next_unix_ms - now_unix_ms;
    return rest_ms * NS_PER_MS;
}

/*
 * Waits for jobs, or for the moment that judging or alerting asked for.  Moves
 * a turn's jobs to `turn`.  False when it is time to end.
 */
static bool
gather(struct writer *writer, struct job_list *turn)
{
    int64_t wake_ns = clock_mono_ns() + rest_ns(writer);
    bool go_on;

    (void)pthread_mutex_lock(&writer->lock);
    while (writer->waiting.count == 0 && !writer->stopping &&
           clock_mono_ns() < wake_ns)
        wait_until_ns(writer, wake_ns);
    wake_ns = clock_mono_ns() + GATHER_MS * NS_PER_MS;
    while (writer->waiting.count > 0 &&
           writer->waiting.count < WRITER_TURN_JOBS_MAX &&
           writer->waiting.bytes < WRITER_TURN_BYTES_MAX && !writer->stopping &&
           clock_mono_ns() < wake_ns)
        wait_until_ns(writer, wake_ns);
    while (writer->waiting.count > 0 && turn->count < WRITER_TURN_JOBS_MAX &&
           (turn->count == 0 || turn->bytes < WRITER_TURN_BYTES_MAX))
        list_add(turn, list_take(&writer->waiting));
    go_on = !writer->stopping || turn->count > 0;
    (void)pthread_mutex_unlock(&writer->lock);
    return go_on;
}

/*
 * Makes hours and days anew, a few milliseconds a turn; while jobs come, for a
 * fifth of the time at most.
 */
static int
make_cells(struct writer *writer, bool busy, struct store_txn *txn, bool *again,
    struct err *err)
{
    const struct writer_room *room = &writer->room;
    int64_t begun_ns = clock_mono_ns();
    int64_t now_ns = begun_ns;

    *again = true;
    if (busy && begun_ns < writer->cells_ns)
        return 0;
    for (int i = 0;
         i < CELLS_MAX && *again && now_ns - begun_ns < cells_turn_ns; i++) {
        if (ladder_run(room->ladder, txn, room->history, room->now_unix_ms, 1,
                again, err) != 0)
            return -1;
        now_ns = clock_mono_ns();
    }
    writer->cells_ns = now_ns + CELLS_REST * (now_ns - begun_ns);
    return 0;
}

static struct raise_now
raise_clocks(void)
{
    return (struct raise_now){
        .unix_ms = clock_unix_ms(), .mono_ns = clock_mono_ns()};
}

static const struct config *
newest_config(const struct writer_room *room)
{
    const struct conf_history *history = room->history;

    return history->count == 0 ? NULL
                               : history->versions[history->count - 1].config;
}

/* What time alone allows to be judged has been waiting for a minute. */
static bool
is_judging_late(const struct writer_room *room, int64_t next_unix_ms)
{
    return next_unix_ms < room->now_unix_ms - JUDGED_WITHIN_MS;
}

static int
think(struct writer *writer, bool busy, struct store_txn *txn, bool *queued,
    struct err *err)
{
    struct writer_room *room = &writer->room;
    const struct raise_now now = {
        .unix_ms = room->now_unix_ms, .mono_ns = clock_mono_ns()};
    int64_t alert_next_unix_ms = INT64_MAX;
    bool watch_again = false;
    bool ladder_again = false;

    writer->next_unix_ms = INT64_MAX;
    if (watch_run(room->watch, txn, room->now_unix_ms, alert_take_news,
            room->alert, &watch_again, &writer->next_unix_ms, err) != 0)
        return err_wrap(err, "judging");
    if (raise_run(room->raise, txn, &now, alert_take_condition, room->alert,
            err) != 0)
        return err_wrap(err, "raising");
    if (alert_run(room->alert, txn, room->now_unix_ms, queued,
            &alert_next_unix_ms, err) != 0 ||
        escalate_run(&writer->escalate, txn, newest_config(room),
            room->now_unix_ms, queued, &alert_next_unix_ms, err) != 0)
        return err_wrap(err, "alerting");
    if (make_cells(writer, busy, txn, &ladder_again, err) != 0)
        return err_wrap(err, "making cells");
    if (!is_judging_late(room, writer->next_unix_ms) &&
        canary_run(&room->canary, txn, err) != 0)
        return err_wrap(err, "following a result");
    writer->again = watch_again || ladder_again;
    if (alert_next_unix_ms < writer->next_unix_ms)
        writer->next_unix_ms = alert_next_unix_ms;
    return 0;
}

/*
 * Old rows are deleted when nobody waits, but for a slice a second: a store
 * that is always busy must not grow for ever.
 */
static int
delete_old(
    struct writer *writer, bool idle, struct store_txn *txn, struct err *err)
{
    const struct retention_room room = {
        .txn = txn,
        .conf = writer->room.history,
        .now = {.unix_ms = writer->room.now_unix_ms,
            .mono_ns = clock_mono_ns()},
    };
    int64_t now_unix_ms = room.now.unix_ms;
    size_t deleted;
    bool again;

    if (!idle && now_unix_ms - writer->deleted_unix_ms < BUSY_DELETE_MS &&
        now_unix_ms >= writer->deleted_unix_ms)
        return 0;
    writer->deleted_unix_ms = now_unix_ms;
    if (retention_run(&writer->retention, &room, &deleted, &again, err) != 0)
        return -1;
    writer->again = writer->again || again;
    return 0;
}

static int
run_jobs(struct writer *writer, struct job_list *turn, struct store_txn *txn,
    struct err *err)
{
    for (struct writer_job *job = turn->first; job != NULL; job = job->next) {
        if (job->run(job, &writer->room, txn, err) != 0)
            return -1;
    }
    return 0;
}

/*
 * A turn was lost: what is held in memory may be ahead of the store and is
 * read again.  Nothing is written before that has worked.
 */
static int
recover(struct writer *writer, struct err *err)
{
    const struct raise_now now = raise_clocks();
    struct writer_room *room = &writer->room;
    struct store_txn *txn = store_begin_read(writer->store, err);
    int rc = -1;

    if (txn == NULL)
        return -1;
    room->canary = (struct canary){0};
    ladder_forget(room->ladder);
    alert_forget(room->alert);
    if (writer_reload_history(room, txn, err) == 0)
        rc = watch_reload(room->watch, txn, clock_unix_ms(), err);
    if (rc == 0)
        rc = raise_reload(room->raise, txn, &now, err);
    store_abort(txn);
    writer->ahead = rc != 0;
    return rc == 0 ? 0 : err_wrap(err, "reading the store again");
}

static int
write_turn(
    struct writer *writer, struct job_list *turn, bool *queued, struct err *err)
{
    struct store_txn *txn;

    if (writer->ahead && recover(writer, err) != 0)
        return -1;
    txn = store_begin_write(writer->store, err);
    if (txn == NULL)
        return -1;
    writer->room.now_unix_ms = clock_unix_ms();
    if (run_jobs(writer, turn, txn, err) != 0 ||
        think(writer, turn->count > 0, txn, queued, err) != 0 ||
        delete_old(writer, turn->count == 0, txn, err) != 0) {
        store_abort(txn);
        return -1;
    }
    return store_commit(txn, err);
}

/*
 * After a lost turn one that had nothing to write proves nothing, unless
 * nobody has tried for a while.  Under the lock.
 */
static void
note_health(struct writer *writer, bool had_jobs, int rc, const struct err *err)
{
    struct writer_health *health = &writer->health;
    int64_t now_ns = clock_mono_ns();

    if (rc != 0) {
        health->lost_turns++;
        health->failing = true;
        health->err = *err;
        writer->failed_ns = now_ns;
        return;
    }
    health->commits++;
    health->canary_unix_ms = writer->room.canary.arrived_unix_ms;
    health->committed_ns = now_ns;
    if (had_jobs || now_ns - writer->failed_ns > FAILING_MAX_MS * NS_PER_MS)
        health->failing = false;
}

static void
take_turn(struct writer *writer, struct job_list *turn)
{
    bool had_jobs = turn->count > 0;
    struct err err = {0};
    bool queued = false;
    int rc = write_turn(writer, turn, &queued, &err);

    if (rc != 0) {
        writer->ahead = true;
        writer->next_unix_ms = clock_unix_ms() + IDLE_MS;
    }
    (void)pthread_mutex_lock(&writer->lock);
    while (turn->count > 0) {
        struct writer_job *job = list_take(turn);

        job->lost = rc != 0;
        if (rc != 0)
            job->err = err;
        list_add(&writer->finished, job);
    }
    writer->mail_was_queued |= queued && rc == 0;
    if (rc != 0) {
        writer->turn_failed = true;
        writer->turn_err = err;
    }
    note_health(writer, had_jobs, rc, &err);
    (void)pthread_mutex_unlock(&writer->lock);
    loop_wake_send(writer->wake);
}

static void *
write_on(void *arg)
{
    struct writer *writer = arg;
    struct job_list turn;

    list_init(&turn);
    while (gather(writer, &turn))
        take_turn(writer, &turn);
    return NULL;
}

/* ---- on the loop's thread ---- */

static void
on_wake(void *ctx)
{
    struct writer *writer = ctx;
    struct job_list done;
    struct err err;
    bool queued;
    bool failed;

    list_init(&done);
    (void)pthread_mutex_lock(&writer->lock);
    while (writer->finished.count > 0)
        list_add(&done, list_take(&writer->finished));
    queued = writer->mail_was_queued;
    failed = writer->turn_failed;
    err = writer->turn_err;
    writer->mail_was_queued = false;
    writer->turn_failed = false;
    (void)pthread_mutex_unlock(&writer->lock);
    while (done.count > 0) {
        struct writer_job *job = list_take(&done);

        job->done(job);
    }
    if (failed)
        writer->failed(writer->ctx, &err);
    if (queued)
        writer->mail_queued(writer->ctx);
}

int
writer_reload_history(
    struct writer_room *room, struct store_txn *txn, struct err *err)
{
    struct conf_history *history = conf_history_load(txn, err);
    struct assign *assign;

    if (history == NULL)
        return -1;
    assign = assign_new(history, err);
    if (assign == NULL) {
        conf_history_free(history);
        return -1;
    }
    if (room->watch != NULL && watch_set_history(room->watch, txn, history,
                                   clock_unix_ms(), err) != 0) {
        assign_free(assign);
        conf_history_free(history);
        return -1;
    }
    if (room->alert != NULL)
        alert_set_history(room->alert, history);
    if (room->raise != NULL)
        raise_set_history(room->raise, history);
    assign_free(room->assign);
    conf_history_free(room->history);
    room->assign = assign;
    room->history = history;
    return 0;
}

static int
make_room(struct writer *writer, struct err *err)
{
    const struct raise_now now = raise_clocks();
    struct writer_room *room = &writer->room;
    struct store_txn *txn;
    int rc = -1;

    if (blind_start(writer->store, clock_unix_ms(), err) != 0)
        return -1;
    txn = store_begin_read(writer->store, err);
    if (txn == NULL)
        return -1;
    if (writer_reload_history(room, txn, err) != 0)
        goto out;
    room->watch = watch_new(txn, room->history, clock_unix_ms(), err);
    if (room->watch == NULL)
        goto out;
    room->alert = alert_new(room->history, err);
    if (room->alert == NULL)
        goto out;
    room->raise = raise_new(txn, room->history, &now, err);
    if (room->raise == NULL)
        goto out;
    room->ladder = ladder_new(err);
    if (room->ladder == NULL)
        goto out;
    ladder_set_quiet(room->ladder, CELLS_QUIET_MS);
    rc = 0;

out:
    store_abort(txn);
    return rc;
}

static void
free_writer(struct writer *writer)
{
    watch_free(writer->room.watch);
    alert_free(writer->room.alert);
    raise_free(writer->room.raise);
    ladder_free(writer->room.ladder);
    assign_free(writer->room.assign);
    conf_history_free(writer->room.history);
    loop_wake_free(writer->wake);
    (void)pthread_cond_destroy(&writer->more);
    (void)pthread_mutex_destroy(&writer->lock);
    free(writer);
}

static void
init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
}

struct writer *
writer_start(const struct writer_spec *spec, struct err *err)
{
    struct writer *writer = calloc(1, sizeof(*writer));
    int rc;

    if (writer == NULL) {
        err_set(err, ERR_NOMEM, "writer");
        return NULL;
    }
    writer->loop = spec->loop;
    writer->store = spec->store;
    writer->mail_queued = spec->mail_queued;
    writer->failed = spec->failed;
    writer->ctx = spec->ctx;
    writer->health.committed_ns = clock_mono_ns();
    list_init(&writer->waiting);
    list_init(&writer->finished);
    (void)pthread_mutex_init(&writer->lock, NULL);
    init_cond(&writer->more);
    writer->wake = loop_wake_new(spec->loop, on_wake, writer, err);
    if (writer->wake == NULL || make_room(writer, err) != 0) {
        free_writer(writer);
        return NULL;
    }
    rc = pthread_create(&writer->thread, NULL, write_on, writer);
    if (rc != 0) {
        err_sys(err, rc, "writer thread");
        free_writer(writer);
        return NULL;
    }
    writer->running = true;
    return writer;
}

void
writer_stop(struct writer *writer)
{
    if (writer == NULL)
        return;
    (void)pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    (void)pthread_cond_signal(&writer->more);
    (void)pthread_mutex_unlock(&writer->lock);
    (void)pthread_join(writer->thread, NULL);
    on_wake(writer);
    free_writer(writer);
}

void
writer_put(struct writer *writer, struct writer_job *job)
{
    (void)pthread_mutex_lock(&writer->lock);
    list_add(&writer->waiting, job);
    (void)pthread_cond_signal(&writer->more);
    (void)pthread_mutex_unlock(&writer->lock);
}

size_t
writer_waiting_bytes(struct writer *writer)
{
    size_t bytes;

    (void)pthread_mutex_lock(&writer->lock);
    bytes = writer->waiting.bytes;
    (void)pthread_mutex_unlock(&writer->lock);
    return bytes;
}

void
writer_health(struct writer *writer, struct writer_health *health)
{
    (void)pthread_mutex_lock(&writer->lock);
    *health = writer->health;
    (void)pthread_mutex_unlock(&writer->lock);
}
