#include "err.h"

#include <errno.h>
#include <string.h>

#include "cm.h"

static void
a_failure_is_one_statement(void **state)
{
    struct err err;

    (void)state;
    assert_int_equal(
        err_set(&err, ERR_LIMIT, "%s of %d bytes", "name", 70), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(err.sys_errno, 0);
    assert_string_equal(err.msg, "name of 70 bytes");
    assert_int_equal(err_sys(&err, ENOENT, "open %s", "/x"), -1);
    assert_int_equal(err.code, ERR_SYS);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_string_equal(err.msg, "open /x: No such file or directory");
}

static void
context_goes_in_front_and_the_code_stays(void **state)
{
    struct err err;

    (void)state;
    (void)err_sys(&err, ENOSPC, "write");
    assert_int_equal(err_wrap(&err, "store %s", "/s"), -1);
    assert_int_equal(err_wrap(&err, "start"), -1);
    assert_int_equal(err.code, ERR_SYS);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_string_equal(
        err.msg, "start: store /s: write: No space left on device");
}

static void
a_message_is_one_line_and_fits(void **state)
{
    struct err err;
    char text[2000];

    (void)state;
    (void)err_set(&err, ERR_PARSE, "a\nb\tc\x1b[0m\x7f");
    assert_string_equal(err.msg, "a b c [0m ");
    /* C1's CSI, a right-to-left override, half a character, a whole one. */
    (void)err_set(&err, ERR_PARSE, "%s",
        "a\xc2\x9b"
        "2J\xe2\x80\xae"
        "b\xc3 \xc3\xa9");
    assert_string_equal(err.msg, "a?2J?b? \xc3\xa9");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)err_set(&err, ERR_PARSE, "%s", text);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
    (void)err_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
    (void)err_sys(&err, EIO, "%s", text);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_one_statement),
        cmocka_unit_test(context_goes_in_front_and_the_code_stays),
        cmocka_unit_test(a_message_is_one_line_and_fits),
    };

    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
