#include "probe_series.h"

#include <string.h>

#include "clock.h"
#include "cm.h"
#include "fake_loop.h"
#include "fake_probe.h"

enum { TOLD_MAX = 1000 };

struct world {
    struct loop *loop;
    struct probe_env env;
    struct check check;
    struct probe_series *series;
    int64_t told[TOLD_MAX]; /* numbers, in the order in which they came */
    enum measure_reason reasons[TOLD_MAX];
    size_t legs;
    size_t told_count;
    int done;
};

static void
on_shot(void *ctx, const struct probe_shot *shot)
{
    struct world *world = ctx;

    assert_true(world->told_count < TOLD_MAX);
    world->reasons[world->told_count] = shot->legs[0].reason;
    world->told[world->told_count++] = shot->number;
    world->legs += shot->leg_count;
}

static void
on_done(void *ctx)
{
    struct world *world = ctx;

    world->done++;
}

static void
start(struct world *world, int64_t count, enum check_family family)
{
    struct err err;

    *world = (struct world){0};
    fake_probe_reset();
    world->loop = loop_new(&err);
    world->env.loop = world->loop;
    check_init(&world->check);
    world->check.family = family;
    world->series =
        probe_series_start(&(struct probe_series_spec){.env = &world->env,
                               .check = &world->check,
                               .count = count,
                               .interval_ns = NS_PER_SEC},
            on_shot, on_done, world, &err);
    assert_non_null(world->series);
    fake_loop_fire_due(world->loop);
}

static void
end(struct world *world)
{
    probe_series_free(world->series);
    check_free(&world->check);
    fake_probe_reset();
    loop_free(world->loop);
}

static void
one_probe_is_started_at_once_and_told(void **state)
{
    struct world world;

    (void)state;
    start(&world, 1, CHECK_FAMILY_ANY);
    assert_int_equal(fake_probe_running(), 1);
    assert_int_equal(world.done, 0);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    assert_int_equal(world.told_count, 1);
    assert_int_equal(world.done, 1);
    fake_loop_advance_ns(world.loop, 10 * NS_PER_SEC);
    assert_int_equal(fake_probe_started(), 1);
    end(&world);
}

static void
a_slow_one_delays_none_and_all_are_told_in_order(void **state)
{
    struct world world;

    (void)state;
    start(&world, 4, CHECK_FAMILY_ANY);
    fake_loop_advance_ns(world.loop, 2 * NS_PER_SEC);
    assert_int_equal(fake_probe_running(), 3);
    assert_int_equal(probe_series_under_way(world.series), 3);
    fake_probe_end(1, MEASURE_UP, REASON_NONE, NULL); /* the second */
    assert_int_equal(world.told_count, 0);
    fake_probe_end(0, MEASURE_DOWN, REASON_CONNECT_TIMEOUT, NULL);
    assert_int_equal(world.told_count, 2);
    assert_int_equal(world.told[0], 1);
    assert_int_equal(world.reasons[0], REASON_CONNECT_TIMEOUT);
    assert_int_equal(world.told[1], 2);
    fake_loop_advance_ns(world.loop, 5 * NS_PER_SEC);
    assert_int_equal(fake_probe_started(), 4);
    fake_probe_end(1, MEASURE_UP, REASON_NONE, NULL);
    assert_int_equal(world.done, 0);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    assert_int_equal(world.told_count, 4);
    assert_int_equal(world.done, 1);
    end(&world);
}

static void
both_families_are_two_legs_one_after_the_other(void **state)
{
    struct world world;

    (void)state;
    start(&world, 1, CHECK_FAMILY_BOTH);
    assert_int_equal(fake_probe_running(), 1);
    assert_int_equal(fake_probe_run(0)->family, CHECK_FAMILY_4);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    assert_int_equal(world.told_count, 0);
    assert_int_equal(fake_probe_run(0)->family, CHECK_FAMILY_6);
    fake_probe_end(0, MEASURE_DOWN, REASON_CONNECT_REFUSED, NULL);
    assert_int_equal(world.told_count, 1);
    assert_int_equal(world.legs, 2);
    end(&world);
}

