#include <pthread.h>

#include "alert.h"
#include "clock.h"
#include "ladder.h"
#include "raise.h"
#include "writer_own.h"

enum {
    CELLS_MAX = 8,    /* made anew in a turn: a check's hour or day each */
    CELLS_REST = 4,   /* times as long as they took, while jobs come */
    MENDS_MAX = 64,   /* rows set aside in a turn */
    CULPRITS_MAX = 8, /* jobs taken out of a turn before each is run apart */
    BUSY_DELETE_MS = 1000, /* between slices of old rows while jobs come */
    JUDGED_WITHIN_MS = 60000,
    FAILING_MAX_MS = 120000 /* without a job that could have failed, too */
};

static const int64_t cells_turn_ns = 20 * NS_PER_MS;

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
            room->now_unix_ms, &alert_next_unix_ms, err) != 0)
        return err_wrap(err, "alerting");
    *queued = *queued || writer->escalate.queued;
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

/* What a turn came to. */
struct outcome {
    struct writer_job *culprit; /* in the turn; its run() failed */
    bool mail_queued;
    struct err err; /* of a turn that was lost */
};

static int
run_jobs(struct writer *writer, struct job_list *turn, struct store_txn *txn,
    struct outcome *outcome)
{
    for (struct writer_job *job = turn->first; job != NULL; job = job->next) {
        if (job->run(job, &writer->room, txn, &outcome->err) != 0) {
            outcome->culprit = job;
            return -1;
        }
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
    const struct raise_now now = writer_raise_now();
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
    struct writer *writer, struct job_list *turn, struct outcome *outcome)
{
    struct err *err = &outcome->err;
    struct store_txn *txn;

    *outcome = (struct outcome){.culprit = NULL};
    if (writer->ahead && recover(writer, err) != 0)
        return -1;
    txn = store_begin_write(writer->store, err);
    if (txn == NULL)
        return -1;
    writer->room.now_unix_ms = clock_unix_ms();
    if (run_jobs(writer, turn, txn, outcome) != 0 ||
        think(writer, turn->count > 0, txn, &outcome->mail_queued, err) != 0 ||
        delete_old(writer, turn->count == 0, txn, err) != 0) {
        store_abort(txn);
        return -1;
    }
    return store_commit(txn, err);
}

/* ---- what must not fail for ever ---- */

/* How many damaged rows were set aside, or -1. */
static int
set_aside(struct writer *writer, const struct store_hurt *hurt, struct err *err)
{
    struct store_txn *txn = store_begin_write(writer->store, err);
    int moved;

    if (txn == NULL)
        return -1;
    moved = store_set_aside(txn, hurt, clock_unix_ms(), err);
    if (moved <= 0) {
        store_abort(txn);
        return moved;
    }
    return store_commit(txn, err) == 0 ? moved : -1;
}

bool
writer_mend(struct writer *writer)
{
    struct store_hurt hurt;
    struct err err;
    int moved;

    if (!store_take_hurt(writer->store, &hurt))
        return false;
    moved = set_aside(writer, &hurt, &err);
    if (moved <= 0)
        return false;
    (void)pthread_mutex_lock(&writer->lock);
    writer->health.set_aside += (uint64_t)moved;
    if (writer->hurt_count < WRITER_HURT_TOLD_MAX)
        writer->hurt[writer->hurt_count++] = hurt;
    (void)pthread_mutex_unlock(&writer->lock);
    return true;
}

/* Another job would fail as this one did. */
static bool
is_everybodys(const struct err *err)
{
    return err->code == ERR_FULL || err->code == ERR_NOMEM ||
           err->code == ERR_SYS;
}

/* `job` leaves the turn, and is lost alone. */
static void
take_out(struct job_list *turn, struct outcome *outcome, struct job_list *lost)
{
    struct job_list rest;

    job_list_init(&rest);
    while (turn->count > 0) {
        struct writer_job *job = job_list_take(turn);

        if (job != outcome->culprit) {
            job_list_add(&rest, job);
            continue;
        }
        job->lost = true;
        job->alone = true;
        job->err = outcome->err;
        job_list_add(lost, job);
    }
    job_list_init(turn);
    while (rest.count > 0)
        job_list_add(turn, job_list_take(&rest));
}

/*
 * Writes the turn, if need be without what makes it fail: damaged rows, and
 * jobs that fail by themselves, which go to `lost`.  1: too many did, and the
 * rest is not written yet.
 */
static int
write_what_can_be(struct writer *writer, struct job_list *turn,
    struct job_list *lost, struct outcome *outcome)
{
    int mends = 0;

