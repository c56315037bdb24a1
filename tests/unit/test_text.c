#include "text.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static void
spans_are_read_exactly(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"0s", 0},
        {"250ms", 250},
        {"30s", 30000},
        {"2.5s", 2500},
        {"0.001s", 1},
        {"1m30s", 90000},
        {"1.5m", 90000},
        {"24h", 86400000},
        {"30d", INT64_C(2592000000)},
        {"1d2h3m4s5ms", 93784005},
        {"0.5h", 1800000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ms = -1;
        struct err err;

        assert_ok(text_take_span_ms(cases[i].text, &ms, &err), err);
        if (ms != cases[i].ms)
            fail_msg("%s: %lld", cases[i].text, (long long)ms);
    }
}

static void
what_is_no_span_is_refused(void **state)
{
    static const char *const cases[] = {"", "30", "3.5", "s", "-30s", "30 s",
        "30sec", "1h-5s", "2.s", ".5s", "1.2345s", "0.5ms", "1e3s", "30S",
        "99999999999999999999s", "200000000000d", "1s ", " 1s", "1s1", "0x1s"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ms = -1;
        struct err err;

        if (text_take_span_ms(cases[i], &ms, &err) == 0)
            fail_msg("\"%s\" was taken as %lld ms", cases[i], (long long)ms);
        assert_int_equal(ms, -1);
    }
}

static void
a_bare_number_is_told_to_need_a_unit(void **state)
{
    int64_t ms;
    struct err err;

    (void)state;
    assert_int_equal(text_take_span_ms("30", &ms, &err), -1);
    assert_string_equal(err.msg, "\"30\" needs a unit: ms, s, m, h or d");
}

static void
spans_survive_a_round_trip(void **state)
{
    static const int64_t cases[] = {0, 1, 999, 1000, 1001, 59999, 60000, 90000,
        3599999, 3600000, 86399999, 86400000, INT64_C(31536000000),
        INT64_C(123456789012)};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[64];
        int64_t ms = -1;
        struct err err;

        text_put_span(cases[i], text, sizeof(text));
        assert_ok(text_take_span_ms(text, &ms, &err), err);
        assert_int_equal(ms, cases[i]);
    }
}

static void
a_span_that_does_not_fit_is_cut_inside_its_buffer(void **state)
{
    char text[4] = "xxx";

    (void)state;
    text_put_span(INT64_C(93784005), text, sizeof(text));
    assert_true(strlen(text) < sizeof(text));
}

static void
moments_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t unix_ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01", 0},
        {"2026-11-28T22:00:00Z", INT64_C(1795903200000)},
        {"2026-11-28T22:00:00.5Z", INT64_C(1795903200500)},
        {"2026-11-28T22:00:00.1239Z", INT64_C(1795903200123)},
        {"2026-11-28T23:00:00+01:00", INT64_C(1795903200000)},
        {"2026-11-28T16:30:00-05:30", INT64_C(1795903200000)},
        {"2026-11-28 22:00:00z", INT64_C(1795903200000)},
        {"2024-02-29", INT64_C(1709164800000)},
        {"2000-02-29T23:59:59Z", INT64_C(951868799000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"1795903200", INT64_C(1795903200000)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799000)},
        {"now", 5000000},
        {"-1h", 1400000},
        {"+10s", 5010000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t unix_ms = -1;
        struct err err;

        assert_ok(
            text_take_moment(cases[i].text, 5000000, &unix_ms, &err), err);
        if (unix_ms != cases[i].unix_ms)
            fail_msg("%s: %lld", cases[i].text, (long long)unix_ms);
    }
}

static void
what_is_no_moment_is_refused(void **state)
{
    static const char *const cases[] = {"", "yesterday", "2023-02-29",
        "1900-02-29", "2026-13-01", "2026-00-10", "2026-11-31", "2026-11-00",
        "2026-11-28T24:00:00Z", "2026-11-28T22:60:00Z", "2026-11-28T22:00:61Z",
        "2026-11-28T22:00Z", "2026-11-28T22:00:00", "2026-11-28T22:00:00+1:00",
        "2026-11-28T22:00:00+24:00", "2026-11-28T22:00:00.Z", "2026-11-28T",
        "2026-11-28X22:00:00Z", "2026/11/28", "26-11-28", "-1", "-", "+", "1.5",
        "1969-12-31", "2026-11-28T22:00:00Zx", "99999999999999"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t unix_ms;
        struct err err;

        if (text_take_moment(cases[i], 0, &unix_ms, &err) == 0)
            fail_msg("\"%s\" was taken", cases[i]);
    }
}

