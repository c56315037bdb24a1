#include "buf.h"

#include <string.h>

#include "cm.h"

static const uint8_t text[] = "0123456789";

static void
append_keeps_what_was_there(void **state)
{
    struct buf buf;
    struct err err;

    (void)state;
    buf_init(&buf, 1 << 20);
    for (int i = 0; i < 1000; i++)
        assert_ok(buf_append(&buf, text, 10, &err), err);
    assert_int_equal(buf.len, 10000);
    for (size_t i = 0; i < buf.len; i++)
        assert_int_equal(buf.data[i], '0' + (int)(i % 10));
    buf_free(&buf);
}

static void
append_past_the_limit_changes_nothing(void **state)
{
    struct buf buf;
    struct err err;

    (void)state;
    buf_init(&buf, 8);
    assert_ok(buf_append(&buf, text, 6, &err), err);
    assert_int_equal(buf_append(&buf, text, 3, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.msg, "more than 8 bytes");
    assert_int_equal(buf.len, 6);
    assert_ok(buf_append(&buf, text, 2, &err), err);
    assert_int_equal(buf_append(&buf, text, SIZE_MAX, &err), -1);
    assert_int_equal(buf.len, 8);
    buf_free(&buf);
}

static void
appending_nothing_is_fine_even_to_an_empty_buf(void **state)
{
    struct buf buf;
    struct err err;

    (void)state;
    buf_init(&buf, 0);
    assert_ok(buf_append(&buf, NULL, 0, &err), err);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf_text(&buf, &err), "");
    buf_free(&buf);
}

static void
free_leaves_a_usable_buf(void **state)
{
    struct buf buf;
    struct err err;

    (void)state;
    buf_init(&buf, 8);
    assert_ok(buf_append(&buf, text, 8, &err), err);
    buf_free(&buf);
    assert_int_equal(buf.len, 0);
    assert_ok(buf_append(&buf, text, 8, &err), err);
    buf_clear(&buf);
    assert_ok(buf_append(&buf, text, 8, &err), err);
    buf_free(&buf);
}

static void
trim_keeps_what_is_in_use(void **state)
{
    struct buf buf;
    struct err err;

    (void)state;
    buf_init(&buf, 1 << 20);
    assert_non_null(buf_extend(&buf, 100000, &err));
    buf.len = 10;
    memcpy(buf.data, text, 10);
    buf_trim(&buf, 1000);
    assert_int_equal(buf.capacity, 1000);
    buf_trim(&buf, 2000);
    assert_int_equal(buf.capacity, 1000);
    buf_trim(&buf, 5);
    assert_int_equal(buf.capacity, 10);
    assert_memory_equal(buf.data, text, 10);
    buf_clear(&buf);
    buf_trim(&buf, 0);
    assert_null(buf.data);
    assert_ok(buf_append(&buf, text, 8, &err), err);
    buf_free(&buf);
}

static void
formatted_text_may_fill_the_buf_to_its_limit(void **state)
{
    struct buf buf;
    struct err err;
    char wide[1001];

    (void)state;
    memset(wide, 'x', 1000);
    wide[1000] = '\0';
    buf_init(&buf, 1003);
    assert_ok(buf_printf(&buf, &err, "a%s%d", wide, 42), err);
    assert_int_equal(buf.len, 1003);
    assert_int_equal(buf_printf(&buf, &err, "y"), -1);
    assert_int_equal(buf.len, 1003);
    assert_int_equal(strlen(buf_text(&buf, &err)), 1003);
    assert_string_equal(buf_text(&buf, &err) + 1001, "42");
    buf_clear(&buf);
    assert_int_equal(buf_printf(&buf, &err, "%s1234", wide), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(buf.len, 0);
    buf_free(&buf);
}

static void
consume_takes_off_the_front(void **state)
{
    struct buf buf;
    struct err err;

    (void)state;
    buf_init(&buf, 100);
    assert_ok(buf_append(&buf, text, 10, &err), err);
    buf_consume(&buf, 0);
    buf_consume(&buf, 7);
    assert_string_equal(buf_text(&buf, &err), "789");
    buf_consume(&buf, 3);
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf_bytes(&buf).len, 0);
    buf_free(&buf);
}

static void
text_stands_on_a_nul_that_does_not_count(void **state)
{
    struct buf buf;
    struct err err;
    uint8_t *at;

    (void)state;
    buf_init(&buf, 256);
    at = buf_extend(&buf, 256, &err); /* exactly the first capacity */
    assert_non_null(at);
    memset(at, 'z', 256);
    assert_int_equal(strlen(buf_text(&buf, &err)), 256);
    assert_int_equal(buf.len, 256);
    buf_free(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_keeps_what_was_there),
        cmocka_unit_test(append_past_the_limit_changes_nothing),
        cmocka_unit_test(appending_nothing_is_fine_even_to_an_empty_buf),
        cmocka_unit_test(free_leaves_a_usable_buf),
        cmocka_unit_test(trim_keeps_what_is_in_use),
        cmocka_unit_test(formatted_text_may_fill_the_buf_to_its_limit),
        cmocka_unit_test(consume_takes_off_the_front),
        cmocka_unit_test(text_stands_on_a_nul_that_does_not_count),
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
