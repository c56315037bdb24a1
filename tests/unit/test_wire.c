#include "wire.h"

#include <string.h>

#include "cm.h"
#include "pb_put.h"

enum { FRAME_LIMIT_BYTES = 2 * WIRE_TO_AGENT_MAX_BYTES };

#define NOW_MS INT64_C(1795903207123)

static const uint8_t records[] = {3, 'a', 'b', 'c'};

/* One good message of each type. */
static const struct wire_msg samples[] = {
    {.type = WIRE_ENROL,
        .u.enrol = {.name = "eu-1", .pubkey = {1, 2, 3}, .build = "0.1.0"}},
    {.type = WIRE_ENROLLED},
    {.type = WIRE_REFUSED,
        .u.refused = {.code = REFUSED_EXPIRED, .text = "late"}},
    {.type = WIRE_HELLO,
        .u.hello = {.proto_min = 1,
            .proto_max = 1,
            .agent = "eu-1",
            .boot_id = {9, 8},
            .spool_id = {7},
            .oldest_seq = 5,
            .next_seq = 17,
            .build = "0.1.0",
            .cfg_version = 3,
            .wall_ms = NOW_MS,
            .boot_ms = 4711}},
    {.type = WIRE_WELCOME,
        .u.welcome = {.proto = 1,
            .session = UINT64_MAX,
            .acked_seq = 16,
            .acked_crc = 0xdeadbeef,
            .window_batches = 8,
            .max_batch_bytes = WIRE_BATCH_MAX_BYTES,
            .max_batch_records = WIRE_BATCH_MAX_RECORDS,
            .ping_ms = 10000,
            .wall_ms = NOW_MS,
            .cfg_version = 4}},
    {.type = WIRE_BATCH,
        .u.batch = {.session = 12,
            .first_seq = 17,
            .count = 1,
            .oldest_seq = 5,
            .next_seq = 18,
            .codec = WIRE_CODEC_ZSTD,
            .crc32c = 77,
            .sent_boot_ms = 5000,
            .records = {.data = records, .len = sizeof(records)}}},
    {.type = WIRE_ACK,
        .u.ack = {.session = 12, .acked_seq = 17, .retry_after_ms = 1500}},
    {.type = WIRE_NACK,
        .u.nack = {.session = 12,
            .first_seq = 17,
            .code = NACK_GAP,
            .expected_seq = 15,
            .text = "records 15 and 16 are missing"}},
    {.type = WIRE_PING,
        .u.ping = {.session = 12,
            .t0_boot_ms = 6000,
            .self_check = 2,
            .spool_records = 100,
            .spool_bytes = 4096,
            .skipped = 1,
            .lost = 2,
            .load_permille = 30}},
    {.type = WIRE_PONG,
        .u.pong = {.t0_boot_ms = 6000,
            .t1_wall_ms = NOW_MS,
            .t2_wall_ms = NOW_MS + 1,
            .acked_seq = 17}},
    {.type = WIRE_CONFIG, .u.config = {.cfg_version = 5}},
    {.type = WIRE_CONFIG_OK, .u.config_ok_version = 5},
    {.type = WIRE_CONFIG_BAD,
        .u.config_bad = {.cfg_version = 5, .reason = "no"}},
    {.type = WIRE_ROTATE},
    {.type = WIRE_NEWKEY, .u.newkey = {.session = 12, .pubkey = {0, 0, 1}}},
    {.type = WIRE_KEY_OK},
    {.type = WIRE_BYE, .u.bye_reason = "stopping"},
};

static void
fill(enum wire_type type, struct wire_msg *msg)
{
    memcpy(msg, &samples[type - WIRE_ENROL], sizeof(*msg));
    assert_int_equal(msg->type, type);
}

static void
encode(const struct wire_msg *msg, struct buf *out)
{
    struct err err;

    buf_init(out, WIRE_TO_AGENT_MAX_BYTES);
    assert_ok(wire_encode(msg, out, &err), err);
}

