#include "ending.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "fake_loop.h"
#include "fake_probe.h"
#include "fake_self_check.h"
#include "wire.h"

enum { CHECKS = 3, MINUTE_MS = 60000 };

static const int64_t day = INT64_C(1795737600000);

struct fixture {
    char parent[32];
    struct loop *loop;
    struct probe_env env;
    struct grid_clock clock;
    struct runner *runner;
    struct spool *spool;
    struct recorder *recorder;
    struct notify *notify;
    struct ending *ending;
};

static void
on_result(void *ctx, const struct measure *measure, bool with_facts)
{
    struct fixture *f = ctx;

    recorder_take(f->recorder, measure, with_facts);
}

static void
on_synced(void *ctx)
{
    (void)ctx;
}

static void
configure(struct fixture *f)
{
    struct runner_work work = {.place = {0, 1, 0, 1}};
    struct err err;

    work.checks = calloc(CHECKS, sizeof(*work.checks));
    assert_non_null(work.checks);
    for (; work.check_count < CHECKS; work.check_count++) {
        struct check *check = &work.checks[work.check_count];

        check_init(check);
        (void)snprintf(
            check->name, sizeof(check->name), "acme/c%zu", work.check_count);
        check->id = check_id_of(check->name);
        check->kind = CHECK_TCP;
        check->interval_ms = MINUTE_MS;
        check->timeout_ms = 10000;
        check->host = strdup("acme.example");
        assert_non_null(check->host);
    }
    assert_ok(runner_configure(f->runner, &work, &err), err);
}

static void
open_keeping(struct fixture *f)
{
    struct recorder_spec recorder = {
        .loop = f->loop, .synced = on_synced, .ctx = f};
    struct spool_spec spool = {
        .cap_bytes = 16 << 20, .retention_ms = MINUTE_MS};
    char dir[64];
    struct err err;

    (void)snprintf(dir, sizeof(dir), "%s/spool", f->parent);
    spool.dir = dir;
    f->spool = spool_open(&spool, &err);
    assert_made(f->spool, err);
    recorder.spool = f->spool;
    f->recorder = recorder_new(&recorder, &err);
    assert_made(f->recorder, err);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct grid_reading reading = {
        .mono_ns = NS_PER_SEC, .boot_ns = NS_PER_SEC, .wall_unix_ms = day};
    struct runner_spec runner = {.sink = on_result, .ctx = f};
    struct ending_spec ending;
    struct err err;

    assert_non_null(f);
    strcpy(f->parent, "/tmp/leadline-ending-XXXXXX");
    assert_non_null(mkdtemp(f->parent));
    f->loop = loop_new(&err);
    assert_made(f->loop, err);
    grid_clock_init(&f->clock, &reading);
    f->env.loop = f->loop;
    open_keeping(f);
    runner.loop = f->loop;
    runner.env = &f->env;
    runner.clock = &f->clock;
    f->runner = runner_new(&runner, &err);
    assert_made(f->runner, err);
    recorder_follow(f->recorder, f->runner);
    (void)unsetenv("NOTIFY_SOCKET");
    f->notify = notify_open(f->loop, &err);
    assert_made(f->notify, err);
    ending = (struct ending_spec){.loop = f->loop,
        .runner = f->runner,
        .recorder = f->recorder,
        .notify = f->notify};
    f->ending = ending_new(&ending, &err);
    assert_made(f->ending, err);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    char command[64];

    ending_free(f->ending);
    notify_close(f->notify);
    runner_free(f->runner);
    recorder_free(f->recorder);
    spool_close(f->spool);
    loop_free(f->loop);
    fake_probe_reset();
    (void)snprintf(command, sizeof(command), "rm -r %s", f->parent);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of ours */
    free(f);
    return 0;
}

static void
advance_ms(struct fixture *f, int64_t ms)
{
    fake_loop_advance_ns(f->loop, ms * NS_PER_MS);
}

static void
wait_until_running(struct fixture *f, size_t count)
{
    configure(f);
    for (int i = 0; i < 3 * MINUTE_MS && fake_probe_running() < count; i++)
        advance_ms(f, 1);
    assert_int_equal(fake_probe_running(), count);
}

/* How many records on disk have that reason. */
static size_t
on_disk(struct fixture *f, enum measure_reason reason)
{
    struct spool_state at;
    size_t count = 0;

    spool_state(f->spool, &at);
    for (uint64_t seq = at.oldest_seq; seq <= at.synced_seq; seq++) {
        struct measure measure;
        struct buf bytes;
        struct err err;

        buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
        assert_int_equal(spool_read(f->spool, seq, &bytes, &err), 1);
        assert_ok(
            wire_record_decode(bytes.data, bytes.len, &measure, &err), err);
        count += measure.reason == reason;
        measure_free_facts(&measure);
        buf_free(&bytes);
    }
    return count;
}

static void
what_hangs_is_told_as_skipped_after_the_grace(void **state)
{
    struct fixture *f = *state;

    wait_until_running(f, CHECKS);
    fake_loop_raise(f->loop, SIGTERM);
    advance_ms(f, ENDING_GRACE_MS - 1);
    assert_int_equal(fake_probe_running(), CHECKS);
    assert_int_equal(on_disk(f, REASON_AGENT_SKIPPED), 0);
    advance_ms(f, 40);
    assert_int_equal(fake_probe_running(), 0);
    assert_int_equal(on_disk(f, REASON_AGENT_SKIPPED), CHECKS);
}

static void
what_ends_within_the_grace_counts(void **state)
{
    struct fixture *f = *state;

    wait_until_running(f, CHECKS);
    fake_loop_raise(f->loop, SIGINT);
    advance_ms(f, 100);
    for (int i = 0; i < CHECKS; i++)
        fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    advance_ms(f, 40);
    assert_int_equal(on_disk(f, REASON_NONE), CHECKS);
    assert_int_equal(on_disk(f, REASON_AGENT_SKIPPED), 0);
    advance_ms(f, 3 * MINUTE_MS);
    assert_int_equal(fake_probe_started(), CHECKS);
}

static void
the_second_signal_is_no_longer_ours(void **state)
{
    struct fixture *f = *state;

    wait_until_running(f, CHECKS);
    fake_loop_raise(f->loop, SIGTERM);
    advance_ms(f, 100);
    fake_loop_raise(f->loop, SIGTERM); /* nobody is called: default action */
    fake_loop_raise(f->loop, SIGINT);
    advance_ms(f, ENDING_GRACE_MS);
    assert_int_equal(on_disk(f, REASON_AGENT_SKIPPED), CHECKS);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(what_hangs_is_told_as_skipped_after_the_grace),
        CASE(what_ends_within_the_grace_counts),
        CASE(the_second_signal_is_no_longer_ours),
    };
#undef CASE

    return cmocka_run_group_tests_name("ending", tests, NULL, NULL);
}
