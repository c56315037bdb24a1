#include "backoff.h"

#include "cm.h"

static void
the_limit_doubles_up_to_the_cap(void **state)
{
    static const int64_t limits[] = {500, 1000, 2000, 4000, 5000, 5000, 5000};
    struct backoff backoff = {.base_ns = 500, .cap_ns = 5000};

    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct backoff copy = backoff;

        /* the limit itself is the largest delay, and can be reached */
        assert_int_equal(
            backoff_next_ns(&copy, (uint64_t)limits[i]), limits[i]);
        assert_int_equal(backoff_next_ns(&backoff, (uint64_t)limits[i] + 1), 0);
    }
    backoff_reset(&backoff);
    assert_int_equal(backoff_next_ns(&backoff, 501), 0);
}

static void
no_number_of_failures_and_no_random_leaves_the_range(void **state)
{
    struct backoff backoff = {.base_ns = 500000000, .cap_ns = 30000000000};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t delay_ns = backoff_next_ns(&backoff, UINT64_MAX - (uint64_t)i);

        assert_true(delay_ns >= 0 && delay_ns <= backoff.cap_ns);
    }
    backoff.failures = UINT32_MAX;
    assert_true(backoff_next_ns(&backoff, 7) == 7);
    assert_int_equal(backoff.failures, UINT32_MAX);
}

static void
a_base_above_the_cap_is_cut(void **state)
{
    struct backoff backoff = {.base_ns = 100, .cap_ns = 10};

    (void)state;
    assert_int_equal(backoff_next_ns(&backoff, 10), 10);
    assert_int_equal(backoff_next_ns(&backoff, 11), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_doubles_up_to_the_cap),
        cmocka_unit_test(no_number_of_failures_and_no_random_leaves_the_range),
        cmocka_unit_test(a_base_above_the_cap_is_cut),
    };

    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
