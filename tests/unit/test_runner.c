#include "runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "clock.h"
#include "cm.h"
#include "fake_loop.h"
#include "fake_probe.h"
#include "fake_self_check.h"

enum { SEEN_MAX = 512, SEC = 1000, MINUTE = 60 * SEC };

/* The fake loop begins at 1 s; here that is this moment, a slot's start. */
static const int64_t day = INT64_C(1795737600000);

struct fixture {
    struct loop *loop;
    struct probe_env env;
    struct grid_clock clock;
    struct runner *runner;
    struct measure seen[SEEN_MAX]; /* cores only */
    bool with_facts[SEEN_MAX];
    size_t seen_count;
};

static void
on_result(void *ctx, const struct measure *measure, bool with_facts)
{
    struct fixture *f = ctx;

    assert_true(f->seen_count < SEEN_MAX);
    f->with_facts[f->seen_count] = with_facts;
    f->seen[f->seen_count++] = *measure;
}

static struct runner *
new_runner(struct fixture *f)
{
    struct runner_spec spec = {
        .loop = f->loop,
        .env = &f->env,
        .clock = &f->clock,
        .sink = on_result,
        .ctx = f,
    };
    struct err err;
    struct runner *runner = runner_new(&spec, &err);

    assert_made(runner, err);
    return runner;
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct grid_reading reading = {
        .mono_ns = NS_PER_SEC,
        .boot_ns = NS_PER_SEC,
        .wall_unix_ms = day,
    };
    struct err err;

    assert_non_null(f);
    f->loop = loop_new(&err);
    assert_made(f->loop, err);
    grid_clock_init(&f->clock, &reading);
    f->env.loop = f->loop;
    f->runner = new_runner(f);
    fake_self_check_set(SELF_CHECK_UNKNOWN);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    runner_free(f->runner);
    loop_free(f->loop);
    fake_probe_reset();
    free(f);
    return 0;
}

static void
advance_ms(struct fixture *f, int64_t ms)
{
    fake_loop_advance_ns(f->loop, ms * NS_PER_MS);
}

static void
make_check(struct check *check, const char *name, enum check_kind kind)
{
    check_init(check);
    (void)snprintf(check->name, sizeof(check->name), "%s", name);
    check->id = check_id_of(name);
    check->kind = kind;
    check->interval_ms = MINUTE;
    check->timeout_ms = 10 * SEC;
    check->host = strdup("acme.example");
    assert_non_null(check->host);
}

/* Configures one check, or none for NULL; the runner owns it. */
static void
configure(struct fixture *f, struct check *check)
{
    struct runner_work work = {.place = {0, 1, 0, 1}};
    struct err err;

    if (check != NULL) {
        work.checks = calloc(1, sizeof(*check));
        assert_non_null(work.checks);
        work.checks[0] = *check;
        work.check_count = 1;
    }
    assert_ok(runner_configure(f->runner, &work, &err), err);
    assert_null(work.checks);
}

static void
configure_one(struct fixture *f, enum check_kind kind, enum check_family family)
{
    struct check check;

    make_check(&check, "acme/home", kind);
    check.family = family;
    configure(f, &check);
}

/* Waits for the next start, two minutes at most. */
static void
wait_for_start(struct fixture *f)
{
    size_t before = fake_probe_started();

    for (int i = 0; i < 120 && fake_probe_started() == before; i++)
        advance_ms(f, SEC);
    assert_true(fake_probe_started() > before);
}

static void
each_slot_is_measured_once(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    for (int i = 0; i < 30; i++) {
        wait_for_start(f);
        assert_int_equal(fake_probe_running(), 1);
        fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    }
    assert_int_equal(f->seen_count, 30);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(f->seen[i].slot_unix_ms, day + i * MINUTE);
        assert_true(f->seen[i].ts_unix_ms >= f->seen[i].slot_unix_ms);
        assert_true(f->seen[i].ts_unix_ms < f->seen[i].slot_unix_ms + MINUTE);
        assert_int_equal(f->seen[i].attempt, 0);
    }
    assert_int_equal(runner_skipped(f->runner), 0);
}

