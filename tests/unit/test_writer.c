#include "writer.h"

#include <assert.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "cm.h"
#include "conf_text.h"
#include "tmp_store.h"

enum { MANY = WRITER_TURN_JOBS_MAX + 36, GATE = MANY, WAIT_S = 60 };

/* The two clocks in place of common/clock.c: the date can be set. */
static _Atomic int64_t date_set_ms;

static int64_t
read_clock_ns(clockid_t id)
{
    struct timespec ts;

    assert_int_equal(clock_gettime(id, &ts), 0);
    return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

int64_t
clock_mono_ns(void)
{
    return read_clock_ns(CLOCK_MONOTONIC);
}

int64_t
clock_unix_ms(void)
{
    return read_clock_ns(CLOCK_REALTIME) / NS_PER_MS + date_set_ms;
}

struct fixture {
    struct tmp_store *tmp;
    struct loop *loop;
    struct writer *writer;
    struct timer give_up;
    int wanted;   /* jobs to be done before the loop stops */
    bool running; /* the loop */
    int failures;
    int hurt; /* rows told to be set aside */
};

struct test_job {
    struct writer_job job; /* first */
    struct fixture *f;
    uint16_t number;
    bool fails;
    bool fills;   /* as a full store does: the whole turn is lost */
    sem_t *begun; /* posted by run(), or NULL */
    sem_t *go_on; /* then waited for */
    bool done;
    bool was_there; /* its row, when done() was called */
};

static struct bytes
number_bytes(const uint16_t *number)
{
    return (struct bytes){.data = (const uint8_t *)number, .len = 2};
}

static int
run_job(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    struct test_job *job = (struct test_job *)base;

    assert(room->watch != NULL && room->now_unix_ms != 0);
    if (job->begun != NULL) {
        (void)sem_post(job->begun);
        (void)sem_wait(job->go_on);
    }
    if (store_put(txn, STORE_QUARANTINE, number_bytes(&job->number),
            number_bytes(&job->number), err) != 0)
        return -1;
    if (job->fills)
        return err_set(err, ERR_FULL, "job %d fills", job->number);
    return job->fails ? err_set(err, ERR_STATE, "job %d fails", job->number)
                      : 0;
}

static bool
is_there(struct fixture *f, uint16_t number)
{
    struct err err;
    struct store_txn *txn = store_begin_read(f->tmp->store, &err);
    struct bytes value;
    int rc;

    assert_made(txn, err);
    rc = store_get(txn, STORE_QUARANTINE, number_bytes(&number), &value, &err);
    store_abort(txn);
    assert_true(rc >= 0);
    return rc == 1;
}

static void
job_done(struct writer_job *base)
{
    struct test_job *job = (struct test_job *)base;

    assert_false(job->done);
    job->done = true;
    job->was_there = is_there(job->f, job->number);
    if (--job->f->wanted == 0 && job->f->running)
        loop_stop(job->f->loop);
}

static void
put(struct fixture *f, struct test_job *job, int number)
{
    job->f = f;
    job->number = (uint16_t)number;
    job->job.run = run_job;
    job->job.done = job_done;
    if (job->job.cost_bytes == 0)
        job->job.cost_bytes = 1;
    f->wanted++;
    writer_put(f->writer, &job->job);
}

static void
on_give_up(void *ctx)
{
    (void)ctx;
    fail_msg("jobs are not done after %d s", WAIT_S);
}

static void
wait_for_all(struct fixture *f)
{
    if (f->wanted == 0)
        return;
    timer_init(&f->give_up, on_give_up, f);
    loop_timer_start(f->loop, &f->give_up, WAIT_S * NS_PER_SEC);
    f->running = true;
    loop_run(f->loop);
    f->running = false;
    loop_timer_stop(f->loop, &f->give_up);
    assert_int_equal(f->wanted, 0);
}

static void
on_mail(void *ctx)
{
    (void)ctx;
}

static void
on_failed(void *ctx, const struct err *err)
{
    struct fixture *f = ctx;

    assert_true(err->msg[0] != '\0');
    f->failures++;
}

static void
on_hurt(void *ctx, const struct store_hurt *hurt)
{
    struct fixture *f = ctx;

    assert_true(hurt->key_len > 0);
    f->hurt++;
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    void *tmp = NULL;
    struct err err;
    struct store_txn *txn;

    assert_non_null(f);
    date_set_ms = 0;
    assert_int_equal(tmp_store_setup(&tmp), 0);
    f->tmp = tmp;
    txn = store_begin_write(f->tmp->store, &err);
    assert_made(txn, err);
    conf_history_free(conf_text_history(txn,
        "regions: [eu]\nsites:\n  - {name: s, derive: false, checks: [{name: "
        "c, kind: tcp, host: 192.0.2.1, port: 80, interval: 60s}]}\n",
        1700000000000));
    assert_ok(store_commit(txn, &err), err);
    f->loop = loop_new(&err);
    assert_made(f->loop, err);
    f->writer = writer_start(&(struct writer_spec){.loop = f->loop,
                                 .store = f->tmp->store,
                                 .mail_queued = on_mail,
                                 .failed = on_failed,
                                 .set_aside = on_hurt,
                                 .ctx = f},
        &err);
    assert_made(f->writer, err);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    void *tmp = f->tmp;

    writer_stop(f->writer);
    loop_free(f->loop);
    (void)tmp_store_teardown(&tmp);
    free(f);
    return 0;
}

/* A first job that keeps the thread until it is let go: what is put meanwhile
 * waits, and then makes turns of its own. */
struct gate {
    struct test_job job;
    sem_t begun;
    sem_t go_on;
};

static void
shut(struct fixture *f, struct gate *gate)
{
    *gate =
        (struct gate){.job = {.begun = &gate->begun, .go_on = &gate->go_on}};
    assert_int_equal(sem_init(&gate->begun, 0, 0), 0);
    assert_int_equal(sem_init(&gate->go_on, 0, 0), 0);
    put(f, &gate->job, GATE);
    while (sem_wait(&gate->begun) != 0)
        continue;
}

static void
open_gate(struct gate *gate)
{
    (void)sem_post(&gate->go_on);
}

static void
a_job_is_done_after_its_commit(void **state)
{
    struct fixture *f = *state;
    struct test_job job = {.done = false};

    put(f, &job, 1);
    wait_for_all(f);
    assert_true(job.done && job.was_there);
    assert_false(job.job.lost);
    assert_int_equal(f->failures, 0);
}

static void
a_job_that_fails_is_lost_alone(void **state)
{
    struct fixture *f = *state;
    static struct test_job jobs[MANY];
    enum { BAD = WRITER_TURN_JOBS_MAX + 6 };
    struct gate gate;

    shut(f, &gate);
    jobs[BAD].fails = true;
    for (int i = 0; i < MANY; i++)
        put(f, &jobs[i], i);
    open_gate(&gate);
    wait_for_all(f);
    assert_false(gate.job.job.lost);
    assert_true(gate.job.was_there);
    for (int i = 0; i < MANY; i++) {
        assert_true(jobs[i].done);
        assert_int_equal(jobs[i].job.lost, i == BAD);
        assert_int_equal(jobs[i].job.alone, i == BAD);
        assert_int_equal(jobs[i].was_there, i != BAD);
        if (jobs[i].job.lost)
            assert_non_null(strstr(jobs[i].job.err.msg, "fails"));
    }
    assert_int_equal(f->failures, 1);
}

static void
jobs_that_fail_in_number_are_lost_alone(void **state)
{
    struct fixture *f = *state;
    static struct test_job jobs[100];
    struct writer_health health;
    struct gate gate;

    shut(f, &gate);
    for (int i = 0; i < 100; i++) {
        jobs[i].fails = i % 5 == 0;
        put(f, &jobs[i], i);
    }
    open_gate(&gate);
    wait_for_all(f);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(jobs[i].job.lost, i % 5 == 0);
        assert_int_equal(jobs[i].was_there, i % 5 != 0);
    }
    writer_health(f->writer, &health);
    assert_int_equal(health.lost_alone, 20);
    assert_int_equal(health.lost_turns, 0);
    assert_false(health.failing);
}

