#include "civil.h"

#include "cm.h"

static void
every_day_of_nine_centuries_follows_the_one_before(void **state)
{
    int64_t days = civil_days(1899, 12, 31);

    (void)state;
    for (int year = 1900; year < 2800; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= civil_month_days(year, month); day++) {
                int64_t y;
                int64_t m;
                int64_t d;

                days++;
                if (civil_days(year, month, day) != days)
                    fail_msg("%d-%d-%d", year, month, day);
                civil_from_days(days, &y, &m, &d);
                if (y != year || m != month || d != day)
                    fail_msg("%d-%d-%d back", year, month, day);
            }
        }
    }
    assert_int_equal(civil_days(1970, 1, 1), 0);
    assert_int_equal(civil_days(2026, 11, 24), 20781);
}

static void
weekdays_go_round_before_1970_too(void **state)
{
    (void)state;
    assert_int_equal(civil_weekday(0), 4);
    assert_int_equal(civil_weekday(civil_days(2026, 11, 29)), 0);
    assert_int_equal(civil_weekday(civil_days(1969, 12, 28)), 0);
    assert_int_equal(civil_weekday(civil_days(1969, 12, 27)), 6);
}

static void
dates_that_do_not_exist_are_known(void **state)
{
    (void)state;
    assert_true(civil_is_date(2024, 2, 29));
    assert_true(civil_is_date(2000, 2, 29));
    assert_false(civil_is_date(1900, 2, 29));
    assert_false(civil_is_date(2023, 2, 29));
    assert_false(civil_is_date(2023, 4, 31));
    assert_false(civil_is_date(2023, 0, 1));
    assert_false(civil_is_date(2023, 13, 1));
    assert_false(civil_is_date(10000, 1, 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_nine_centuries_follows_the_one_before),
        cmocka_unit_test(weekdays_go_round_before_1970_too),
        cmocka_unit_test(dates_that_do_not_exist_are_known),
    };

    return cmocka_run_group_tests_name("civil", tests, NULL, NULL);
}
