#include "flap.h"

#include "cm.h"

/* "UDU": oldest first. */
static struct flap
flap_of(const char *verdicts)
{
    struct flap flap = {0};

    for (; *verdicts != '\0'; verdicts++)
        flap_add(&flap, *verdicts == 'D');
    return flap;
}

static void
no_change_is_nothing_and_only_changes_are_all(void **state)
{
    struct flap steady = flap_of("UUUUUUUUUUUUUUUUUUUUU");
    struct flap wild = flap_of("UDUDUDUDUDUDUDUDUDUDU");

    (void)state;
    assert_int_equal(flap_permille(&steady), 0);
    assert_int_equal(flap_permille(&wild), 1000);
    assert_int_equal(flap_changes(&wild), 20);
}

static void
new_changes_weigh_more_than_old_ones(void **state)
{
    struct flap old = flap_of("UDDDDDDDDDDDDDDDDDDDD");
    struct flap fresh = flap_of("UUUUUUUUUUUUUUUUUUUUD");

    (void)state;
    /* 0.75 and 1.25 of 20. */
    assert_int_equal(flap_permille(&old), 37);
    assert_int_equal(flap_permille(&fresh), 62);
}

static void
only_the_last_twenty_one_count(void **state)
{
    struct flap flap = flap_of("DUDUDUDUUUUUUUUUUUUUUUUUUUUUUUU");

    (void)state;
    assert_int_equal(flap.count, FLAP_VERDICTS);
    assert_int_equal(flap_permille(&flap), 0);
}

/* Five changes just now are 5 * 1.2 of 20. */
static void
it_starts_at_thirty_and_stops_at_twenty(void **state)
{
    struct flap five = flap_of("UUUUUUUUUUUUUUUUDUDUD");
    struct flap four = flap_of("UUUUUUUUUUUUUUUUUDUDU");

    (void)state;
    assert_int_equal(flap_permille(&five), 299);
    assert_false(flap_step(&five, false));
    assert_true(flap_step(&five, true));
    assert_int_equal(flap_permille(&four), 242);
    assert_true(flap_step(&four, true));
    five = flap_of("UUUUUUUUUUUUUUUDUDUDU");
    assert_true(flap_permille(&five) >= FLAP_START_PERMILLE);
    assert_true(flap_step(&five, false));
    five = flap_of("DUDUUUUUUUUUUUUUUUUUU");
    assert_false(flap_step(&five, true));
}

static void
five_bad_ones_in_a_row_are_an_outage(void **state)
{
    struct flap four = flap_of("DUDUDUDDDD");
    struct flap five = flap_of("DUDUDUDDDDD");

    (void)state;
    assert_false(flap_is_outage(&four));
    assert_true(flap_is_outage(&five));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_change_is_nothing_and_only_changes_are_all),
        cmocka_unit_test(new_changes_weigh_more_than_old_ones),
        cmocka_unit_test(only_the_last_twenty_one_count),
        cmocka_unit_test(it_starts_at_thirty_and_stops_at_twenty),
        cmocka_unit_test(five_bad_ones_in_a_row_are_an_outage),
    };

    return cmocka_run_group_tests_name("flap", tests, NULL, NULL);
}