    while (write_turn(writer, turn, outcome) != 0) {
        writer->ahead = true;
        if (mends++ < MENDS_MAX && writer_mend(writer))
            continue;
        if (outcome->culprit == NULL || is_everybodys(&outcome->err))
            return -1;
        take_out(turn, outcome, lost);
        if (lost->count >= CULPRITS_MAX && turn->count > 0)
            return 1;
    }
    return 0;
}

/*
 * After a turn that kept nothing one that had nothing to keep proves nothing,
 * unless nobody has tried for a while.  `why` is NULL where all is well.  Under
 * the lock.
 */
static void
note_health(struct writer *writer, size_t kept, int rc, const struct err *why)
{
    struct writer_health *health = &writer->health;
    int64_t now_ns = clock_mono_ns();

    if (rc != 0) {
        health->lost_turns++;
    } else {
        health->commits++;
        health->committed_ns = now_ns;
        health->canary_unix_ms = writer->room.canary.arrived_unix_ms;
    }
    if (kept == 0 && why != NULL) {
        health->failing = true;
        health->err = *why;
        writer->failed_ns = now_ns;
    } else if (kept > 0 ||
               now_ns - writer->failed_ns > FAILING_MAX_MS * NS_PER_MS) {
        health->failing = false;
    }
}

/* Jobs go back to the loop; where `rc` is not 0, all of them are lost. */
static void
finish(struct writer *writer, struct job_list *done, int rc,
    const struct outcome *outcome)
{
    const struct err *why = rc != 0 ? &outcome->err : NULL;
    size_t kept = 0;

    (void)pthread_mutex_lock(&writer->lock);
    while (done->count > 0) {
        struct writer_job *job = job_list_take(done);

        if (rc != 0 && !job->lost) {
            job->lost = true;
            job->err = outcome->err;
        }
        if (job->lost && why == NULL)
            why = &job->err;
        writer->health.lost_alone += job->alone;
        kept += !job->lost;
        job_list_add(&writer->finished, job);
    }
    writer->mail_was_queued |= outcome->mail_queued && rc == 0;
    if (why != NULL) {
        writer->turn_failed = true;
        writer->turn_err = *why;
    }
    note_health(writer, kept, rc, why);
    (void)pthread_mutex_unlock(&writer->lock);
    loop_wake_send(writer->wake);
}

/* Many fail: each job has a transaction of its own. */
static void
write_apart(struct writer *writer, struct job_list *turn, struct job_list *lost)
{
    struct outcome all = {.culprit = NULL};
    struct job_list done;

    job_list_init(&done);
    while (turn->count > 0) {
        struct outcome outcome;
        struct job_list one;

        job_list_init(&one);
        job_list_add(&one, job_list_take(turn));
        if (write_what_can_be(writer, &one, lost, &outcome) != 0) {
            one.first->lost = true;
            one.first->err = outcome.err;
        } else {
            all.mail_queued |= outcome.mail_queued;
        }
        job_list_move(&done, &one);
    }
    job_list_move(&done, lost);
    finish(writer, &done, 0, &all);
}

void
writer_take_turn(struct writer *writer, struct job_list *turn)
{
    struct outcome outcome;
    struct job_list lost;
    int rc;

    job_list_init(&lost);
    (void)writer_mend(writer);
    rc = write_what_can_be(writer, turn, &lost, &outcome);
    if (rc == 1) {
        write_apart(writer, turn, &lost);
        return;
    }
    if (rc != 0)
        writer->next_unix_ms = clock_unix_ms() + WRITER_IDLE_MS;
    job_list_move(turn, &lost);
    finish(writer, turn, rc, &outcome);
}