static void
a_probe_that_hangs_does_not_delay_the_next_slot(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    wait_for_start(f);
    assert_int_equal(fake_probe_running(), 2);
    assert_int_equal(fake_probe_run(1)->slot_unix_ms, day + MINUTE);
}

static void
down_is_confirmed_five_seconds_later(void **state)
{
    struct fixture *f = *state;
    int64_t slot;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    slot = fake_probe_run(0)->slot_unix_ms;
    fake_probe_end(0, MEASURE_DOWN, REASON_HTTP_STATUS, NULL);
    assert_int_equal(fake_self_check_asked(), 1);
    assert_int_equal(f->seen_count, 0); /* held */
    fake_self_check_say(SELF_CHECK_GOOD);
    assert_int_equal(f->seen_count, 1);
    assert_false(f->seen[0].isolated);
    advance_ms(f, 5 * SEC - 1);
    assert_int_equal(fake_probe_running(), 0);
    advance_ms(f, 1);
    assert_int_equal(fake_probe_running(), 1);
    assert_int_equal(fake_probe_run(0)->attempt, 1);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, slot);
    assert_true(
        fake_probe_run(0)->ts_unix_ms >= f->seen[0].ts_unix_ms + 5 * SEC);
    fake_probe_end(0, MEASURE_DOWN, REASON_HTTP_STATUS, NULL);
    assert_int_equal(f->seen_count, 2);
    assert_int_equal(f->seen[1].attempt, 1);
    assert_int_equal(fake_self_check_asked(), 0); /* no third */
    advance_ms(f, 10 * SEC);
    assert_int_equal(fake_probe_started(), 2);
}

static void
the_second_attempt_belongs_to_the_slot_of_the_first(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_TCP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    advance_ms(f, 59 * SEC); /* the next slot's start comes meanwhile */
    fake_probe_end(0, MEASURE_DOWN, REASON_CONNECT_TIMEOUT, NULL);
    fake_self_check_say(SELF_CHECK_GOOD);
    advance_ms(f, 5 * SEC);
    assert_int_equal(fake_probe_running(), 2);
    assert_int_equal(fake_probe_run(1)->attempt, 1);
    assert_int_equal(fake_probe_run(1)->slot_unix_ms, day);
    assert_true(fake_probe_run(1)->ts_unix_ms >= day + MINUTE);
}

static void
a_failing_self_check_marks_both_attempts(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_DOWN, REASON_CONNECT_TIMEOUT, NULL);
    fake_self_check_say(SELF_CHECK_FAILING);
    assert_true(f->seen[0].isolated);
    advance_ms(f, 5 * SEC);
    fake_probe_end(0, MEASURE_DOWN, REASON_CONNECT_TIMEOUT, NULL);
    assert_int_equal(f->seen_count, 2);
    assert_true(f->seen[1].isolated);
    /* The next slot is judged anew. */
    wait_for_start(f);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    assert_false(f->seen[2].isolated);
}

static void
a_silent_self_check_holds_the_result_five_seconds_at_most(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_self_check_set(SELF_CHECK_FAILING);
    fake_probe_end(0, MEASURE_DOWN, REASON_CONNECT_TIMEOUT, NULL);
    advance_ms(f, 5 * SEC);
    assert_int_equal(f->seen_count, 1);
    assert_true(f->seen[0].isolated);
    assert_int_equal(fake_self_check_asked(), 0);
    assert_int_equal(fake_probe_running(), 1);
}

static void
our_own_trouble_is_not_tried_again(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_ERROR, REASON_AGENT_LIMIT, NULL);
    assert_int_equal(f->seen_count, 1);
    advance_ms(f, 10 * SEC);
    assert_int_equal(fake_probe_started(), 1);
}

