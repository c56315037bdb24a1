#include <string.h>

#include "clock.h"
#include "cm.h"
#include "pulse.h"

static const int64_t now_ns = 1000 * NS_PER_SEC;

static struct pulse_reading
well(void)
{
    return (struct pulse_reading){
        .loop_age_ns = NS_PER_SEC, .writer.committed_ns = now_ns - NS_PER_SEC};
}

static void
a_loop_and_a_writer_that_go_on_are_well(void **state)
{
    struct pulse_reading reading = well();
    char reason[PULSE_REASON_BYTES];

    (void)state;
    /* A file that is not in force stops nothing. */
    reading.refused = true;
    reading.loop_age_ns = PULSE_LOOP_MAX_MS * NS_PER_MS;
    reading.writer.committed_ns = now_ns - PULSE_WRITER_MAX_MS * NS_PER_MS;
    assert_true(pulse_is_well(&reading, now_ns, reason));
    assert_string_equal(reason, "");
}

static void
one_that_hangs_is_not(void **state)
{
    struct pulse_reading loop = well();
    struct pulse_reading writer = well();
    char reason[PULSE_REASON_BYTES];

    (void)state;
    loop.loop_age_ns = 16 * NS_PER_SEC;
    assert_false(pulse_is_well(&loop, now_ns, reason));
    assert_string_equal(reason, "the loop has not turned for 16 s");
    writer.writer.committed_ns = now_ns - 61 * NS_PER_SEC;
    assert_false(pulse_is_well(&writer, now_ns, reason));
    assert_string_equal(reason, "nothing has been committed for 61 s");
}

static void
a_store_that_cannot_be_written_says_why(void **state)
{
    struct pulse_reading reading = well();
    char reason[PULSE_REASON_BYTES];

    (void)state;
    reading.writer.failing = true;
    memset(reading.writer.err.msg, 'x', sizeof(reading.writer.err.msg) - 1);
    assert_false(pulse_is_well(&reading, now_ns, reason));
    assert_non_null(strstr(reason, "the store cannot be written: xxx"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_and_a_writer_that_go_on_are_well),
        cmocka_unit_test(one_that_hangs_is_not),
        cmocka_unit_test(a_store_that_cannot_be_written_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
