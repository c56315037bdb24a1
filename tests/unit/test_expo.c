#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "expo.h"

static void
same(struct buf *out, const char *wanted)
{
    struct err err;

    assert_string_equal(buf_text(out, &err), wanted);
}

static void
a_family_has_help_type_and_samples(void **state)
{
    const struct expo_labels none = {.count = 0};
    const struct expo_labels two = {
        .items = {{"check", "acme/home"}, {"region", "eu"}}, .count = 2};
    struct expo expo;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    expo_init(&expo, &out);
    expo_family(&expo, "a_total", EXPO_COUNTER, "Of all.");
    expo_put_count(&expo, &none, UINT64_C(18446744073709551615));
    expo_family(&expo, "b", EXPO_GAUGE, "One.");
    expo_put(&expo, &two, 0.1);
    assert_false(expo.failed);
    same(&out, "# HELP a_total Of all.\n# TYPE a_total counter\n"
               "a_total 18446744073709551615\n"
               "# HELP b One.\n# TYPE b gauge\n"
               "b{check=\"acme/home\",region=\"eu\"} 0.1\n");
    buf_free(&out);
}

static void
what_a_label_says_cannot_end_it(void **state)
{
    const struct expo_labels labels = {
        .items = {{"v", "a\"b\\c\nd\xc3\xa9"}}, .count = 1};
    struct expo expo;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    expo_init(&expo, &out);
    expo_family(&expo, "b", EXPO_GAUGE, "A \\ and\na \"quote\".");
    expo_put(&expo, &labels, 1);
    same(&out, "# HELP b A \\\\ and\\na \"quote\".\n# TYPE b gauge\n"
               "b{v=\"a\\\"b\\\\c\\nd\xc3\xa9\"} 1\n");
    buf_free(&out);
}

static void
numbers_are_read_again_as_they_were(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{NAN, "x NaN\n"}, {INFINITY, "x +Inf\n"},
        {-INFINITY, "x -Inf\n"}, {0, "x 0\n"}, {-1.5, "x -1.5\n"},
        {1764000000.123, "x 1764000000.123\n"},
        {1.0 / 3, "x 0.3333333333333333\n"}, {1e300, "x 1e+300\n"}};
    const struct expo_labels none = {.count = 0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct expo expo;
        struct buf out;
        struct err err;
        double again;

        buf_init(&out, 4096);
        expo_init(&expo, &out);
        expo.name = "x";
        expo_put(&expo, &none, cases[i].value);
        again = strtod(buf_text(&out, &err) + 2, NULL);
        assert_true(again == cases[i].value || isnan(cases[i].value));
        if (i != 6)
            same(&out, cases[i].text);
        buf_free(&out);
    }
}

static void
buckets_are_summed_up(void **state)
{
    static const double bounds[] = {0.005, 1};
    static const uint64_t counts[] = {2, 0, 3};
    const struct expo_labels labels = {.items = {{"p", "q"}}, .count = 1};
    const struct expo_buckets buckets = {
        .bounds_s = bounds, .counts = counts, .count = 2, .sum_s = 12.25};
    struct expo expo;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    expo_init(&expo, &out);
    expo.name = "h";
    expo_put_buckets(&expo, &labels, &buckets);
    same(&out, "h_bucket{p=\"q\",le=\"0.005\"} 2\n"
               "h_bucket{p=\"q\",le=\"1\"} 2\n"
               "h_bucket{p=\"q\",le=\"+Inf\"} 5\n"
               "h_sum{p=\"q\"} 12.25\n"
               "h_count{p=\"q\"} 5\n");
    buf_free(&out);
}

static void
the_first_failure_is_kept(void **state)
{
    const struct expo_labels none = {.count = 0};
    struct expo expo;
    struct buf out;

    (void)state;
    buf_init(&out, 40);
    expo_init(&expo, &out);
    expo_family(&expo, "name", EXPO_GAUGE, "A help that is longer than that.");
    expo_put(&expo, &none, 1);
    assert_true(expo.failed);
    assert_int_equal(expo.err.code, ERR_LIMIT);
    buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_has_help_type_and_samples),
        cmocka_unit_test(what_a_label_says_cannot_end_it),
        cmocka_unit_test(numbers_are_read_again_as_they_were),
        cmocka_unit_test(buckets_are_summed_up),
        cmocka_unit_test(the_first_failure_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