static void
without_memory_for_a_probe_the_slot_is_told_as_such(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_4);
    fake_probe_fail_starts(true);
    for (int i = 0; i < 90 && f->seen_count == 0; i++)
        advance_ms(f, SEC);
    assert_int_equal(f->seen_count, 1);
    assert_int_equal(f->seen[0].status, MEASURE_ERROR);
    assert_int_equal(f->seen[0].reason, REASON_AGENT_LIMIT);
    assert_int_equal(f->seen[0].family, FAMILY_V4);
}

static void
both_families_are_two_legs(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_BOTH);
    wait_for_start(f);
    assert_int_equal(fake_probe_running(), 2);
    assert_int_equal(fake_probe_run(0)->family, CHECK_FAMILY_4);
    assert_int_equal(fake_probe_run(1)->family, CHECK_FAMILY_6);
    fake_probe_end(1, MEASURE_DOWN, REASON_CONNECT_TIMEOUT, NULL);
    fake_self_check_say(SELF_CHECK_GOOD);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    advance_ms(f, 5 * SEC);
    assert_int_equal(fake_probe_running(), 1); /* only the bad one again */
    assert_int_equal(fake_probe_run(0)->family, CHECK_FAMILY_6);
    fake_probe_end(0, MEASURE_DOWN, REASON_CONNECT_TIMEOUT, NULL);
    assert_int_equal(f->seen_count, 3);
    assert_int_equal(f->seen[0].family, FAMILY_V6);
    assert_int_equal(f->seen[1].family, FAMILY_V4);
    assert_int_equal(f->seen[2].family, FAMILY_V6);
}

/* One slot of a check with two legs; the IPv6 one ends as said. */
static void
slot_of_two_legs(
    struct fixture *f, enum measure_status status, enum measure_reason reason)
{
    wait_for_start(f);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    fake_probe_end(0, status, reason, NULL);
}

static void
a_leg_without_a_route_is_told_when_that_begins(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_BOTH);
    slot_of_two_legs(f, MEASURE_ERROR, REASON_AGENT_NO_ROUTE);
    assert_int_equal(f->seen_count, 2);
    slot_of_two_legs(f, MEASURE_ERROR, REASON_AGENT_NO_ROUTE);
    slot_of_two_legs(f, MEASURE_ERROR, REASON_AGENT_NO_ROUTE);
    assert_int_equal(f->seen_count, 4);
    slot_of_two_legs(f, MEASURE_UP, REASON_NONE);
    assert_int_equal(f->seen_count, 6);
    slot_of_two_legs(f, MEASURE_ERROR, REASON_AGENT_NO_ROUTE);
    assert_int_equal(f->seen_count, 8);
}

static void
a_single_family_without_a_route_is_told_each_slot(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_6);
    for (size_t i = 1; i <= 3; i++) {
        wait_for_start(f);
        fake_probe_end(0, MEASURE_ERROR, REASON_AGENT_NO_ROUTE, NULL);
        assert_int_equal(f->seen_count, i);
    }
}

/* Many checks that all start within their first quarter of a minute. */
static void
configure_many(struct fixture *f, size_t count)
{
    struct runner_work work = {.place = {0, 1, 0, 1}, .check_count = count};
    struct err err;

    work.checks = calloc(count, sizeof(*work.checks));
    assert_non_null(work.checks);
    for (size_t i = 0; i < count; i++) {
        char name[CHECK_NAME_BYTES];

        (void)snprintf(name, sizeof(name), "acme/c%zu", i);
        make_check(&work.checks[i], name, CHECK_TCP);
    }
    assert_ok(runner_configure(f->runner, &work, &err), err);
}