static void
every_message_comes_back_as_it_was(void **state)
{
    (void)state;
    for (int type = WIRE_ENROL; type <= WIRE_BYE; type++) {
        struct wire_msg msg;
        struct wire_msg again;
        struct buf frame;
        struct err err;

        fill((enum wire_type)type, &msg);
        encode(&msg, &frame);
        assert_ok(wire_decode(frame.data, frame.len, &again, &err), err);
        if (type == WIRE_BATCH) {
            assert_int_equal(again.u.batch.records.len, 4);
            assert_memory_equal(
                again.u.batch.records.data, msg.u.batch.records.data, 4);
            /* borrowed from the frame */
            assert_true(again.u.batch.records.data > frame.data);
            assert_true(again.u.batch.records.data < frame.data + frame.len);
            again.u.batch.records = msg.u.batch.records;
        }
        if (type == WIRE_CONFIG) /* the decoder tells the digest */
            memset(again.u.config.sha256, 0, sizeof(again.u.config.sha256));
        /* Both began as zeros, so that padding compares too. */
        /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
        if (memcmp(&msg, &again, sizeof(msg)) != 0)
            fail_msg("%s differs", wire_type_name(type));
        wire_msg_free(&again);
        buf_free(&frame);
    }
}

static void
names_are_those_of_the_protocol(void **state)
{
    (void)state;
    assert_string_equal(wire_type_name(WIRE_ENROL), "ENROL");
    assert_string_equal(wire_type_name(WIRE_BYE), "BYE");
    assert_string_equal(wire_type_name(0), "unknown");
    assert_string_equal(wire_type_name(WIRE_BYE + 1), "unknown");
    assert_string_equal(wire_nack_name(NACK_NO_SESSION), "NO_SESSION");
    assert_string_equal(wire_nack_name(NACK_REVOKED), "REVOKED");
    assert_string_equal(wire_nack_name(-1), "unknown");
    for (int i = WIRE_ENROL; i <= WIRE_BYE; i++)
        assert_string_not_equal(wire_type_name(i), "unknown");
}

/* A frame around a body that no encoder of ours would write. */
static void
wrap(enum wire_type type, const struct buf *body, struct buf *frame)
{
    buf_init(frame, FRAME_LIMIT_BYTES);
    pb_put_varint(frame, 1, 1);
    pb_put_varint(frame, 2, (uint64_t)type);
    pb_put_message(frame, 3, body);
}

/* The body of a good message of that type. */
static void
good_body(enum wire_type type, struct buf *body)
{
    struct wire_msg msg;
    struct buf frame;
    struct err err;
    size_t head;

    fill(type, &msg);
    encode(&msg, &frame);
    /* version, type, tag, and a length of one byte or two */
    assert_true(frame.len > 6 && frame.data[4] == 0x1a);
    head = frame.data[5] < 0x80 ? 6 : 7;
    buf_init(body, FRAME_LIMIT_BYTES);
    assert_ok(buf_append(body, frame.data + head, frame.len - head, &err), err);
    buf_free(&frame);
}

