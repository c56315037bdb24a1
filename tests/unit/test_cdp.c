/* The debugging protocol's messages, whole, in pieces, and spoiled. */
#include "cdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct cdp_in in;
static struct cdp_message got;
static struct err err;

static int
set_up(void **state)
{
    (void)state;
    cdp_in_init(&in);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    cdp_in_free(&in);
    return 0;
}

static void
add(const char *data, size_t len)
{
    assert_int_equal(cdp_in_add(&in, data, len, &err), 0);
}

/* A text with the NUL that ends it. */
static void
add_message(const char *text)
{
    add(text, strlen(text) + 1);
}

static int
next(void)
{
    return cdp_in_next(&in, &got, &err);
}

static void
answers_refusals_and_events_are_told_apart(void **state)
{
    (void)state;
    add_message("{\"id\":7,\"result\":{\"a\":1},\"sessionId\":\"S\"}");
    add_message("{\"id\":8,\"error\":{\"code\":-32601,\"message\":\"no\"}}");
    add_message("{\"method\":\"Page.loadEventFired\",\"params\":{\"t\":2}}");

    assert_int_equal(next(), 1);
    assert_int_equal(got.kind, CDP_ANSWER);
    assert_int_equal(got.id, 7);
    assert_string_equal(got.session, "S");
    assert_int_equal(json_integer_value(json_object_get(got.body, "a")), 1);
    cdp_message_free(&got);

    assert_int_equal(next(), 1);
    assert_int_equal(got.kind, CDP_REFUSAL);
    assert_int_equal(got.id, 8);
    assert_string_equal(got.text, "no");
    assert_null(got.session);
    cdp_message_free(&got);

    assert_int_equal(next(), 1);
    assert_int_equal(got.kind, CDP_EVENT);
    assert_string_equal(got.text, "Page.loadEventFired");
    assert_int_equal(json_integer_value(json_object_get(got.body, "t")), 2);
    cdp_message_free(&got);

    assert_int_equal(next(), 0);
}

static void
a_message_may_come_byte_by_byte(void **state)
{
    static const char text[] = "{\"method\":\"a\"}\0{\"method\":\"b\"}";
    int found = 0;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        add(text + i, 1);
        while (next() == 1) {
            assert_string_equal(got.text, found == 0 ? "a" : "b");
            assert_int_equal(text[i], '\0');
            cdp_message_free(&got);
            found++;
        }
    }
    assert_int_equal(found, 2);
}

static void
a_spoiled_message_spoils_no_other(void **state)
{
    static const char *const spoiled[] = {"", "[]", "{", "{}", "\xff",
        "{\"id\":0,\"result\":{}}", "{\"id\":-1,\"result\":{}}",
        "{\"id\":1.5,\"result\":{}}", "{\"id\":4294967297,\"result\":{}}",
        "{\"id\":99999999999999999999,\"result\":{}}", "{\"id\":1}",
        "{\"id\":1,\"result\":[]}", "{\"id\":1,\"error\":\"x\"}",
        "{\"id\":1,\"error\":{\"message\":3}}", "{\"method\":4}",
        "{\"method\":\"x\",\"sessionId\":5}", "{\"method\":\"x\"} y"};

    (void)state;
    for (size_t i = 0; i < sizeof spoiled / sizeof spoiled[0]; i++) {
        add_message(spoiled[i]);
        add_message("{\"method\":\"whole\"}");
        assert_int_equal(next(), -1);
        assert_int_equal(err.code, ERR_PARSE);
        assert_null(got.root);
        assert_int_equal(next(), 1);
        assert_string_equal(got.text, "whole");
        cdp_message_free(&got);
        assert_int_equal(next(), 0);
    }
}

static void
what_a_page_logs_may_hold_a_nul(void **state)
{
    (void)state;
    add_message("{\"method\":\"x\",\"params\":{\"said\":\"a\\u0000b\"}}");
    assert_int_equal(next(), 1);
    assert_int_equal(json_string_length(json_object_get(got.body, "said")), 3);
    cdp_message_free(&got);
}

static void
half_a_surrogate_pair_does_not_cost_the_message(void **state)
{
    static const char *const pairs[][2] = {
        {"a\\ud800b", "a\xef\xbf\xbd"
                      "b"},
        {"\\udc00", "\xef\xbf\xbd"},
        {"\\ud800\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
        {"\\\\ud800", "\\ud800"},
        {"\\uD83D\\uDE00", "\xf0\x9f\x98\x80"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[128];

        snprintf(text, sizeof text, "{\"method\":\"%s\"}", pairs[i][0]);
        add_message(text);
        assert_int_equal(next(), 1);
        assert_string_equal(got.text, pairs[i][1]);
        cdp_message_free(&got);
    }
}

static void
a_message_without_end_is_refused(void **state)
{
    static char piece[CDP_READ_BYTES_MAX];
    size_t fed = 0;

    (void)state;
    memset(piece, ' ', sizeof piece);
    while (cdp_in_add(&in, piece, sizeof piece, &err) == 0) {
        fed += sizeof piece;
        assert_int_equal(next(), 0);
        assert_true(fed <= (size_t)CDP_MESSAGE_BYTES_MAX + sizeof piece);
    }
    assert_int_equal(err.code, ERR_LIMIT);
    assert_true(fed > CDP_MESSAGE_BYTES_MAX);
}

static void
a_flood_of_small_messages_needs_no_memory(void **state)
{
    static const char text[] = "{\"method\":\"x\"}";
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        add(text, sizeof text);
        while (next() == 1) {
            cdp_message_free(&got);
            found++;
        }
    }
    assert_int_equal(found, 10000);
    assert_true(in.buf.capacity < 4096);
}

static void
a_command_reads_back(void **state)
{
    json_t *params = json_pack("{s:s}", "url", "https://a.test/\"\n");
    struct buf out;

    (void)state;
    buf_init(&out, 128);
    assert_int_equal(
        cdp_command(&out, 3, "S", "Page.navigate", params, &err), 0);
    assert_int_equal(params->refcount, 1);
    assert_int_equal(out.data[out.len - 1], '\0');
    assert_string_equal((const char *)out.data,
        "{\"id\":3,\"method\":\"Page.navigate\",\"sessionId\":\"S\","
        "\"params\":{\"url\":\"https://a.test/\\\"\\n\"}}");
    buf_clear(&out);
    assert_int_equal(
        cdp_command(&out, 4, NULL, "Browser.close", NULL, &err), 0);
    assert_string_equal(
        (const char *)out.data, "{\"id\":4,\"method\":\"Browser.close\"}");
    buf_free(&out);
    json_decref(params);
}

static void
a_command_that_does_not_fit_leaves_nothing(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 16);
    assert_int_equal(
        cdp_command(&out, 4, NULL, "Browser.close", NULL, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_refusals_and_events_are_told_apart),
        TEST(a_message_may_come_byte_by_byte),
        TEST(a_spoiled_message_spoils_no_other),
        TEST(what_a_page_logs_may_hold_a_nul),
        TEST(half_a_surrogate_pair_does_not_cost_the_message),
        TEST(a_message_without_end_is_refused),
        TEST(a_flood_of_small_messages_needs_no_memory),
        TEST(a_command_reads_back),
        TEST(a_command_that_does_not_fit_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