static void
no_more_than_the_cap_run_at_once(void **state)
{
    struct fixture *f = *state;
    size_t skipped = 0;

    configure_many(f, 200);
    for (int i = 0; i < 30; i++) {
        advance_ms(f, SEC);
        assert_true(fake_probe_running() <= ATTEMPT_AT_ONCE);
    }
    assert_int_equal(fake_probe_running(), ATTEMPT_AT_ONCE);
    /* Who found no room waited five seconds, and was told as skipped. */
    assert_int_equal(f->seen_count, 200 - ATTEMPT_AT_ONCE);
    for (size_t i = 0; i < f->seen_count; i++) {
        skipped += f->seen[i].reason == REASON_AGENT_SKIPPED;
        assert_int_equal(f->seen[i].status, MEASURE_ERROR);
    }
    assert_int_equal(skipped, f->seen_count);
    assert_int_equal(runner_skipped(f->runner), skipped);
}

static void
who_waits_starts_as_soon_as_there_is_room(void **state)
{
    struct fixture *f = *state;
    size_t started;

    configure_many(f, 200);
    while (fake_probe_running() < ATTEMPT_AT_ONCE)
        advance_ms(f, 100);
    advance_ms(f, 2 * SEC); /* some more came due */
    started = fake_probe_started();
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    advance_ms(f, 0);
    assert_int_equal(fake_probe_started(), started + 1);
    assert_int_equal(fake_probe_running(), ATTEMPT_AT_ONCE);
}

static void
facts_go_along_first_and_when_they_change(void **state)
{
    static const struct {
        const char *ip;
        enum measure_status status;
        bool expect;
    } slots[] = {
        {"192.0.2.1", MEASURE_UP, true}, /* the first after the start */
        {"192.0.2.1", MEASURE_UP, false},
        {"192.0.2.1", MEASURE_SLOW, false},
        {"192.0.2.2", MEASURE_UP, true},
        {"192.0.2.2", MEASURE_ERROR, true},
        {"192.0.2.2", MEASURE_UP, false},
        {NULL, MEASURE_UP, false},
    };
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        struct facts *facts = slots[i].ip == NULL ? NULL : facts_new();

        if (facts != NULL)
            (void)strcpy(facts->ip, slots[i].ip);
        wait_for_start(f);
        fake_probe_end(0, slots[i].status,
            slots[i].status == MEASURE_ERROR ? REASON_AGENT_LIMIT : REASON_NONE,
            facts);
        if (f->seen_count != i + 1 || f->with_facts[i] != slots[i].expect)
            fail_msg("slot %zu: facts %d", i, (int)f->with_facts[i]);
    }
}

/* So that a collector with a new store hears of what does not change. */
static void
facts_go_along_again_once_a_day(void **state)
{
    struct fixture *f = *state;
    size_t told = 0;
    int slots = 0;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    for (; told < 2 && slots < 100000; slots++) {
        wait_for_start(f);
        fake_probe_end(0, MEASURE_UP, REASON_NONE, facts_new());
        told += f->with_facts[0];
        f->seen_count = 0;
    }
    assert_int_equal(told, 2);
    assert_true((slots - 1) * MINUTE >= 24 * 60 * MINUTE);
    assert_true((slots - 2) * MINUTE < 24 * 60 * MINUTE);
}

static void
both_results_of_a_down_bring_their_facts(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_DOWN, REASON_HTTP_STATUS, facts_new());
    fake_self_check_say(SELF_CHECK_GOOD);
    advance_ms(f, 5 * SEC);
    fake_probe_end(0, MEASURE_DOWN, REASON_HTTP_STATUS, facts_new());
    assert_int_equal(f->seen_count, 2);
    assert_true(f->with_facts[0]);
    assert_true(f->with_facts[1]);
}

static void
a_loop_that_lags_is_told_with_the_result(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    fake_loop_set_lag_ns(f->loop, 6 * NS_PER_MS);
    wait_for_start(f);
    fake_loop_set_lag_ns(f->loop, 0);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    wait_for_start(f);
    fake_loop_set_lag_ns(f->loop, 5 * NS_PER_MS);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    assert_false(f->seen[0].lagged);
    assert_true(f->seen[1].lagged);
    assert_false(f->seen[2].lagged);
}

