#include "clock_offset.h"

#include "cm.h"

/* Both clocks, and what the line does to a PING and its PONG. */
struct world {
    struct clock_offset clock;
    int64_t boot_ms;
    int64_t ahead_ms; /* the collector's wall clock minus our monotonic one */
};

/* A PING that takes `there_ms`, and its PONG that takes `back_ms`. */
static void
ask(struct world *world, int64_t there_ms, int64_t back_ms)
{
    int64_t t1_wall_ms = world->boot_ms + there_ms + world->ahead_ms;
    const struct wire_pong pong = {.t0_boot_ms = world->boot_ms,
        .t1_wall_ms = t1_wall_ms,
        .t2_wall_ms = t1_wall_ms + 2};

    world->boot_ms += there_ms + 2 + back_ms;
    clock_offset_take(&world->clock, &pong, world->boot_ms);
    world->boot_ms += 10000;
}

static int64_t
offset(const struct world *world, int64_t wall_ms)
{
    int64_t offset_ms = INT64_MAX;

    assert_true(
        clock_offset_ms(&world->clock, world->boot_ms, wall_ms, &offset_ms));
    return offset_ms;
}

static void
the_fastest_pong_of_eight_tells_the_clock(void **state)
{
    struct world world = {.boot_ms = 77000, .ahead_ms = 5000};
    int64_t offset_ms;

    (void)state;
    assert_false(clock_offset_ms(&world.clock, 1, 1, &offset_ms));
    for (int i = 0; i < 9; i++)
        ask(&world, 10, i == 4 ? 10 : 200 + i);
    assert_int_equal(offset(&world, world.boot_ms), 5000);
    /* Our own wall clock is set: the collector's has not moved. */
    assert_int_equal(offset(&world, world.boot_ms - 700), 5700);
    /* After eight more the fast one is forgotten. */
    for (int i = 0; i < 8; i++)
        ask(&world, 10, 110);
    assert_int_equal(offset(&world, world.boot_ms), 4950);
}

static void
a_sleep_of_this_machine_makes_a_new_beginning(void **state)
{
    struct world world = {.boot_ms = 77000, .ahead_ms = 5000};

    (void)state;
    for (int i = 0; i < 8; i++)
        ask(&world, 1, 1);
    /* The monotonic clock stood still for an hour; the line is slower now. */
    world.ahead_ms += 3600000;
    ask(&world, 100, 100);
    assert_int_equal(offset(&world, world.boot_ms), 3605000);
    /* The collector's clock is set back by two seconds. */
    world.ahead_ms -= 2000;
    ask(&world, 150, 150);
    assert_int_equal(offset(&world, world.boot_ms), 3603000);
}

static void
a_line_that_is_slow_one_way_makes_none(void **state)
{
    struct world world = {.boot_ms = 77000, .ahead_ms = 5000};

    (void)state;
    ask(&world, 1, 1);
    ask(&world, 1, 9000);
    ask(&world, 1, 20000);
    assert_int_equal(offset(&world, world.boot_ms), 5000);
}

static void
a_pong_that_answers_nothing_tells_no_time(void **state)
{
    const struct wire_pong later = {.t0_boot_ms = 1001};
    const struct wire_pong longer = {.t0_boot_ms = 990, .t2_wall_ms = 11};
    const struct wire_pong old = {.t0_boot_ms = -40000};
    struct clock_offset clock = {0};
    int64_t offset_ms;

    (void)state;
    clock_offset_take(&clock, &later, 1000);
    clock_offset_take(&clock, &longer, 1000);
    clock_offset_take(&clock, &old, 1000);
    assert_false(clock_offset_ms(&clock, 1000, 1000, &offset_ms));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fastest_pong_of_eight_tells_the_clock),
        cmocka_unit_test(a_sleep_of_this_machine_makes_a_new_beginning),
        cmocka_unit_test(a_line_that_is_slow_one_way_makes_none),
        cmocka_unit_test(a_pong_that_answers_nothing_tells_no_time),
    };

    return cmocka_run_group_tests_name("clock_offset", tests, NULL, NULL);
}