static void
a_full_store_loses_the_whole_turn(void **state)
{
    struct fixture *f = *state;
    static struct test_job jobs[10];
    struct writer_health health;
    struct gate gate;

    shut(f, &gate);
    jobs[3].fills = true;
    for (int i = 0; i < 10; i++)
        put(f, &jobs[i], i);
    open_gate(&gate);
    wait_for_all(f);
    for (int i = 0; i < 10; i++)
        assert_true(jobs[i].job.lost && !jobs[i].job.alone);
    writer_health(f->writer, &health);
    assert_true(health.failing);
    assert_int_equal(health.lost_turns, 1);
}

/* ---- damaged rows ---- */

static const char marker[] = "the-value-of-the-row-that-is-hurt";
static const uint8_t hurt_key[] = {0x7f, 2, 3, 4, 5, 6, 7, 8}; /* not old */

static struct bytes
hurt_key_bytes(void)
{
    return (struct bytes){.data = hurt_key, .len = sizeof(hurt_key)};
}

static void
put_and_hurt(struct fixture *f, enum store_table table)
{
    struct bytes value = {
        .data = (const uint8_t *)marker, .len = sizeof(marker)};
    struct err err;
    struct store_txn *txn = store_begin_write(f->tmp->store, &err);

    assert_made(txn, err);
    assert_ok(store_put(txn, table, hurt_key_bytes(), value, &err), err);
    assert_ok(store_commit(txn, &err), err);
    tmp_store_hurt(f->tmp, marker, sizeof(marker));
}