static void
a_new_configuration_leaves_unchanged_checks_alone(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    assert_int_equal(fake_probe_running(), 1);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    assert_int_equal(f->seen_count, 1);
    wait_for_start(f);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, day + MINUTE);
}

static void
a_changed_check_finishes_its_slot_and_goes_on_with_the_next(void **state)
{
    struct fixture *f = *state;
    struct check check;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    make_check(&check, "acme/home", CHECK_HTTP);
    check.slow_ms = 500;
    configure(f, &check);
    assert_int_equal(fake_probe_running(), 1);
    assert_int_equal(fake_probe_check(0)->slow_ms, 0);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    assert_int_equal(f->seen_count, 1);
    wait_for_start(f);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, day + MINUTE);
    assert_int_equal(fake_probe_check(0)->slow_ms, 500);
}

static void
slots_of_another_length_begin_where_the_old_one_ends(void **state)
{
    struct fixture *f = *state;
    struct check check;

    make_check(&check, "acme/home", CHECK_HTTP);
    check.interval_ms = 90 * SEC;
    configure(f, &check);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, day + MINUTE);
    assert_true(fake_probe_run(0)->ts_unix_ms >= day + 90 * SEC);
}

static void
a_slot_cut_short_by_a_new_length_is_measured_before_it_goes(void **state)
{
    struct fixture *f = *state;
    struct check check;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    while (grid_clock_unix_ms(&f->clock, loop_now_ns(f->loop)) < day + MINUTE)
        advance_ms(f, 100);
    make_check(&check, "acme/home", CHECK_HTTP);
    check.interval_ms = 30 * SEC;
    configure(f, &check);
    advance_ms(f, 0);
    assert_int_equal(fake_probe_running(), 1);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, day + MINUTE);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    wait_for_start(f);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, day + 2 * MINUTE);
}

static void
a_removed_check_is_dropped_in_the_middle(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    configure(f, NULL);
    assert_int_equal(fake_probe_running(), 0);
    assert_int_equal(runner_checks(f->runner), 0);
    advance_ms(f, 2 * MINUTE);
    assert_int_equal(f->seen_count, 0);
}

static void
a_removed_check_in_doubt_is_dropped_too(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_DOWN, REASON_HTTP_STATUS, facts_new());
    configure(f, NULL);
    assert_int_equal(fake_self_check_asked(), 0);
    advance_ms(f, MINUTE);
    assert_int_equal(f->seen_count, 0);
}

static void
paused_and_unknown_kinds_are_not_measured(void **state)
{
    struct fixture *f = *state;
    struct check check;

    make_check(&check, "acme/home", CHECK_HTTP);
    check.paused = true;
    configure(f, &check);
    assert_int_equal(runner_checks(f->runner), 0);
    configure_one(f, CHECK_FORM, CHECK_FAMILY_ANY);
    assert_int_equal(runner_checks(f->runner), 0);
    advance_ms(f, 2 * MINUTE);
    assert_int_equal(fake_probe_started(), 0);
}

static void
two_checks_of_one_id_are_refused_and_nothing_changes(void **state)
{
    struct fixture *f = *state;
    struct runner_work work = {.place = {0, 1, 0, 1}, .check_count = 2};
    struct err err;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    work.checks = calloc(2, sizeof(*work.checks));
    make_check(&work.checks[0], "acme/a", CHECK_HTTP);
    make_check(&work.checks[1], "acme/a", CHECK_HTTP);
    assert_int_equal(runner_configure(f->runner, &work, &err), -1);
    assert_string_equal(err.msg, "checks acme/a and acme/a have one id");
    assert_int_equal(work.check_count, 2);
    check_free(&work.checks[0]);
    check_free(&work.checks[1]);
    free(work.checks);
    assert_int_equal(runner_checks(f->runner), 1);
    wait_for_start(f);
}

