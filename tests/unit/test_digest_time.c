#include "digest_time.h"

#include "cm.h"

#define HOUR INT64_C(3600000)

static struct zone *
berlin(void)
{
    struct err err;
    struct zone *zone = zone_open("Europe/Berlin", &err);

    assert_made(zone, err);
    return zone;
}

static void
it_comes_once_a_day_at_local_time(void **state)
{
    struct zone *zone = berlin();
    /* 2026-11-24T07:00:00Z is 08:00 there. */
    int64_t eight = INT64_C(1795503600000);

    (void)state;
    assert_int_equal(digest_time_next(zone, "08:00", eight - 1), eight);
    assert_int_equal(digest_time_next(zone, "08:00", eight), eight + 24 * HOUR);
    assert_int_equal(
        digest_time_next(zone, "07:30", eight), eight + 47 * HOUR / 2);
    assert_int_equal(digest_time_next(NULL, "08:00", eight), eight + 1 * HOUR);
    zone_close(zone);
}

/* 2026-03-29: 02:30 is left out; 2026-10-25: 02:30 comes twice. */
static void
it_comes_once_on_days_when_clocks_are_set(void **state)
{
    struct zone *zone = berlin();
    int64_t spring = INT64_C(1774738800000); /* 2026-03-28T23:00:00Z */
    int64_t autumn = INT64_C(1792879200000); /* 2026-10-24T22:00:00Z */

    (void)state;
    assert_int_equal(
        digest_time_next(zone, "02:30", spring), spring + 2 * HOUR);
    assert_int_equal(digest_time_next(zone, "02:30", spring + 2 * HOUR),
        spring + 23 * HOUR + 5 * HOUR / 2);
    assert_int_equal(
        digest_time_next(zone, "02:30", autumn), autumn + 5 * HOUR / 2);
    assert_int_equal(digest_time_next(zone, "02:30", autumn + 5 * HOUR / 2),
        autumn + 25 * HOUR + 5 * HOUR / 2);
    zone_close(zone);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_once_a_day_at_local_time),
        cmocka_unit_test(it_comes_once_on_days_when_clocks_are_set),
    };

    return cmocka_run_group_tests_name("digest_time", tests, NULL, NULL);
}
