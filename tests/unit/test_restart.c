/*
 * An agent with many checks is restarted: what it had measured is not measured
 * again, and what it had not is not made up for all at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "fake_loop.h"
#include "fake_probe.h"
#include "keeping_bench.h"
#include "log.h"

enum {
    CHECKS = 500,
    SEC = 1000,
    MINUTE = 60 * SEC,
    STEP = 50,
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
    struct keeping_bench keeping;
    struct told told[SLOTS_MAX];
    size_t told_count;
    size_t in_second;
    size_t most_in_second;
};

static void
on_told(void *ctx, const struct measure *measure)
{
    struct agent *agent = ctx;

    assert_true(agent->told_count < SLOTS_MAX);
    assert_int_equal(measure->status, MEASURE_UP);
    agent->told[agent->told_count++] =
        (struct told){measure->check_id, measure->slot_unix_ms};
}

static void
restart(struct agent *agent)
{
    keeping_start(&agent->keeping);
    assignment_resume(agent->keeping.assignment);
}

static int
setup(void **state)
{
    struct agent *agent = calloc(1, sizeof(*agent));

    assert_non_null(agent);
    agent->keeping.told = on_told;
    agent->keeping.ctx = agent;
    keeping_open(&agent->keeping, day + 20 * SEC);
    *state = agent;
    return 0;
}

static int
teardown(void **state)
{
    struct agent *agent = *state;

    keeping_close(&agent->keeping);
    free(agent);
    return 0;
}

/* Probes take no more than a step. */
static void
run_for(struct agent *agent, int64_t ms)
{
    for (int64_t at = 0; at < ms; at += STEP) {
        fake_loop_advance_ns(agent->keeping.loop, STEP * NS_PER_MS);
        (void)fake_loop_poll(agent->keeping.loop);
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

    keeping_assign(&agent->keeping, 1, CHECKS);
    run_for(agent, 100 * SEC); /* to the first second of the third slot */
    for (int i = 0; i < 3; i++) {
        keeping_stop(&agent->keeping);
        restart(agent);
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

    keeping_assign(&agent->keeping, 1, CHECKS);
    run_for(agent, 30 * SEC);
    keeping_stop(&agent->keeping);
    fake_loop_advance_ns(agent->keeping.loop, 3600 * NS_PER_SEC);
    restart(agent);
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
