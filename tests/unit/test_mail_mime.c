#include "mail_mime.h"

#include <string.h>

#include "cm.h"

static void
assert_header(const char *value, const char *expected)
{
    struct buf out;
    struct err err;

    buf_init(&out, 1 << 16);
    assert_ok(mime_put_header(&out, "Subject", value, &err), err);
    assert_string_equal(buf_text(&out, &err), expected);
    buf_free(&out);
}

static void
assert_quoted(const char *text, const char *expected)
{
    struct buf out;
    struct err err;

    buf_init(&out, 1 << 16);
    assert_ok(mime_put_quoted(&out, text, strlen(text), &err), err);
    if (out.len == 0)
        assert_string_equal("", expected);
    else
        assert_string_equal(buf_text(&out, &err), expected);
    buf_free(&out);
}

static void
a_plain_header_stays_as_it_is(void **state)
{
    (void)state;
    assert_header(
        "[INC-7K3QX2MA] acme/home", "Subject: [INC-7K3QX2MA] acme/home\r\n");
    assert_header("", "Subject: \r\n");
}

static void
no_value_can_begin_another_header(void **state)
{
    (void)state;
    assert_header("a\r\nBcc: x@y", "Subject: a??Bcc: x@y\r\n");
}

static void
what_is_not_ascii_becomes_encoded_words(void **state)
{
    (void)state;
    assert_header("caf\xc3\xa9", "Subject: =?UTF-8?B?Y2Fmw6k=?=\r\n");
    assert_header("a =?x?= b", "Subject: =?UTF-8?B?YSA9P3g/PSBi?=\r\n");
}

static void
no_line_of_a_header_is_longer_than_it_may_be(void **state)
{
    char value[4000];
    struct buf out;
    struct err err;
    size_t column = 0;

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < sizeof(value) - 1; i++)
            value[i] = kind == 0 && i % 9 == 0 ? ' ' : 'x';
        value[sizeof(value) - 1] = '\0';
        if (kind == 2)
            memcpy(value, "\xc3\xa9", 2);
        buf_init(&out, 1 << 16);
        assert_ok(mime_put_header(&out, "Subject", value, &err), err);
        for (size_t i = 0; i < out.len; i++) {
            if (out.data[i] == '\r') {
                assert_true(column <= (kind == 1 ? 998 : 78));
                column = 0;
                i++;
            } else {
                column++;
            }
        }
        buf_free(&out);
    }
}

static void
a_body_is_quoted_and_its_lines_are_ended(void **state)
{
    (void)state;
    assert_quoted("", "");
    assert_quoted("a=b", "a=3Db\r\n");
    assert_quoted("end \nnext\t\n", "end=20\r\nnext=09\r\n");
    assert_quoted("\xe2\x80\x93", "=E2=80=93\r\n");
    assert_quoted("a\n\n.\n", "a\r\n\r\n.\r\n");
}

static void
long_lines_are_broken_softly(void **state)
{
    char text[201];
    char expected[300] = "";

    (void)state;
    memset(text, 'x', 200);
    text[200] = '\0';
    memcpy(expected, text, 75);
    (void)strcat(expected, "=\r\n");
    (void)strncat(expected, text, 75);
    (void)strcat(expected, "=\r\n");
    (void)strncat(expected, text, 50);
    (void)strcat(expected, "\r\n");
    assert_quoted(text, expected);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_header_stays_as_it_is),
        cmocka_unit_test(no_value_can_begin_another_header),
        cmocka_unit_test(what_is_not_ascii_becomes_encoded_words),
        cmocka_unit_test(no_line_of_a_header_is_longer_than_it_may_be),
        cmocka_unit_test(a_body_is_quoted_and_its_lines_are_ended),
        cmocka_unit_test(long_lines_are_broken_softly),
    };

    return cmocka_run_group_tests_name("mail_mime", tests, NULL, NULL);
}
