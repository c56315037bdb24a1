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
#include "ladder.h"
#include "writer_own.h"

enum {
    GATHER_MS = 20, /* how long a first job waits for company */
    BACKLOG_MS = 5, /* between turns when there is late work */
    START_MENDS_MAX = 1000
};

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
    int64_t rest_ms = writer->again ? BACKLOG_MS : WRITER_IDLE_MS;
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
    writer_sweep(&writer->waiting, turn, &writer->place);
    go_on = !writer->stopping || turn->count > 0;
    (void)pthread_mutex_unlock(&writer->lock);
    return go_on;
}

static void *
write_on(void *arg)
{
    struct writer *writer = arg;
    struct job_list turn;

    job_list_init(&turn);
    while (gather(writer, &turn))
        writer_take_turn(writer, &turn);
    return NULL;
}

/* ---- on the loop's thread ---- */

static void
on_wake(void *ctx)
{
    struct writer *writer = ctx;
    struct job_list done;
    struct err err;
    struct store_hurt hurt[WRITER_HURT_TOLD_MAX];
    size_t hurt_count;
    bool queued;
    bool failed;

    job_list_init(&done);
    (void)pthread_mutex_lock(&writer->lock);
    while (writer->finished.count > 0)
        job_list_add(&done, job_list_take(&writer->finished));
    queued = writer->mail_was_queued;
    failed = writer->turn_failed;
    err = writer->turn_err;
    hurt_count = writer->hurt_count;
    memcpy(hurt, writer->hurt, hurt_count * sizeof(*hurt));
    writer->mail_was_queued = false;
    writer->turn_failed = false;
    writer->hurt_count = 0;
    (void)pthread_mutex_unlock(&writer->lock);
    while (done.count > 0) {
        struct writer_job *job = job_list_take(&done);

        job->done(job);
    }
    for (size_t i = 0; i < hurt_count && writer->set_aside != NULL; i++)
        writer->set_aside(writer->ctx, &hurt[i]);
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
    const struct raise_now now = writer_raise_now();
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
    ladder_set_quiet(room->ladder, WRITER_CELLS_QUIET_MS);
    rc = 0;

out:
    store_abort(txn);
    return rc;
}

static void
free_room(struct writer *writer)
{
    struct writer_room *room = &writer->room;

    watch_free(room->watch);
    alert_free(room->alert);
    raise_free(room->raise);
    ladder_free(room->ladder);
    assign_free(room->assign);
    conf_history_free(room->history);
    *room = (struct writer_room){.watch = NULL};
}

/* If need be without rows that are damaged. */
static int
make_room_mending(struct writer *writer, struct err *err)
{
    int mends = 0;

    while (make_room(writer, err) != 0) {
        free_room(writer);
        if (mends++ == START_MENDS_MAX || !writer_mend(writer))
            return -1;
    }
    return 0;
}

static void
free_writer(struct writer *writer)
{
    free_room(writer);
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
    writer->set_aside = spec->set_aside;
    writer->ctx = spec->ctx;
    writer->health.committed_ns = clock_mono_ns();
    job_list_init(&writer->waiting);
    job_list_init(&writer->finished);
    (void)pthread_mutex_init(&writer->lock, NULL);
    init_cond(&writer->more);
    writer->wake = loop_wake_new(spec->loop, on_wake, writer, err);
    if (writer->wake == NULL || make_room_mending(writer, err) != 0) {
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
    job_list_add(&writer->waiting, job);
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
