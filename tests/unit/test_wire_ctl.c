#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "pb_put.h"

static const char args[] = "{\"window\":\"24h\"}";

static struct bytes
bytes_of(const char *text)
{
    return (struct bytes){.data = (const uint8_t *)text, .len = strlen(text)};
}

static void
a_request_comes_back_and_its_arguments_stay_in_the_frame(void **state)
{
    struct wire_ctl_request request = {
        .command = "agent.add", .args_json = bytes_of(args)};
    struct wire_ctl_request again;
    struct buf frame;
    struct err err;

    (void)state;
    buf_init(&frame, WIRE_CTL_MAX_BYTES);
    assert_ok(wire_ctl_request_encode(&request, &frame, &err), err);
    assert_ok(
        wire_ctl_request_decode(frame.data, frame.len, &again, &err), err);
    assert_string_equal(again.command, "agent.add");
    assert_int_equal(again.args_json.len, strlen(args));
    assert_memory_equal(again.args_json.data, args, strlen(args));
    assert_true(again.args_json.data > frame.data &&
                again.args_json.data < frame.data + frame.len);
    buf_free(&frame);
}

static void
a_reply_comes_back_and_its_body_stays_in_the_frame(void **state)
{
    struct wire_ctl_reply reply = {.exit_code = 3,
        .more = true,
        .error = "no such site",
        .body = bytes_of("line\n")};
    struct wire_ctl_reply again;
    struct buf frame;
    struct err err;

    (void)state;
    buf_init(&frame, WIRE_CTL_MAX_BYTES);
    assert_ok(wire_ctl_reply_encode(&reply, &frame, &err), err);
    assert_ok(wire_ctl_reply_decode(frame.data, frame.len, &again, &err), err);
    assert_int_equal(again.exit_code, 3);
    assert_true(again.more);
    assert_string_equal(again.error, "no such site");
    assert_int_equal(again.body.len, 5);
    assert_memory_equal(again.body.data, "line\n", 5);
    buf_free(&frame);
}

static void
an_empty_reply_is_a_success_without_a_body(void **state)
{
    struct wire_ctl_reply reply = {0};
    struct wire_ctl_reply again = {.exit_code = 9};
    struct buf frame;
    struct err err;

    (void)state;
    buf_init(&frame, WIRE_CTL_MAX_BYTES);
    assert_ok(wire_ctl_reply_encode(&reply, &frame, &err), err);
    assert_ok(wire_ctl_reply_decode(frame.data, frame.len, &again, &err), err);
    assert_int_equal(again.exit_code, 0);
    assert_false(again.more);
    assert_int_equal(again.body.len, 0);
    buf_free(&frame);
}

static void
a_large_body_fits_and_a_larger_one_does_not(void **state)
{
    static uint8_t body[WIRE_CTL_MAX_BYTES];
    struct wire_ctl_reply reply = {
        .body = {.data = body, .len = sizeof(body) - 64}};
    struct wire_ctl_reply again;
    struct buf frame;
    struct err err;

    (void)state;
    buf_init(&frame, (size_t)2 * WIRE_CTL_MAX_BYTES);
    assert_ok(wire_ctl_reply_encode(&reply, &frame, &err), err);
    assert_ok(wire_ctl_reply_decode(frame.data, frame.len, &again, &err), err);
    assert_int_equal(again.body.len, sizeof(body) - 64);
    buf_clear(&frame);
    reply.body.len = sizeof(body);
    assert_int_equal(wire_ctl_reply_encode(&reply, &frame, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(frame.len, 0);
    buf_free(&frame);
    assert_int_equal(
        wire_ctl_reply_decode(body, WIRE_CTL_MAX_BYTES + 1, &again, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(
        wire_ctl_reply_decode(body, WIRE_CTL_MAX_BYTES, &again, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
}

/* kind: v varint, t so many x, e a text of that one byte */
static const struct {
    bool is_reply;
    char kind;
    uint32_t number;
    uint64_t value;
    enum err_code code;
    const char *words;
} spoiled[] = {
    {false, 'v', 1, 2, ERR_PARSE, "request: control version 2"},
    {false, 'v', 1, 0, ERR_PARSE, "control version 0"},
    {false, 't', 2, 65, ERR_LIMIT, "command of 65 bytes"},
    {false, 't', 2, 0, ERR_PARSE, "command \"\" is not a name"},
    {false, 'e', 2, '\n', ERR_PARSE, "command \"?\" is not a name"},
    {false, 't', 15, 1, ERR_PARSE, "field 15 is there twice"},
    {true, 'v', 1, 2, ERR_PARSE, "reply: control version 2"},
    {true, 'v', 2, 1, ERR_PARSE, "exit_code -1"},
    {true, 'v', 2, 512, ERR_PARSE, "exit_code 256"},
    {true, 't', 4, 512, ERR_LIMIT, "error of 512 bytes (at most 511)"},
    {true, 'v', 15, 1, ERR_PARSE, "field 15 is there twice"},
};

static void
a_field_out_of_its_range_is_refused_with_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
        struct wire_ctl_request request = {
            .command = "sla", .args_json = bytes_of(args)};
        struct wire_ctl_reply reply = {.body = bytes_of(args)};
        char byte = (char)spoiled[i].value;
        struct buf frame;
        struct err err;
        int rc;

        buf_init(&frame, 4096);
        if (spoiled[i].is_reply)
            assert_ok(wire_ctl_reply_encode(&reply, &frame, &err), err);
        else
            assert_ok(wire_ctl_request_encode(&request, &frame, &err), err);
        if (spoiled[i].kind == 'v')
            pb_put_varint(&frame, spoiled[i].number, spoiled[i].value);
        else if (spoiled[i].kind == 'e')
            pb_put_bytes(&frame, spoiled[i].number, &byte, 1);
        else
            pb_put_long_text(
                &frame, spoiled[i].number, (size_t)spoiled[i].value);
        rc = spoiled[i].is_reply
                 ? wire_ctl_reply_decode(frame.data, frame.len, &reply, &err)
                 : wire_ctl_request_decode(
                       frame.data, frame.len, &request, &err);
        assert_int_equal(rc, -1);
        if (strstr(err.msg, spoiled[i].words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.msg, spoiled[i].words);
        assert_int_equal(err.code, spoiled[i].code);
        buf_free(&frame);
    }
}

static void
every_prefix_of_a_request_is_refused_or_has_fewer_arguments(void **state)
{
    struct wire_ctl_request request = {
        .command = "sla", .args_json = bytes_of(args)};
    struct wire_ctl_request again;
    struct buf frame;
    struct err err;

    (void)state;
    buf_init(&frame, 4096);
    assert_ok(wire_ctl_request_encode(&request, &frame, &err), err);
    for (size_t len = 0; len < frame.len; len++) {
        if (wire_ctl_request_decode(frame.data, len, &again, &err) == 0) {
            assert_string_equal(again.command, "sla");
            assert_int_equal(again.args_json.len, 0);
        }
    }
    buf_free(&frame);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_request_comes_back_and_its_arguments_stay_in_the_frame),
        cmocka_unit_test(a_reply_comes_back_and_its_body_stays_in_the_frame),
        cmocka_unit_test(an_empty_reply_is_a_success_without_a_body),
        cmocka_unit_test(a_large_body_fits_and_a_larger_one_does_not),
        cmocka_unit_test(a_field_out_of_its_range_is_refused_with_its_name),
        cmocka_unit_test(
            every_prefix_of_a_request_is_refused_or_has_fewer_arguments),
    };

    return cmocka_run_group_tests_name("wire_ctl", tests, NULL, NULL);
}
