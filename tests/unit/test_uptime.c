#include "uptime.h"

#include "cm.h"

static void
slots_are_clipped_to_the_window(void **state)
{
    const struct uptime_window window = {30, 330};
    struct uptime uptime = {0};

    (void)state;
    uptime_add(&uptime, &window, 0, 60, VERDICT_DOWN);
    for (int64_t at = 60; at < 300; at += 60)
        uptime_add(&uptime, &window, at, at + 60, VERDICT_UP);
    uptime_add(&uptime, &window, 300, 360, VERDICT_DOWN);
    uptime_add(&uptime, &window, 330, 390, VERDICT_DOWN);
    uptime_add(&uptime, &window, 100, 160, VERDICT_PENDING);
    assert_int_equal(uptime.up_ms, 240);
    assert_int_equal(uptime.down_ms, 60);
    assert_int_equal(uptime_of(&uptime).part, 240);
    assert_int_equal(uptime_of(&uptime).whole, 300);
}

static void
maintenance_counts_nowhere_and_unknown_in_the_bounds(void **state)
{
    const struct uptime u = {.up_ms = 50,
        .partial_ms = 10,
        .down_ms = 20,
        .unknown_ms = 20,
        .maint_ms = 1000};

    (void)state;
    assert_int_equal(uptime_of(&u).part, 60);
    assert_int_equal(uptime_of(&u).whole, 80);
    assert_int_equal(uptime_worst(&u).part, 60);
    assert_int_equal(uptime_worst(&u).whole, 100);
    assert_int_equal(uptime_best(&u).part, 80);
    assert_int_equal(uptime_best(&u).whole, 100);
    assert_int_equal(uptime_coverage(&u).part, 80);
    assert_int_equal(uptime_coverage(&u).whole, 100);
}

static void
targets_are_compared_exactly(void **state)
{
    static const struct {
        struct uptime u;
        int64_t target;
        enum uptime_sla expect;
    } rows[] = {
        /* In doubles 999 of 1000 would breach 99.9 %. */
        {{.up_ms = 999, .down_ms = 1}, 999000, SLA_MET},
        {{.up_ms = 998, .down_ms = 2}, 999000, SLA_BREACHED},
        {{.up_ms = 998, .unknown_ms = 2}, 999000, SLA_INDETERMINATE},
        {{.up_ms = 999, .unknown_ms = 1}, 999000, SLA_MET},
        {{.up_ms = 998, .down_ms = 1, .unknown_ms = 1}, 999000,
            SLA_INDETERMINATE},
        {{.maint_ms = 5}, 999000, SLA_NO_DATA},
        {{.unknown_ms = 5}, 999000, SLA_INDETERMINATE},
        {{.up_ms = 31536000000000, .down_ms = 1}, 1000000, SLA_BREACHED},
        {{.up_ms = 31536000000000}, 1000000, SLA_MET},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (uptime_sla(&rows[i].u, rows[i].target) != rows[i].expect)
            fail_msg("row %zu: %s", i,
                uptime_sla_name(uptime_sla(&rows[i].u, rows[i].target)));
    }
}

static void
the_budget_is_exact(void **state)
{
    const struct uptime u = {
        .up_ms = 2591000000, .down_ms = 500000, .unknown_ms = 500000};

    (void)state;
    /* 0.1 % of 30 days is 2592 s. */
    assert_true(uptime_budget(&u, 999000) == (uptime_wide)2592000 * 1000000);
    assert_true(uptime_budget(&u, 1000000) == 0);
}

static void
percents_are_cut_never_rounded_up(void **state)
{
    static const struct {
        struct uptime_ratio ratio;
        const char *expect;
    } rows[] = {
        {{999996, 1000000}, "99.999"},
        {{1, 1}, "100.000"},
        {{2, 3}, "66.666"},
        {{0, 5}, "0.000"},
        {{0, 0}, "-"},
        {{INT64_MAX / 2 - 1, INT64_MAX / 2}, "99.999"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char got[UPTIME_PERCENT_BYTES];

        uptime_percent(&rows[i].ratio, got);
        assert_string_equal(got, rows[i].expect);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_clipped_to_the_window),
        cmocka_unit_test(maintenance_counts_nowhere_and_unknown_in_the_bounds),
        cmocka_unit_test(targets_are_compared_exactly),
        cmocka_unit_test(the_budget_is_exact),
        cmocka_unit_test(percents_are_cut_never_rounded_up),
    };

    return cmocka_run_group_tests_name("uptime", tests, NULL, NULL);
}