static void
expect_refusal(const struct buf *frame, enum err_code code, const char *words)
{
    struct wire_msg msg;
    struct err err;

    assert_int_equal(wire_decode(frame->data, frame->len, &msg, &err), -1);
    if (strstr(err.msg, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.msg, words);
    assert_int_equal(err.code, code);
    wire_msg_free(&msg); /* harmless, and nothing is owned */
}

/* Fields spoiled by one put behind them, and what is said then. */
static const struct {
    enum wire_type type;
    char kind; /* v varint, q fixed64, t so many x, e a text of one byte */
    uint32_t number;
    uint64_t value;
    const char *words;
} spoiled[] = {
    {WIRE_ENROL, 'e', 1, '/', "ENROL: name \"/\" is not a name"},
    {WIRE_ENROL, 'e', 1, 0, "name \"?\" is not a name"},
    {WIRE_ENROL, 't', 1, 65, "name of 65 bytes (at most 64)"},
    {WIRE_ENROL, 't', 2, 31, "pubkey of 31 bytes instead of 32"},
    {WIRE_ENROL, 't', 2, 33, "pubkey of 33 bytes instead of 32"},
    {WIRE_ENROL, 't', 3, 65, "build of 65 bytes"},
    {WIRE_REFUSED, 'v', 1, 0, "code 0 is out of range"},
    {WIRE_REFUSED, 'v', 1, 4, "code 4 is out of range"},
    {WIRE_REFUSED, 't', 2, 256, "text of 256 bytes"},
    {WIRE_HELLO, 'v', 1, 0, "proto_min 0"},
    {WIRE_HELLO, 'v', 1, 2, "proto_max 1 is out of range (2 to"},
    {WIRE_HELLO, 'v', 2, 1001, "proto_max 1001"},
    {WIRE_HELLO, 't', 3, 65, "agent of 65 bytes"},
    {WIRE_HELLO, 't', 4, 15, "boot_id of 15 bytes"},
    {WIRE_HELLO, 't', 5, 17, "spool_id of 17 bytes"},
    {WIRE_HELLO, 'v', 6, 0, "oldest_seq 0"},
    {WIRE_HELLO, 'v', 6, 18, "next_seq 17"},
    {WIRE_HELLO, 'v', 7, UINT64_MAX, "next_seq 18446744073709551615"},
    {WIRE_HELLO, 't', 8, 65, "build of 65 bytes"},
    {WIRE_HELLO, 'v', 10, UINT64_MAX, "wall_ms -1"},
    {WIRE_HELLO, 'v', 10, INT64_MAX, "wall_ms 9223372036854775807"},
    {WIRE_HELLO, 'v', 11, UINT64_MAX, "boot_ms -1"},
    {WIRE_WELCOME, 'v', 1, 2, "proto 2"},
    {WIRE_WELCOME, 'q', 2, 0, "session 0"},
    {WIRE_WELCOME, 'v', 3, INT64_MAX, "acked_seq"},
    {WIRE_WELCOME, 'v', 5, 4097, "window_batches 4097"},
    {WIRE_WELCOME, 'v', 6, 0, "max_batch_bytes 0"},
    {WIRE_WELCOME, 'v', 6, WIRE_BATCH_MAX_BYTES + 1, "max_batch_bytes"},
    {WIRE_WELCOME, 'v', 7, 0, "max_batch_records 0"},
    {WIRE_WELCOME, 'v', 7, 1001, "max_batch_records 1001"},
    {WIRE_WELCOME, 'v', 8, 99, "ping_ms 99"},
    {WIRE_WELCOME, 'v', 8, 3600001, "ping_ms 3600001"},
    {WIRE_WELCOME, 'v', 9, UINT64_MAX, "wall_ms -1"},
    {WIRE_BATCH, 'v', 2, 0, "first_seq 0"},
    {WIRE_BATCH, 'v', 2, INT64_MAX, "first_seq"},
    {WIRE_BATCH, 'v', 3, 0, "count 0"},
    {WIRE_BATCH, 'v', 3, 1001, "count 1001"},
    {WIRE_BATCH, 'v', 4, 0, "oldest_seq 0"},
    {WIRE_BATCH, 'v', 5, 0, "next_seq 0"},
    {WIRE_BATCH, 'v', 6, 2, "codec 2"},
    {WIRE_BATCH, 'v', 8, UINT64_MAX, "sent_boot_ms -1"},
    {WIRE_BATCH, 't', 15, 4, "field 15 is there twice"},
    {WIRE_BATCH, 'v', 15, 4, "field 15 is there twice"},
    {WIRE_ACK, 'v', 2, INT64_MAX, "acked_seq"},
    {WIRE_ACK, 'v', 3, 4097, "window_batches 4097"},
    {WIRE_ACK, 'v', 4, 86400001, "retry_after_ms 86400001"},
    {WIRE_NACK, 'v', 3, 0, "code 0"},
    {WIRE_NACK, 'v', 3, 10, "code 10"},
    {WIRE_NACK, 'v', 4, INT64_MAX, "expected_seq"},
    {WIRE_NACK, 't', 5, 256, "text of 256 bytes"},
    {WIRE_PING, 'v', 2, UINT64_MAX, "t0_boot_ms -1"},
    {WIRE_PING, 'v', 3, 3, "self_check 3"},
    {WIRE_PING, 'v', 8, 1001, "load_permille 1001"},
    {WIRE_PONG, 'v', 1, UINT64_MAX, "t0_boot_ms -1"},
    {WIRE_PONG, 'v', 2, UINT64_MAX, "t1_wall_ms -1"},
    {WIRE_PONG, 'v', 3, UINT64_MAX, "t2_wall_ms -1"},
    {WIRE_PONG, 'v', 4, INT64_MAX, "acked_seq"},
    {WIRE_CONFIG_BAD, 't', 2, 256, "reason of 256 bytes"},
    {WIRE_NEWKEY, 't', 2, 0, "pubkey of 0 bytes"},
    {WIRE_BYE, 't', 1, 256, "reason of 256 bytes"},
    {WIRE_BYE, 'v', 1, 256, "are not a Bye"},
};

static void
a_field_out_of_its_range_is_refused_with_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
        char byte = (char)spoiled[i].value;
        struct buf body;
        struct buf frame;
        bool too_long = spoiled[i].kind == 't' && spoiled[i].value > 64;

        good_body(spoiled[i].type, &body);
        if (spoiled[i].kind == 'v')
            pb_put_varint(&body, spoiled[i].number, spoiled[i].value);
        else if (spoiled[i].kind == 'q')
            pb_put_fixed64(&body, spoiled[i].number, spoiled[i].value);
        else if (spoiled[i].kind == 'e')
            pb_put_bytes(&body, spoiled[i].number, &byte, 1);
        else
            pb_put_long_text(
                &body, spoiled[i].number, (size_t)spoiled[i].value);
        wrap(spoiled[i].type, &body, &frame);
        expect_refusal(
            &frame, too_long ? ERR_LIMIT : ERR_PARSE, spoiled[i].words);
        buf_free(&frame);
        buf_free(&body);
    }
}

