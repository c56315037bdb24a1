#include "mail_pace.h"

#include "cm.h"

static void
retries_come_later_and_later(void **state)
{
    static const int64_t steps_s[] = {5, 15, 30, 60, 120, 300, 600, 900};

    (void)state;
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(mail_retry_ms(i + 1, 12345), steps_s[i] * 1000);
}

static void
after_that_every_15_minutes_with_20_percent_of_jitter(void **state)
{
    int64_t least = INT64_MAX;
    int64_t most = 0;

    (void)state;
    for (uint64_t random = 0; random < 400000; random += 37) {
        int64_t wait = mail_retry_ms(9 + (uint32_t)(random % 80), random);

        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
    }
    assert_in_range(least, 720000, 720100);
    assert_in_range(most, 1079900, 1080000);
    assert_in_range(mail_retry_ms(UINT32_MAX, UINT64_MAX), 720000, 1080000);
}

static void
the_eleventh_mail_waits_until_ten_minutes_after_the_first(void **state)
{
    struct mail_pace pace = {0};

    (void)state;
    for (int64_t i = 0; i < 9; i++)
        mail_pace_note(&pace, 1000 + i);
    assert_true(mail_pace_next(&pace) < 1000);
    mail_pace_note(&pace, 1009);
    assert_int_equal(mail_pace_next(&pace), 1000 + MAIL_PACE_SPAN_MS);
    mail_pace_note(&pace, 2000);
    assert_int_equal(pace.count, MAIL_PACE_COUNT);
    assert_int_equal(mail_pace_next(&pace), 1001 + MAIL_PACE_SPAN_MS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retries_come_later_and_later),
        cmocka_unit_test(after_that_every_15_minutes_with_20_percent_of_jitter),
        cmocka_unit_test(
            the_eleventh_mail_waits_until_ten_minutes_after_the_first),
    };

    return cmocka_run_group_tests_name("mail_pace", tests, NULL, NULL);
}
