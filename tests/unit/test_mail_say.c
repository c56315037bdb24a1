#include "mail_say.h"

#include "cm.h"

static void
spans_are_said_in_two_units(void **state)
{
    static const struct {
        int64_t span_ms;
        const char *text;
    } cases[] = {
        {-5, "0 s"},
        {999, "0 s"},
        {45000, "45 s"},
        {120000, "2 m"},
        {750000, "12 m 30 s"},
        {3600000, "1 h"},
        {11100000, "3 h 5 m"},
        {187200000, "2 d 4 h"},
        {INT64_MAX, "106751991167 d 7 h"},
    };
    char out[SAY_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        say_span(cases[i].span_ms, out);
        assert_string_equal(out, cases[i].text);
    }
}

static void
latencies_keep_what_matters(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {-1, "-"},
        {0, "0.0 ms"},
        {812, "0.8 ms"},
        {84999, "84 ms"},
        {999999, "999 ms"},
        {1234567, "1.23 s"},
        {10000000, "10.00 s"},
    };
    char out[SAY_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        say_latency(cases[i].us, out);
        assert_string_equal(out, cases[i].text);
    }
}

static void
moments_are_said_there_and_in_utc(void **state)
{
    struct err err;
    struct zone *berlin = zone_open("Europe/Berlin", &err);
    int64_t moment = INT64_C(1795486205000); /* 2026-11-24T02:10:05Z */
    char out[SAY_BYTES];

    (void)state;
    assert_made(berlin, err);
    say_moment(berlin, moment, out);
    assert_string_equal(out, "2026-11-24 03:10:05 CET (02:10:05 UTC)");
    say_moment(NULL, moment, out);
    assert_string_equal(out, "2026-11-24 02:10:05 UTC");
    say_clock(berlin, moment, out);
    assert_string_equal(out, "03:10:05");
    say_minute(berlin, moment, out);
    assert_string_equal(out, "03:10");
    say_mail_date(moment, out);
    assert_string_equal(out, "Tue, 24 Nov 2026 02:10:05 +0000");
    say_mail_date(-1, out);
    assert_string_equal(out, "Wed, 31 Dec 1969 23:59:59 +0000");
    zone_close(berlin);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_said_in_two_units),
        cmocka_unit_test(latencies_keep_what_matters),
        cmocka_unit_test(moments_are_said_there_and_in_utc),
    };

    return cmocka_run_group_tests_name("mail_say", tests, NULL, NULL);
}