static const struct {
    const char *what;
    uint8_t bytes[24];
    size_t len;
    const char *words;
} malformed[] = {
    {"nothing", {0}, 0, "frame of version 0"},
    {"a zero", {0}, 1, "frame: malformed at byte 0 of 1"},
    {"text", {'G', 'E', 'T', ' ', '/'}, 5, "frame: malformed"},
    {"no version", {0x10, 0x01}, 2, "frame of version 0"},
    {"version 2", {0x08, 0x02, 0x10, 0x09}, 4,
        "frame of version 2, where 1 to 1 are understood"},
    {"no type", {0x08, 0x01}, 2, "unknown type 0"},
    {"type 18", {0x08, 0x01, 0x10, 18}, 4, "unknown type 18"},
    {"huge type", {0x08, 0x01, 0x10, 0xff, 0xff, 0xff, 0xff, 0x0f}, 8,
        "unknown type 4294967295"},
    {"no body", {0x08, 0x01, 0x10, WIRE_HELLO}, 4, "HELLO: agent \"\""},
    {"body cut short", {0x08, 0x01, 0x10, 0x11, 0x1a, 0x05, 0x0a}, 7,
        "frame: malformed at byte 4 of 7"},
    {"length without end", {0x08, 0x01, 0x10, 0x11, 0x1a, 0xff, 0xff}, 7,
        "frame: malformed at byte 4 of 7"},
    {"body as number", {0x08, 0x01, 0x10, 0x11, 0x18, 0x05}, 6,
        "field 3 has another type"},
    {"two bodies", {0x08, 0x01, 0x10, 0x11, 0x1a, 0x00, 0x1a, 0x00}, 8,
        "field 3 is there twice"},
    {"a group", {0x08, 0x01, 0x10, 0x11, 0x23, 0x24}, 6, "frame: malformed"},
    {"field zero", {0x08, 0x01, 0x10, 0x11, 0x00, 0x00}, 6, "Envelope"},
    {"varint of 11 bytes",
        {0x08, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01,
            0x10, 0x11},
        14, "frame: malformed at byte 0 of 14"},
    {"broken body", {0x08, 0x01, 0x10, WIRE_BYE, 0x1a, 0x02, 0x0a, 0x05}, 8,
        "BYE: 2 bytes are not a Bye"},
};

static void
a_malformed_frame_is_refused_with_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        struct buf frame;
        struct err err;

        buf_init(&frame, 64);
        assert_ok(
            buf_append(&frame, malformed[i].bytes, malformed[i].len, &err),
            err);
        expect_refusal(&frame, ERR_PARSE, malformed[i].words);
        buf_free(&frame);
    }
}

static void
every_prefix_of_a_frame_is_refused_or_a_message_with_less(void **state)
{
    (void)state;
    for (int type = WIRE_ENROL; type <= WIRE_BYE; type++) {
        struct wire_msg msg;
        struct buf frame;
        struct err err;

        fill((enum wire_type)type, &msg);
        encode(&msg, &frame);
        for (size_t len = 5; len < frame.len; len++)
            assert_int_equal(wire_decode(frame.data, len, &msg, &err), -1);
        buf_free(&frame);
    }
}

static void
unknown_fields_are_ignored(void **state)
{
    struct wire_msg msg;
    struct buf body;
    struct buf frame;
    struct err err;

    (void)state;
    good_body(WIRE_BATCH, &body);
    pb_put_varint(&body, 14, 99);
    pb_put_text(&body, 100, "from the future"); /* behind the records */
    wrap(WIRE_BATCH, &body, &frame);
    pb_put_text(&frame, 9, "also");
    assert_ok(wire_decode(frame.data, frame.len, &msg, &err), err);
    assert_int_equal(msg.u.batch.next_seq, 18);
    assert_int_equal(msg.u.batch.records.len, 4);
    wire_msg_free(&msg);
    buf_free(&frame);
    buf_free(&body);
}

