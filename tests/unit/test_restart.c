/*
 * An agent with many checks is restarted: what it had measured is not measured
 * again, and what it had not is not made up for all at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assignment.h"
#include "clock.h"
#include "cm.h"
#include "fake_loop.h"
#include "fake_probe.h"
#include "log.h"
#include "recorder.h"

enum {
    CHECKS = 500,
    SEC = 1000,
    MINUTE = 60 * SEC,
    STEP = 50,
    PATH_BYTES = 64,
    /* A quarter of the interval for what is late, beside what is on time. */
    STARTS_MAX = CHECKS / 15 + CHECKS / 50 + 30,
    SLOTS_MAX = 16 * CHECKS
};

static const int64_t day = INT64_C(1795737600000);

struct told {
    uint32_t check_id;
    int64_t slot_unix_ms;
};

struct agent {
    char dir[PATH_BYTES];
    char spool_dir[PATH_BYTES + 8];
    struct loop *loop;
    struct spool *spool;
    struct recorder *recorder;
    struct probe_env env;
    struct grid_clock clock;
    struct runner *runner;
    struct agent_conf conf;
    struct assignment *assignment;
    struct told told[SLOTS_MAX];
    size_t told_count;
    size_t in_second;
    size_t most_in_second;
};

static void
on_synced(void *ctx)
{
    (void)ctx;
}

static void
on_result(void *ctx, const struct measure *measure, bool with_facts)
{
    struct agent *agent = ctx;

    recorder_take(agent->recorder, measure, with_facts);
    assert_true(agent->told_count < SLOTS_MAX);
    assert_int_equal(measure->status, MEASURE_UP);
    agent->told[agent->told_count++] =
        (struct told){measure->check_id, measure->slot_unix_ms};
}

static void
start(struct agent *agent)
{
    struct spool_spec spool = {.dir = agent->spool_dir};
    struct recorder_spec recorder = {
        .loop = agent->loop, .synced = on_synced, .ctx = agent};
    struct runner_spec runner = {.loop = agent->loop,
        .env = &agent->env,
        .clock = &agent->clock,
        .sink = on_result,
        .ctx = agent};
    struct assignment_spec assignment = {.conf = &agent->conf};
    struct err err;

    agent->spool = spool_open(&spool, &err);
    assert_made(agent->spool, err);
    recorder.spool = agent->spool;
    agent->recorder = recorder_new(&recorder, &err);
    assert_made(agent->recorder, err);
    agent->runner = runner_new(&runner, &err);
    assert_made(agent->runner, err);
    recorder_follow(agent->recorder, agent->runner);
    assignment.spool = agent->spool;
    assignment.runner = agent->runner;
    agent->assignment = assignment_new(&assignment, &err);
    assert_made(agent->assignment, err);
    assignment_resume(agent->assignment);
}

static void
stop(struct agent *agent)
{
    runner_free(agent->runner);
    assignment_free(agent->assignment);
    recorder_free(agent->recorder);
    spool_close(agent->spool);
}

static int
setup(void **state)
{
    struct agent *agent = calloc(1, sizeof(*agent));
    struct grid_reading reading = {.mono_ns = NS_PER_SEC,
        .boot_ns = NS_PER_SEC,
        .wall_unix_ms = day + 20 * SEC};
    struct err err;

    assert_non_null(agent);
    (void)snprintf(agent->dir, sizeof(agent->dir), "/tmp/restart-XXXXXX");
    assert_non_null(mkdtemp(agent->dir));
    (void)snprintf(
        agent->spool_dir, sizeof(agent->spool_dir), "%s/spool", agent->dir);
    agent->loop = loop_new(&err);
    assert_made(agent->loop, err);
    agent->env.loop = agent->loop;
    grid_clock_init(&agent->clock, &reading);
    start(agent);
    *state = agent;
    return 0;
}

