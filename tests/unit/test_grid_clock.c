#include "grid_clock.h"

#include "clock.h"
#include "cm.h"

static const int64_t start = INT64_C(1795737600000);

/* After `ms` awake and `slept_ms` asleep, with a date off by `set_ms`. */
static struct grid_reading
reading(int64_t ms, int64_t slept_ms, int64_t set_ms)
{
    return (struct grid_reading){
        .mono_ns = (5000 + ms) * NS_PER_MS,
        .boot_ns = (5000 + ms + slept_ms) * NS_PER_MS,
        .wall_unix_ms = start + ms + slept_ms + set_ms,
    };
}

static int64_t
now(const struct grid_clock *clock, const struct grid_reading *at)
{
    return grid_clock_unix_ms(clock, at->mono_ns);
}

static void
without_a_collector_the_local_date_counts(void **state)
{
    struct grid_reading first = reading(0, 0, 0);
    struct grid_reading later = reading(1000, 0, 0);
    struct grid_reading set = reading(2000, 0, 3600000);
    struct grid_clock clock;

    (void)state;
    grid_clock_init(&clock, &first);
    assert_int_equal(now(&clock, &later), start + 1000);
    assert_int_equal(grid_clock_look(&clock, &later), 0);
    assert_int_equal(grid_clock_look(&clock, &set), 3600000);
    assert_int_equal(now(&clock, &set), start + 3602000);
}

static void
once_steered_a_local_step_moves_nothing(void **state)
{
    struct grid_reading first = reading(0, 0, 0);
    struct grid_reading set = reading(2000, 0, -3600000);
    struct grid_clock clock;

    (void)state;
    grid_clock_init(&clock, &first);
    assert_true(grid_clock_steer(&clock, 40, &first));
    assert_int_equal(grid_clock_look(&clock, &set), 0);
    assert_int_equal(now(&clock, &set), start + 2040);
    /* The collector's next word is relative to the date as it is now. */
    assert_true(grid_clock_steer(&clock, 3600050, &set));
    assert_int_equal(now(&clock, &set), start + 2050);
}

static void
sleep_is_time_that_has_passed(void **state)
{
    struct grid_reading first = reading(0, 0, 0);
    struct grid_reading woken = reading(1000, 7200000, 0);
    struct grid_reading later = reading(2000, 7200000, 0);
    struct grid_clock clock;

    (void)state;
    grid_clock_init(&clock, &first);
    assert_true(grid_clock_steer(&clock, -20, &first));
    assert_int_equal(grid_clock_look(&clock, &woken), 7200000);
    assert_int_equal(now(&clock, &woken), start + 7200980);
    assert_int_equal(grid_clock_look(&clock, &later), 0);
}

static void
a_date_that_no_result_can_have_is_not_followed(void **state)
{
    static const int64_t dates[] = {0, INT64_C(946684800000),
        INT64_C(4102444800000), INT64_C(253402300799999)};
    struct grid_reading first = reading(0, 0, 0);
    struct grid_clock clock;

    (void)state;
    grid_clock_init(&clock, &first);
    assert_true(grid_clock_steer(&clock, 40, &first));
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
        assert_false(
            grid_clock_steer(&clock, dates[i] - first.wall_unix_ms, &first));
    assert_int_equal(now(&clock, &first), start + 40);
}

static void
a_moment_and_back(void **state)
{
    struct grid_reading first = reading(0, 0, 0);
    struct grid_clock clock;

    (void)state;
    grid_clock_init(&clock, &first);
    for (int64_t ms = -5; ms < 5; ms++)
        assert_int_equal(
            grid_clock_unix_ms(&clock, grid_clock_mono_ns(&clock, start + ms)),
            start + ms);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_collector_the_local_date_counts),
        cmocka_unit_test(once_steered_a_local_step_moves_nothing),
        cmocka_unit_test(sleep_is_time_that_has_passed),
        cmocka_unit_test(a_date_that_no_result_can_have_is_not_followed),
        cmocka_unit_test(a_moment_and_back),
    };

    return cmocka_run_group_tests_name("grid_clock", tests, NULL, NULL);
}
