#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "meter.h"

static struct measure
measure(uint32_t check, enum measure_status status, int64_t total_us)
{
    struct measure m = {
        .check_id = check, .status = (uint8_t)status, .failed_phase = -1};

    for (int p = 0; p < PHASE_COUNT; p++)
        m.phase_us[p] = PHASE_NOT_REACHED;
    m.phase_us[PHASE_TOTAL] = total_us;
    return m;
}

static struct meter *
new_meter(void)
{
    struct err err;
    struct meter *meter = meter_new(&err);

    assert_non_null(meter);
    return meter;
}

static void
results_are_counted_by_status_and_served_ones_measured(void **state)
{
    struct meter *meter = new_meter();
    struct meter_series *series = calloc(1, sizeof(*series));
    struct measure isolated = measure(7, MEASURE_UP, 900);
    struct measure up = measure(7, MEASURE_UP, 500);
    struct measure slow = measure(7, MEASURE_SLOW, 501);
    struct measure down = measure(7, MEASURE_DOWN, 10);

    (void)state;
    isolated.isolated = true;
    meter_add(meter, &up, 1, "eu");
    meter_add(meter, &slow, 1, "eu");
    meter_add(meter, &down, 1, "eu");
    meter_add(meter, &isolated, 1, "eu");
    assert_true(meter_get(meter, 0, series));
    assert_false(meter_get(meter, 1, series));
    assert_int_equal(series->check, 7);
    assert_string_equal(series->region, "eu");
    assert_int_equal(series->results[MEASURE_UP], 2);
    assert_int_equal(series->results[MEASURE_SLOW], 1);
    assert_int_equal(series->results[MEASURE_DOWN], 1);
    assert_int_equal(series->isolated, 1);
    assert_int_equal(series->phases, 1 << PHASE_TOTAL);
    /* A bucket ends with its bound. */
    assert_int_equal(series->hists[PHASE_TOTAL].counts[0], 1);
    assert_int_equal(series->hists[PHASE_TOTAL].counts[1], 1);
    assert_int_equal(series->hists[PHASE_TOTAL].sum_us, 1001);
    free(series);
    meter_free(meter);
}

static void
the_longest_is_in_the_last_bucket(void **state)
{
    struct meter *meter = new_meter();
    struct meter_series *series = calloc(1, sizeof(*series));
    struct measure long_one = measure(1, MEASURE_UP, PHASE_MAX_US);
    struct measure at_bound = measure(1, MEASURE_UP, 300000000);
    struct measure none = measure(1, MEASURE_UP, 0);

    (void)state;
    meter_add(meter, &long_one, 0, "eu");
    meter_add(meter, &at_bound, 0, "eu");
    meter_add(meter, &none, 0, "eu");
    assert_true(meter_get(meter, 0, series));
    assert_int_equal(series->hists[PHASE_TOTAL].counts[METER_BUCKETS], 1);
    assert_int_equal(series->hists[PHASE_TOTAL].counts[METER_BUCKETS - 1], 1);
    assert_int_equal(series->hists[PHASE_TOTAL].counts[0], 1);
    free(series);
    meter_free(meter);
}

/* Ids that follow each other, that differ high up, the same in two regions. */
static void
series_are_found_again_among_many(void **state)
{
    enum { CHECKS = 3000, REGIONS = 3 };
    struct meter *meter = new_meter();
    struct meter_series *series = calloc(1, sizeof(*series));
    size_t count = 0;

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (uint32_t c = 0; c < CHECKS; c++) {
            for (uint16_t r = 0; r < REGIONS; r++) {
                struct measure m =
                    measure(c % 2 ? c : c << 20, MEASURE_UP, (int64_t)c + r);

                meter_add(meter, &m, r, r == 0 ? "eu" : "us");
            }
        }
    }
    while (meter_get(meter, count, series)) {
        assert_int_equal(series->results[MEASURE_UP], 2);
        count++;
    }
    assert_int_equal(count, CHECKS * REGIONS);
    assert_int_equal(meter_missed(meter), 0);
    free(series);
    meter_free(meter);
}

static void
above_the_limit_results_are_missed_and_counted(void **state)
{
    struct meter *meter = new_meter();
    struct meter_series *series = calloc(1, sizeof(*series));

    (void)state;
    for (uint32_t c = 0; c < METER_SERIES_MAX + 10; c++) {
        struct measure m = measure(c, MEASURE_UP, 1);

        meter_add(meter, &m, 1, "eu");
    }
    assert_int_equal(meter_missed(meter), 10);
    assert_true(meter_get(meter, METER_SERIES_MAX - 1, series));
    assert_false(meter_get(meter, METER_SERIES_MAX, series));
    free(series);
    meter_free(meter);
}

enum { ADDED = 20000 };

static void *
add_many(void *arg)
{
    for (uint32_t i = 0; i < ADDED; i++) {
        struct measure m = measure(i % 500, MEASURE_UP, 1000);

        meter_add(arg, &m, 1, "eu");
    }
    return NULL;
}

/* A copy is of one moment: the thread sanitizer looks on. */
static void
a_reader_beside_a_writer_sees_whole_series(void **state)
{
    struct meter *meter = new_meter();
    struct meter_series *series = calloc(1, sizeof(*series));
    uint64_t seen = 0;
    pthread_t adding;

    (void)state;
    assert_int_equal(pthread_create(&adding, NULL, add_many, meter), 0);
    while (seen < ADDED) {
        seen = 0;
        for (size_t i = 0; meter_get(meter, i, series); i++) {
            seen += series->results[MEASURE_UP];
            assert_int_equal(series->hists[PHASE_TOTAL].counts[1],
                series->results[MEASURE_UP]);
        }
    }
    (void)pthread_join(adding, NULL);
    assert_int_equal(seen, ADDED);
    free(series);
    meter_free(meter);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            results_are_counted_by_status_and_served_ones_measured),
        cmocka_unit_test(the_longest_is_in_the_last_bucket),
        cmocka_unit_test(series_are_found_again_among_many),
        cmocka_unit_test(above_the_limit_results_are_missed_and_counted),
        cmocka_unit_test(a_reader_beside_a_writer_sees_whole_series),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