/* Ends the runner and begins another with what it left on disk. */
static void
restart(struct fixture *f)
{
    struct buf bytes;
    struct err err;

    buf_init(&bytes, 1 << 20);
    assert_ok(runner_put_last_runs(f->runner, &bytes, &err), err);
    assert_false(runner_has_run(f->runner));
    runner_free(f->runner);
    f->runner = new_runner(f);
    assert_ok(runner_take_last_runs(f->runner, buf_bytes(&bytes), &err), err);
    buf_free(&bytes);
}

static void
a_restart_runs_no_slot_twice(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    assert_false(runner_has_run(f->runner));
    wait_for_start(f);
    assert_true(runner_has_run(f->runner));
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    restart(f);
    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, day + MINUTE);
    assert_int_equal(runner_skipped(f->runner), 0);
}

static void
the_time_before_a_restart_is_not_skipped_but_unknown(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    restart(f);
    advance_ms(f, 10 * MINUTE);
    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    assert_true(fake_probe_run(0)->slot_unix_ms >= day + 10 * MINUTE);
    assert_int_equal(f->seen_count, 1);
}

static void
of_a_long_sleep_the_newest_slots_are_told_and_all_are_counted(void **state)
{
    struct fixture *f = *state;
    struct grid_reading woken;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    woken = (struct grid_reading){
        .mono_ns = loop_now_ns(f->loop),
        .boot_ns = loop_now_ns(f->loop) + 60 * MINUTE * NS_PER_MS,
        .wall_unix_ms = day + 60 * MINUTE,
    };
    assert_true(grid_clock_look(&f->clock, &woken) > 0);
    runner_clock_moved(f->runner, true);
    assert_true(runner_skipped(f->runner) >= 59);
    assert_true(runner_skipped(f->runner) <= 60);
    assert_int_equal(f->seen_count, 1 + TASK_SKIPS_TOLD_MAX);
    assert_int_equal(f->seen[1].reason, REASON_AGENT_SKIPPED);
    assert_int_equal(f->seen[1].slot_unix_ms + MINUTE, f->seen[2].slot_unix_ms);
    wait_for_start(f);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms,
        f->seen[f->seen_count - 1].slot_unix_ms + MINUTE);
}

static void
a_small_correction_waits_for_the_next_slot(void **state)
{
    struct fixture *f = *state;
    int64_t slot;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    /* The next slot is planned by the old time. */
    slot = f->seen[0].slot_unix_ms;
    f->clock.base_ms += 40;
    runner_clock_moved(f->runner, false);
    wait_for_start(f);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, slot + MINUTE);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    wait_for_start(f);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, slot + 2 * MINUTE);
}

static void
a_clock_set_forward_measures_where_it_lands_and_skips_nothing(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    f->clock.base_ms += 60 * MINUTE;
    runner_clock_moved(f->runner, false);
    assert_int_equal(f->seen_count, 1);
    assert_int_equal(runner_skipped(f->runner), 0);
    wait_for_start(f);
    assert_true(fake_probe_run(0)->slot_unix_ms >= day + 60 * MINUTE);
    assert_true(fake_probe_run(0)->slot_unix_ms <= day + 61 * MINUTE);
}

static void
a_clock_set_back_an_hour_does_not_stop_the_measuring(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_ANY);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    f->clock.base_ms -= 60 * MINUTE;
    runner_clock_moved(f->runner, false);
    wait_for_start(f);
    assert_true(fake_probe_run(0)->slot_unix_ms <= day - 58 * MINUTE);
}