static size_t
set_aside_rows(struct fixture *f)
{
    struct err err;
    struct store_txn *txn = store_begin_read(f->tmp->store, &err);
    size_t count;

    assert_made(txn, err);
    assert_ok(store_count_hurt(txn, &count, &err), err);
    store_abort(txn);
    return count;
}

static int
try_row(struct fixture *f, enum store_table table)
{
    struct err err;
    struct store_txn *txn = store_begin_read(f->tmp->store, &err);
    struct bytes value;
    int rc;

    assert_made(txn, err);
    rc = store_get(txn, table, hurt_key_bytes(), &value, &err);
    store_abort(txn);
    return rc;
}

struct reading_job {
    struct test_job test; /* first */
    enum store_table table;
    int runs;
};

static int
run_reading(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    struct reading_job *job = (struct reading_job *)base;
    struct bytes value;

    job->runs++;
    if (store_get(txn, job->table, hurt_key_bytes(), &value, err) < 0)
        return -1;
    return run_job(base, room, txn, err);
}

static void
put_reading(struct fixture *f, struct reading_job *job)
{
    job->test.f = f;
    job->test.number = 7;
    job->test.job.run = run_reading;
    job->test.job.done = job_done;
    f->wanted++;
    writer_put(f->writer, &job->test.job);
}

static void
a_damaged_row_is_set_aside_and_the_job_runs_again(void **state)
{
    struct fixture *f = *state;
    struct reading_job job = {.table = STORE_VERDICTS};

    put_and_hurt(f, STORE_VERDICTS);
    put_reading(f, &job);
    wait_for_all(f);
    assert_false(job.test.job.lost);
    assert_true(job.test.was_there);
    assert_true(job.runs == 1 || job.runs == 2); /* judging reads it, too */
    assert_int_equal(set_aside_rows(f), 1);
    assert_int_equal(try_row(f, STORE_VERDICTS), 0);
    assert_int_equal(f->hurt, 1);
    assert_int_equal(f->failures, 0);
}

static void
a_damaged_row_that_a_reader_met_is_set_aside(void **state)
{
    struct fixture *f = *state;
    put_and_hurt(f, STORE_MAILQ);
    (void)try_row(f, STORE_MAILQ); /* a turn of alerts may meet it first */
    /* The turn that had begun already may not know of it; a later one does. */
    for (int i = 0; i < 100 && try_row(f, STORE_MAILQ) != 0; i++) {
        struct test_job job = {.done = false};

        put(f, &job, 1 + i);
        wait_for_all(f);
    }
    assert_int_equal(set_aside_rows(f), 1);
    assert_int_equal(try_row(f, STORE_MAILQ), 0);
}

