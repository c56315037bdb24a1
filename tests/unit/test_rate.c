/* How many were good, and Wilson's interval. */
#include "rate.h"

#include <math.h>

#include "cm.h"

static void
assert_near(double a, double b, double error)
{
    if (fabs(a - b) > error)
        fail_msg("%.9f is not %.9f", a, b);
}

/* Four decimals, as they are printed. */
static void
the_interval_is_wilsons(void **state)
{
    static const struct {
        uint64_t good, bad;
        double rate, low, high;
    } cases[] = {
        {118, 2, 0.9833, 0.9413, 0.9954},
        /* R. G. Newcombe, Statistics in Medicine 17 (1998), table I. */
        {81, 182, 0.3080, 0.2553, 0.3662},
        {15, 133, 0.1014, 0.0624, 0.1605},
        {0, 20, 0, 0, 0.1611},
        {1, 28, 0.0345, 0.0061, 0.1718},
        {29, 0, 1, 0.8830, 1},
        {1, 0, 1, 0.2065, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rate got = rate_of(cases[i].good, cases[i].bad);

        assert_near(got.rate, cases[i].rate, 5e-5);
        assert_near(got.low, cases[i].low, 5e-5);
        assert_near(got.high, cases[i].high, 5e-5);
    }
}

/* Both ends p solve |good/n - p| = z sqrt(p (1 - p) / n): what it means. */
static void
the_ends_are_just_as_likely(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 2000; n += 37) {
        for (uint64_t good = 0; good <= n; good += 1 + n / 9) {
            struct rate got = rate_of(good, n - good);
            double ends[2] = {got.low, got.high};

            assert_true(got.low <= got.rate && got.rate <= got.high);
            assert_true(got.low >= 0 && got.high <= 1);
            for (int i = 0; i < 2; i++) {
                double p = ends[i];

                if (p > 0 && p < 1)
                    assert_near(fabs((double)good / (double)n - p),
                        1.959963984540054 * sqrt(p * (1 - p) / (double)n),
                        1e-12);
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_is_wilsons),
        cmocka_unit_test(the_ends_are_just_as_likely),
    };

    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
