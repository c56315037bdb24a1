#include "probe_tally.h"

#include "cm.h"

static void
add(struct probe_tally *tally, enum measure_status status, int64_t total_us)
{
    struct measure measure;

    measure_init(&measure);
    measure.status = (uint8_t)status;
    measure.phase_us[PHASE_TOTAL] = total_us;
    probe_tally_add(tally, &measure);
}

static void
jitter_is_the_mean_step_between_served_ones(void **state)
{
    struct probe_tally tally = {0};

    (void)state;
    assert_int_equal(probe_tally_jitter_us(&tally), -1);
    add(&tally, MEASURE_DOWN, 900);
    add(&tally, MEASURE_UP, 100);
    assert_int_equal(probe_tally_jitter_us(&tally), -1);
    add(&tally, MEASURE_SLOW, 160);
    assert_int_equal(probe_tally_jitter_us(&tally), 60);
    add(&tally, MEASURE_DOWN, 10000000);
    add(&tally, MEASURE_ERROR, PHASE_NOT_REACHED);
    add(&tally, MEASURE_UP, 140);
    assert_int_equal(probe_tally_jitter_us(&tally), 40);
    probe_tally_free(&tally);
}

static void
assert_loss(uint64_t down, uint64_t up, const char *words)
{
    struct probe_tally tally = {
        .of_status = {[MEASURE_DOWN] = down, [MEASURE_UP] = up}};
    char text[32];

    probe_tally_put_loss(&tally, text, sizeof(text));
    assert_string_equal(text, words);
}

static void
loss_is_of_the_answers_and_never_rounded_to_nothing(void **state)
{
    struct probe_tally tally = {0};

    (void)state;
    assert_int_equal(probe_tally_loss(&tally), -1);
    add(&tally, MEASURE_ERROR, PHASE_NOT_REACHED);
    assert_int_equal(probe_tally_loss(&tally), -1);
    add(&tally, MEASURE_DOWN, 5);
    assert_int_equal(probe_tally_loss(&tally), 100000);
    add(&tally, MEASURE_UP, 5);
    add(&tally, MEASURE_SLOW, 5);
    assert_int_equal(probe_tally_loss(&tally), 33334);
    probe_tally_free(&tally);
    assert_loss(0, 0, "-");
    assert_loss(0, 7, "0.0 %");
    assert_loss(1, 9999, "0.1 %");
    assert_loss(1, 1, "50.0 %");
    assert_loss(7, 0, "100.0 %");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jitter_is_the_mean_step_between_served_ones),
        cmocka_unit_test(loss_is_of_the_answers_and_never_rounded_to_nothing),
    };

    return cmocka_run_group_tests_name("probe_tally", tests, NULL, NULL);
}