static void
moments_survive_a_round_trip(void **state)
{
    static const int64_t cases[] = {0, 999, INT64_C(951782400000),
        INT64_C(951868800000), INT64_C(1709251199999), INT64_C(4107542399000)};
    char text[TEXT_MOMENT_BYTES];
    int64_t unix_ms;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err;

        text_put_moment(cases[i], text);
        assert_ok(text_take_moment(text, 0, &unix_ms, &err), err);
        assert_int_equal(unix_ms, cases[i]);
    }
    text_put_moment(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    assert_int_equal(text_take_date(text, &unix_ms), 0);
    assert_int_equal(unix_ms, -1);
    assert_int_equal(text_take_date("9999-12-31T23:59:59Z", &unix_ms), 0);
    assert_int_equal(unix_ms, 253402300799000);
    assert_int_equal(text_take_date("now", &unix_ms), -1);
}

static void
whole_numbers_keep_to_their_range(void **state)
{
    static const char *const bad[] = {"", "-", "+5", " 5", "5 ", "5x", "0x5",
        "1.0", "--5", "11", "-6", "99999999999999999999"};
    int64_t value = 0;
    struct err err;

    (void)state;
    assert_ok(text_take_int("10", -5, 10, &value, &err), err);
    assert_int_equal(value, 10);
    assert_ok(text_take_int("-5", -5, 10, &value, &err), err);
    assert_int_equal(value, -5);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (text_take_int(bad[i], -5, 10, &value, &err) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
    }
    assert_int_equal(text_take_int("11", -5, 10, &value, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.msg, "11 is out of range (-5 to 10)");
}

static void
decimals_are_exact_or_refused(void **state)
{
    static const struct {
        const char *text;
        int64_t millionths; /* -1: refused */
    } cases[] = {
        {"99.9", 99900000},
        {"99.95", 99950000},
        {"100", 100000000},
        {"0.000001", 1},
        {"0", 0},
        {"99.999999", 99999999},
        {"0.1234567", -1},
        {"99.9000000", -1},
        {".5", -1},
        {"5.", -1},
        {"", -1},
        {"-1", -1},
        {"1e2", -1},
        {"1.2.3", -1},
        {"99,9", -1},
        {"99999999999999", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = -1;
        struct err err;
        int rc = text_take_decimal_millionths(cases[i].text, &got, &err);

        if (rc != (cases[i].millionths == -1 ? -1 : 0) ||
            got != cases[i].millionths)
            fail_msg("%s: %d, %lld", cases[i].text, rc, (long long)got);
    }
}

static void
strangers_text_is_made_harmless(void **state)
{
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } cases[] = {
        {"plain", 5, "plain"}, {"a\nb\rc\0d\x7f", 8, "a?b?c?d?"},
        {"gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f"}, {"\xc3", 1, "?"},
        {"\xc3(", 2, "?("}, {"\xe2\x82", 2, "??"},
        {"\xe2\x82\xac", 3, "\xe2\x82\xac"},
        {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
        {"\xc0\xaf", 2, "??"},           /* overlong */
        {"\xe0\x80\xaf", 3, "???"},      /* overlong */
        {"\xed\xa0\x80", 3, "???"},      /* surrogate */
        {"\xf4\x90\x80\x80", 4, "????"}, /* past U+10FFFF */
        {"\xff\xfe", 2, "??"},
        {"\xc2\x9b"
         "31m",
            5, "?31m"}, /* C1 control sequence introducer */
        {"\x1b[31m", 5, "?[31m"},
        {"a\xe2\x80\xaetxt.exe", 11, "a?txt.exe"}, /* right to left from here */
        {"\xe2\x81\xa6x\xd8\x9c", 6, "?x?"},
        {"a\xe2\x80\x8b.example", 12, "a?.example"}, /* of no width */
        {"\xe2\x80\xa8", 3, "?"},                    /* a line's end */
        {"\xf3\xa0\x81\xa1", 4, "?"},                /* a tag */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[64];

        text_put_harmless(cases[i].in, cases[i].len, out, sizeof(out));
        assert_string_equal(out, cases[i].out);
    }
}

static void
harmless_text_ends_on_a_whole_character(void **state)
{
    char out[6];

    (void)state;
    text_put_harmless("abc\xe2\x82\xac", 6, out, sizeof(out));
    assert_string_equal(out, "abc");
    text_put_harmless("ab\xe2\x82\xac", 5, out, sizeof(out));
    assert_string_equal(out, "ab\xe2\x82\xac");
    text_put_harmless("abcdefgh", 8, out, sizeof(out));
    assert_string_equal(out, "abcde");
}

static void
names_are_plain_and_short(void **state)
{
    char longest[66];

    (void)state;
    memset(longest, 'a', 65);
    longest[65] = '\0';
    assert_false(text_is_name(longest));
    longest[64] = '\0';
    assert_true(text_is_name(longest));
    assert_true(text_is_name("acme.example"));
    assert_true(text_is_name("0-a_b"));
    assert_false(text_is_name(""));
    assert_false(text_is_name("-a"));
    assert_false(text_is_name(".a"));
    assert_true(text_is_name("EU"));
    assert_false(text_is_name("a/b"));
    assert_false(text_is_name("a b"));
    assert_false(text_is_name("gr\xc3\xbc"));
}

static void
a_slip_finds_its_word(void **state)
{
    static const char *const words[] = {"expect", "interval", "timeout", "url"};

    (void)state;
    assert_string_equal(text_closest("exepct", words, 4), "expect");
    assert_string_equal(text_closest("intervall", words, 4), "interval");
    assert_string_equal(text_closest("time-out", words, 4), "timeout");
    assert_string_equal(text_closest("ulr", words, 4), "url");
    assert_null(text_closest("banana", words, 4));
    assert_null(text_closest("expect", words, 0));
    assert_null(text_closest("", words, 4));
}

static void
lists_own_copies(void **state)
{
    struct strlist list = {0};
    struct strlist copy;
    char word[] = "eu";

    (void)state;
    assert_int_equal(strlist_add(&list, word), 0);
    word[0] = 'x';
    assert_int_equal(strlist_add(&list, "us"), 0);
    assert_true(strlist_has(&list, "eu"));
    assert_false(strlist_has(&list, "xu"));
    assert_int_equal(strlist_copy(&copy, &list), 0);
    strlist_free(&list);
    assert_int_equal(list.count, 0);
    assert_int_equal(copy.count, 2);
    assert_string_equal(copy.items[1], "us");
    strlist_free(&copy);
    strlist_free(&copy);
}

static void
null_is_the_same_as_null_only(void **state)
{
    (void)state;
    assert_true(text_same(NULL, NULL));
    assert_false(text_same(NULL, ""));
    assert_false(text_same("a", NULL));
    assert_true(text_same("a", "a"));
    assert_false(text_same("a", "b"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_read_exactly),
        cmocka_unit_test(what_is_no_span_is_refused),
        cmocka_unit_test(a_bare_number_is_told_to_need_a_unit),
        cmocka_unit_test(spans_survive_a_round_trip),
        cmocka_unit_test(a_span_that_does_not_fit_is_cut_inside_its_buffer),
        cmocka_unit_test(moments_are_read),
        cmocka_unit_test(what_is_no_moment_is_refused),
        cmocka_unit_test(moments_survive_a_round_trip),
        cmocka_unit_test(whole_numbers_keep_to_their_range),
        cmocka_unit_test(decimals_are_exact_or_refused),
        cmocka_unit_test(strangers_text_is_made_harmless),
        cmocka_unit_test(harmless_text_ends_on_a_whole_character),
        cmocka_unit_test(names_are_plain_and_short),
        cmocka_unit_test(a_slip_finds_its_word),
        cmocka_unit_test(lists_own_copies),
        cmocka_unit_test(null_is_the_same_as_null_only),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
