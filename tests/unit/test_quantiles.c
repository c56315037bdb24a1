#include "quantiles.h"

#include "cm.h"
#include "hist.h"

static void
too_few_values_have_no_quantile(void **state)
{
    struct quantiles q = {0};

    (void)state;
    assert_true(quantiles_us(&q, 0) < 0);
    for (int i = 1; i <= 4; i++)
        quantiles_add(&q, i);
    assert_true(quantiles_us(&q, 50) < 0);
    assert_int_equal((int)quantiles_us(&q, 0), 1);
    assert_int_equal((int)quantiles_us(&q, 100), 4);
    quantiles_add(&q, 5);
    assert_int_equal((int)quantiles_us(&q, 50), 3);
    for (int i = 6; i <= 19; i++)
        quantiles_add(&q, i);
    assert_true(quantiles_us(&q, 95) < 0);
    quantiles_add(&q, 20);
    assert_int_equal((int)quantiles_us(&q, 95), 19);
    assert_true(quantiles_us(&q, 99) < 0);
    quantiles_free(&q);
}

static void
the_order_in_which_they_come_changes_nothing(void **state)
{
    struct quantiles q = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        quantiles_add(&q, (int64_t)i * 617 % 1000 + 1);
    assert_int_equal((int)quantiles_us(&q, 50), 500);
    assert_int_equal((int)quantiles_us(&q, 95), 950);
    assert_int_equal((int)quantiles_us(&q, 100), 1000);
    quantiles_free(&q);
}

static void
very_many_are_kept_within_the_histograms_error(void **state)
{
    struct quantiles q = {0};
    int count = QUANTILES_EXACT_MAX * 3;
    double p95;

    (void)state;
    for (int i = 1; i <= count; i++)
        quantiles_add(&q, 1000 + i);
    assert_non_null(q.hist);
    assert_int_equal(quantiles_count(&q), count);
    assert_int_equal((int)quantiles_us(&q, 0), 1001);
    assert_int_equal((int)quantiles_us(&q, 100), 1000 + count);
    p95 = quantiles_us(&q, 95);
    assert_true(p95 > 29500 * (1 - HIST_ERROR));
    assert_true(p95 < 29500 * (1 + HIST_ERROR));
    quantiles_free(&q);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_few_values_have_no_quantile),
        cmocka_unit_test(the_order_in_which_they_come_changes_nothing),
        cmocka_unit_test(very_many_are_kept_within_the_histograms_error),
    };

    return cmocka_run_group_tests_name("quantiles", tests, NULL, NULL);
}
