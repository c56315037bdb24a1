#include "vitals.h"

#include <math.h>

#include "cm.h"

static void
the_curve_goes_through_its_control_points(void **state)
{
    (void)state;
    assert_true(vital_score(VITAL_LCP, 2500) == 0.9);
    assert_true(vital_score(VITAL_LCP, 4000) == 0.5);
    assert_true(vital_score(VITAL_LCP, 0) == 1);
    assert_true(vital_score(VITAL_LCP, -1) == 1);
    assert_true(vital_score(VITAL_LCP, 2501) < 0.9);
    assert_true(vital_score(VITAL_LCP, 4001) < 0.5);
    assert_true(vital_score(VITAL_LCP, 1e9) == 0);
}

static void
examples_from_the_documentation(void **state)
{
    static const struct {
        struct vital_figures figures;
        double score;
    } rows[] = {
        {{1800, 2500, 3387, 200, 0.1}, 0.90},
        {{1500, 4000, 2000, 0, 0}, 0.87},
        {{3000, 4000, 3300, 0, 0}, 0.82},
        {{1800, 2500, 3387, 600, 0.1}, 0.78},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vital_range range = vital_performance(&rows[i].figures);

        assert_true(range.known);
        assert_true(range.low == rows[i].score);
        assert_true(range.high == rows[i].score);
    }
}

static void
what_is_missing_makes_a_range(void **state)
{
    struct vital_figures figures = {1500, 3000, NAN, NAN, NAN};
    struct vital_range wide = vital_performance(&figures);
    struct vital_range narrow;

    (void)state;
    assert_true(wide.known && wide.low < 0.46 && wide.high > 0.9);
    figures.cls = 0.02;
    figures.tbt_ms = 50;
    narrow = vital_performance(&figures);
    assert_true(narrow.low >= wide.low && narrow.high <= wide.high);
    assert_true(narrow.high - narrow.low < 0.05);
    figures.lcp_ms = NAN;
    assert_false(vital_performance(&figures).known);
}

static void
thresholds_are_those_of_web_vitals(void **state)
{
    (void)state;
    assert_int_equal(vital_grade(VITAL_LCP, 2500), VITAL_GOOD);
    assert_int_equal(vital_grade(VITAL_LCP, 2501), VITAL_FAIR);
    assert_int_equal(vital_grade(VITAL_LCP, 4000), VITAL_FAIR);
    assert_int_equal(vital_grade(VITAL_LCP, 4001), VITAL_POOR);
    assert_int_equal(vital_grade(VITAL_CLS, 0.1), VITAL_GOOD);
    assert_int_equal(vital_grade(VITAL_INP, 501), VITAL_POOR);
    assert_int_equal(vital_grade(VITAL_TTFB, 800), VITAL_GOOD);
    assert_int_equal(vital_grade(VITAL_FCP, NAN), VITAL_UNKNOWN);
    assert_string_equal(vital_grade_name(VITAL_POOR), "poor");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_curve_goes_through_its_control_points),
        cmocka_unit_test(examples_from_the_documentation),
        cmocka_unit_test(what_is_missing_makes_a_range),
        cmocka_unit_test(thresholds_are_those_of_web_vitals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