static void
too_many_under_way_are_told_as_skipped(void **state)
{
    struct world world;

    (void)state;
    start(&world, 0, CHECK_FAMILY_ANY);
    fake_loop_advance_ns(world.loop, (PROBE_UNDER_WAY_MAX + 4) * NS_PER_SEC);
    assert_int_equal(fake_probe_running(), PROBE_UNDER_WAY_MAX);
    assert_int_equal(world.told_count, 0);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    assert_int_equal(world.told_count, 1);
    while (fake_probe_running() > 0)
        fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    assert_int_equal(world.told_count, PROBE_UNDER_WAY_MAX + 5);
    assert_int_equal(world.reasons[PROBE_UNDER_WAY_MAX], REASON_AGENT_SKIPPED);
    assert_int_equal(world.done, 0);
    end(&world);
}

static void
what_cannot_be_started_is_told_as_this_machines_trouble(void **state)
{
    struct world world;

    (void)state;
    start(&world, 2, CHECK_FAMILY_BOTH);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    fake_probe_fail_starts(true);
    fake_loop_advance_ns(world.loop, NS_PER_SEC);
    assert_int_equal(world.told_count, 2);
    assert_int_equal(world.legs, 4);
    assert_int_equal(world.reasons[1], REASON_AGENT_LIMIT);
    assert_int_equal(world.done, 1);
    fake_probe_fail_starts(false);
    end(&world);
}

/* A laptop that was closed: the moments that passed are not made up for. */
static void
what_the_machine_slept_through_is_told_as_skipped(void **state)
{
    struct world world;

    (void)state;
    start(&world, 8, CHECK_FAMILY_BOTH);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    fake_loop_stand_still_ns(world.loop, 4 * NS_PER_SEC + NS_PER_SEC / 2);
    for (int i = 0; i < 8; i++)
        fake_loop_fire_due(world.loop);
    /* Those of seconds 1 to 3; that of second 4 is half a second late. */
    assert_int_equal(world.told_count, 4);
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(world.told[i], 1 + i);
        assert_int_equal(world.reasons[i], REASON_AGENT_SKIPPED);
    }
    assert_int_equal(world.legs, 8);
    assert_int_equal(fake_probe_running(), 1);
    fake_loop_advance_ns(world.loop, NS_PER_SEC / 2); /* in time again */
    assert_int_equal(fake_probe_running(), 2);
    fake_loop_advance_ns(world.loop, 2 * NS_PER_SEC);
    while (fake_probe_running() > 0)
        fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
    assert_int_equal(world.told_count, 8);
    for (size_t i = 4; i < 8; i++)
        assert_int_equal(world.reasons[i], REASON_NONE);
    assert_int_equal(world.done, 1);
    end(&world);
}

static void
an_end_in_the_middle_drops_what_is_under_way(void **state)
{
    struct world world;

    (void)state;
    start(&world, 0, CHECK_FAMILY_ANY);
    fake_loop_advance_ns(world.loop, 3 * NS_PER_SEC);
    assert_int_equal(fake_probe_running(), 4);
    probe_series_free(world.series);
    world.series = NULL;
    assert_int_equal(fake_probe_running(), 0);
    assert_int_equal(world.told_count, 0);
    end(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_probe_is_started_at_once_and_told),
        cmocka_unit_test(a_slow_one_delays_none_and_all_are_told_in_order),
        cmocka_unit_test(both_families_are_two_legs_one_after_the_other),
        cmocka_unit_test(too_many_under_way_are_told_as_skipped),
        cmocka_unit_test(
            what_cannot_be_started_is_told_as_this_machines_trouble),
        cmocka_unit_test(what_the_machine_slept_through_is_told_as_skipped),
        cmocka_unit_test(an_end_in_the_middle_drops_what_is_under_way),
    };

    return cmocka_run_group_tests_name("probe_series", tests, NULL, NULL);
}