static void
many_unknown_fields_meet_a_limit(void **state)
{
    struct buf body;
    struct buf frame;

    (void)state;
    good_body(WIRE_ACK, &body);
    for (int i = 0; i < 1000; i++)
        pb_put_varint(&body, 14, 1);
    wrap(WIRE_ACK, &body, &frame);
    expect_refusal(&frame, ERR_LIMIT, "holds too many fields");
    buf_free(&frame);
    buf_free(&body);
}

static void
a_message_larger_than_its_type_may_be_is_refused(void **state)
{
    static const struct {
        enum wire_type type;
        size_t len;
        const char *words;
    } table[] = {
        {WIRE_BYE, 5000, "BYE of 5007 bytes (at most 4096)"},
        {WIRE_PING, 5000, "PING of 5007 bytes (at most 4096)"},
        {WIRE_BATCH, WIRE_TO_COLLECTOR_MAX_BYTES, "BATCH of"},
        {WIRE_CONFIG, WIRE_TO_AGENT_MAX_BYTES, "frame of 1048"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct buf frame;

        buf_init(&frame, FRAME_LIMIT_BYTES);
        pb_put_varint(&frame, 1, 1);
        pb_put_varint(&frame, 2, (uint64_t)table[i].type);
        pb_put_long_text(&frame, 3, table[i].len);
        expect_refusal(&frame, ERR_LIMIT, table[i].words);
        buf_free(&frame);
    }
}

static void
records_past_the_limit_are_refused_both_ways(void **state)
{
    static uint8_t zeros[WIRE_TO_COLLECTOR_MAX_BYTES];
    struct wire_msg msg;
    struct buf frame;
    struct err err;

    (void)state;
    fill(WIRE_BATCH, &msg);
    msg.u.batch.codec = WIRE_CODEC_NONE;
    msg.u.batch.records =
        (struct bytes){.data = zeros, .len = WIRE_BATCH_MAX_BYTES};
    encode(&msg, &frame);
    assert_ok(wire_decode(frame.data, frame.len, &msg, &err), err);
    buf_free(&frame);

    msg.u.batch.records =
        (struct bytes){.data = zeros, .len = WIRE_BATCH_MAX_BYTES + 1};
    encode(&msg, &frame);
    expect_refusal(&frame, ERR_LIMIT, "BATCH: records of 262145 bytes");
    buf_clear(&frame);

    msg.u.batch.records = (struct bytes){.data = zeros, .len = sizeof(zeros)};
    assert_int_equal(wire_encode(&msg, &frame, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(frame.len, 0);
    buf_free(&frame);

    msg.u.batch.records = (struct bytes){.data = zeros, .len = 0};
    encode(&msg, &frame);
    expect_refusal(&frame, ERR_PARSE, "BATCH: no records");
    buf_free(&frame);
}

static void
texts_that_will_be_shown_are_made_harmless(void **state)
{
    struct wire_msg msg;
    struct buf body;
    struct buf frame;
    struct err err;

    (void)state;
    buf_init(&body, 256);
    pb_put_text(&body, 1, "a\033[2Jb\nc\xff\xc3\xa4");
    wrap(WIRE_BYE, &body, &frame);
    assert_ok(wire_decode(frame.data, frame.len, &msg, &err), err);
    assert_string_equal(msg.u.bye_reason, "a?[2Jb?c?\xc3\xa4");
    buf_free(&frame);
    buf_free(&body);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_comes_back_as_it_was),
        cmocka_unit_test(names_are_those_of_the_protocol),
        cmocka_unit_test(a_field_out_of_its_range_is_refused_with_its_name),
        cmocka_unit_test(a_malformed_frame_is_refused_with_a_reason),
        cmocka_unit_test(
            every_prefix_of_a_frame_is_refused_or_a_message_with_less),
        cmocka_unit_test(unknown_fields_are_ignored),
        cmocka_unit_test(many_unknown_fields_meet_a_limit),
        cmocka_unit_test(a_message_larger_than_its_type_may_be_is_refused),
        cmocka_unit_test(records_past_the_limit_are_refused_both_ways),
        cmocka_unit_test(texts_that_will_be_shown_are_made_harmless),
    };

    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