static void
a_damaged_row_that_must_not_go_stays(void **state)
{
    struct fixture *f = *state;
    struct reading_job job = {.table = STORE_MARKS};
    struct test_job other = {.done = false};

    put_and_hurt(f, STORE_MARKS);
    put_reading(f, &job);
    put(f, &other, 1);
    wait_for_all(f);
    assert_true(job.test.job.lost && job.test.job.alone);
    assert_false(other.job.lost);
    assert_int_equal(set_aside_rows(f), 0);
    assert_int_equal(try_row(f, STORE_MARKS), -1);
}

static void
after_a_lost_turn_the_next_is_good(void **state)
{
    struct fixture *f = *state;
    struct test_job bad = {.fails = true};
    struct test_job good = {.done = false};
    struct writer_health health;

    put(f, &bad, 1);
    wait_for_all(f);
    assert_true(bad.job.lost);
    writer_health(f->writer, &health);
    assert_true(health.failing);
    assert_int_equal(health.lost_alone, 1);
    put(f, &good, 2);
    wait_for_all(f);
    assert_false(good.job.lost);
    assert_true(good.was_there);
    assert_false(is_there(f, 1));
    writer_health(f->writer, &health);
    assert_false(health.failing);
}

static void
what_waits_is_counted_until_it_is_taken(void **state)
{
    struct fixture *f = *state;
    struct test_job jobs[3] = {{.job = {.cost_bytes = 1000}},
        {.job = {.cost_bytes = 200}}, {.job = {.cost_bytes = 30}}};
    struct gate gate;

    assert_int_equal(writer_waiting_bytes(f->writer), 0);
    shut(f, &gate);
    for (int i = 0; i < 3; i++)
        put(f, &jobs[i], i);
    assert_int_equal(writer_waiting_bytes(f->writer), 1230);
    open_gate(&gate);
    wait_for_all(f);
    assert_int_equal(writer_waiting_bytes(f->writer), 0);
}

static void
a_turn_takes_no_more_bytes_than_it_may(void **state)
{
    struct fixture *f = *state;
    static const size_t most = WRITER_TURN_BYTES_MAX / 4 * 3;
    struct test_job jobs[3] = {{.job = {.cost_bytes = most}},
        {.job = {.cost_bytes = most}}, {.fills = true}};
    struct gate gate;

    shut(f, &gate);
    for (int i = 0; i < 3; i++)
        put(f, &jobs[i], i);
    open_gate(&gate);
    wait_for_all(f);
    /* The second passed the limit; the third has a turn of its own. */
    assert_false(jobs[0].job.lost);
    assert_false(jobs[1].job.lost);
    assert_true(jobs[2].job.lost);
}

static void
stopping_finishes_what_is_queued(void **state)
{
    struct fixture *f = *state;
    static struct test_job jobs[MANY];
    struct gate gate;

    shut(f, &gate);
    for (int i = 0; i < MANY; i++)
        put(f, &jobs[i], i);
    open_gate(&gate);
    writer_stop(f->writer);
    f->writer = NULL;
    for (int i = 0; i < MANY; i++) {
        assert_true(jobs[i].done && jobs[i].was_there);
        assert_false(jobs[i].job.lost);
    }
}

/* It waits for company for 20 ms, not until the old date is reached again. */
static void
a_date_that_is_set_back_delays_nothing(void **state)
{
    struct fixture *f = *state;
    static const int64_t steps_ms[] = {-3600000, 7200000, -86400000};

    for (int i = 0; i < 3; i++) {
        struct test_job job = {.done = false};

        put(f, &job, i);
        date_set_ms = steps_ms[i];
        wait_for_all(f);
        assert_true(job.was_there);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_is_done_after_its_commit),
        TEST(a_job_that_fails_is_lost_alone),
        TEST(jobs_that_fail_in_number_are_lost_alone),
        TEST(a_full_store_loses_the_whole_turn),
        TEST(a_damaged_row_is_set_aside_and_the_job_runs_again),
        TEST(a_damaged_row_that_a_reader_met_is_set_aside),
        TEST(a_damaged_row_that_must_not_go_stays),
        TEST(after_a_lost_turn_the_next_is_good),
        TEST(what_waits_is_counted_until_it_is_taken),
        TEST(a_turn_takes_no_more_bytes_than_it_may),
        TEST(stopping_finishes_what_is_queued),
        TEST(a_date_that_is_set_back_delays_nothing),
    };

    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