static int
teardown(void **state)
{
    struct agent *agent = *state;
    char command[2 * PATH_BYTES];

    stop(agent);
    loop_free(agent->loop);
    fake_probe_reset();
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", agent->dir);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of our own */
    free(agent);
    return 0;
}

static void
assign(struct agent *agent)
{
    struct wire_config config = {.cfg_version = 1,
        .check_count = CHECKS,
        .region_count = 1,
        .agent_count = 1,
        .self_check.off = true};
    struct err err;

    config.checks = calloc(CHECKS, sizeof(*config.checks));
    assert_non_null(config.checks);
    for (int i = 0; i < CHECKS; i++) {
        struct check *check = &config.checks[i];

        check_init(check);
        (void)snprintf(check->name, sizeof(check->name), "acme/c%d", i);
        check->id = check_id_of(check->name);
        check->kind = CHECK_TCP;
        check->interval_ms = MINUTE;
        check->timeout_ms = 10 * SEC;
        check->host = strdup("acme.example");
        check->port = 443;
    }
    assert_ok(assignment_take(agent->assignment, &config, &err), err);
}

/* Probes take no more than a step. */
static void
run_for(struct agent *agent, int64_t ms)
{
    for (int64_t at = 0; at < ms; at += STEP) {
        fake_loop_advance_ns(agent->loop, STEP * NS_PER_MS);
        (void)fake_loop_poll(agent->loop);
        agent->in_second += fake_probe_running();
        while (fake_probe_running() > 0)
            fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
        if ((at + STEP) % SEC != 0)
            continue;
        if (agent->in_second > agent->most_in_second)
            agent->most_in_second = agent->in_second;
        agent->in_second = 0;
    }
}

static int
compare(const void *a, const void *b)
{
    const struct told *left = a;
    const struct told *right = b;

    if (left->slot_unix_ms != right->slot_unix_ms)
        return left->slot_unix_ms < right->slot_unix_ms ? -1 : 1;
    return left->check_id < right->check_id ? -1
                                            : left->check_id > right->check_id;
}

/* Slots from `first` to `last` minutes of the day: each check once. */
static void
assert_each_once(struct agent *agent, int first, int last)
{
    size_t inside = 0;

    qsort(agent->told, agent->told_count, sizeof(*agent->told), compare);
    for (size_t i = 0; i < agent->told_count; i++) {
        const struct told *told = &agent->told[i];

        if (i > 0 && compare(told - 1, told) == 0)
            fail_msg("check %08x twice in a slot", (unsigned)told->check_id);
        if (told->slot_unix_ms >= day + (int64_t)first * MINUTE &&
            told->slot_unix_ms <= day + (int64_t)last * MINUTE)
            inside++;
    }
    assert_int_equal(inside, CHECKS * (last - first + 1));
}

static void
five_hundred_checks_restart_without_a_storm(void **state)
{
    struct agent *agent = *state;

    assign(agent);
    run_for(agent, 100 * SEC); /* to the first second of the third slot */
    for (int i = 0; i < 3; i++) {
        stop(agent);
        start(agent);
        run_for(agent, 7 * SEC);
    }
    run_for(agent, 2 * MINUTE);
    assert_true(agent->most_in_second <= STARTS_MAX);
    assert_each_once(agent, 1, 3);
}

static void
nor_is_there_one_after_an_absence(void **state)
{
    struct agent *agent = *state;

    assign(agent);
    run_for(agent, 30 * SEC);
    stop(agent);
    fake_loop_advance_ns(agent->loop, 3600 * NS_PER_SEC);
    start(agent);
    run_for(agent, 2 * MINUTE + 10 * SEC);
    assert_true(agent->most_in_second <= STARTS_MAX);
    assert_each_once(agent, 61, 62);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(five_hundred_checks_restart_without_a_storm),
        CASE(nor_is_there_one_after_an_absence),
    };
#undef CASE

    log_set_level(LOG_AT_ERROR);
    return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