static void
winding_up_tells_what_is_known_and_starts_nothing(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_BOTH);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_DOWN, REASON_HTTP_STATUS, facts_new());
    runner_wind_up(f->runner);
    assert_int_equal(f->seen_count, 1); /* the held one */
    assert_int_equal(runner_running(f->runner), 1);
    fake_probe_end(0, MEASURE_DOWN, REASON_HTTP_STATUS, NULL);
    assert_int_equal(f->seen_count, 2); /* unconfirmed */
    assert_int_equal(runner_running(f->runner), 0);
    advance_ms(f, 2 * MINUTE);
    assert_int_equal(fake_probe_started(), 2);
}

static void
giving_up_tells_what_runs_as_skipped(void **state)
{
    struct fixture *f = *state;

    configure_one(f, CHECK_HTTP, CHECK_FAMILY_BOTH);
    wait_for_start(f);
    fake_probe_end(0, MEASURE_DOWN, REASON_HTTP_STATUS, NULL);
    fake_self_check_say(SELF_CHECK_GOOD);
    advance_ms(f, ATTEMPT_CONFIRM_AFTER_MS);
    assert_int_equal(runner_running(f->runner), 2);
    runner_wind_up(f->runner);
    runner_give_up(f->runner);
    assert_int_equal(runner_running(f->runner), 0);
    assert_int_equal(fake_probe_running(), 0);
    assert_int_equal(f->seen_count, 2);
    assert_int_equal(f->seen[1].status, MEASURE_ERROR);
    assert_int_equal(f->seen[1].reason, REASON_AGENT_SKIPPED);
    assert_int_equal(f->seen[1].attempt, 0);
    runner_give_up(f->runner);
    assert_int_equal(f->seen_count, 2);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(each_slot_is_measured_once),
        CASE(a_probe_that_hangs_does_not_delay_the_next_slot),
        CASE(down_is_confirmed_five_seconds_later),
        CASE(the_second_attempt_belongs_to_the_slot_of_the_first),
        CASE(a_failing_self_check_marks_both_attempts),
        CASE(a_silent_self_check_holds_the_result_five_seconds_at_most),
        CASE(our_own_trouble_is_not_tried_again),
        CASE(without_memory_for_a_probe_the_slot_is_told_as_such),
        CASE(both_families_are_two_legs),
        CASE(a_leg_without_a_route_is_told_when_that_begins),
        CASE(a_single_family_without_a_route_is_told_each_slot),
        CASE(no_more_than_the_cap_run_at_once),
        CASE(who_waits_starts_as_soon_as_there_is_room),
        CASE(facts_go_along_first_and_when_they_change),
        CASE(facts_go_along_again_once_a_day),
        CASE(both_results_of_a_down_bring_their_facts),
        CASE(a_loop_that_lags_is_told_with_the_result),
        CASE(a_new_configuration_leaves_unchanged_checks_alone),
        CASE(a_changed_check_finishes_its_slot_and_goes_on_with_the_next),
        CASE(slots_of_another_length_begin_where_the_old_one_ends),
        CASE(a_slot_cut_short_by_a_new_length_is_measured_before_it_goes),
        CASE(a_removed_check_is_dropped_in_the_middle),
        CASE(a_removed_check_in_doubt_is_dropped_too),
        CASE(paused_and_unknown_kinds_are_not_measured),
        CASE(two_checks_of_one_id_are_refused_and_nothing_changes),
        CASE(a_restart_runs_no_slot_twice),
        CASE(the_time_before_a_restart_is_not_skipped_but_unknown),
        CASE(of_a_long_sleep_the_newest_slots_are_told_and_all_are_counted),
        CASE(a_small_correction_waits_for_the_next_slot),
        CASE(a_clock_set_forward_measures_where_it_lands_and_skips_nothing),
        CASE(a_clock_set_back_an_hour_does_not_stop_the_measuring),
        CASE(winding_up_tells_what_is_known_and_starts_nothing),
        CASE(giving_up_tells_what_runs_as_skipped),
    };
#undef CASE

    return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
