#include "wire.h"

#include <string.h>

#include "alloc_fail.h"
#include "cm.h"
#include "pb_put.h"

static struct measure
sample(void)
{
    struct measure measure;

    measure_init(&measure);
    measure.check_id = 0x01020304;
    measure.ts_unix_ms = INT64_C(1795903207123);
    measure.slot_unix_ms = INT64_C(1795903200000);
    measure.family = FAMILY_V4;
    measure.status = MEASURE_UP;
    measure.http_status = 200;
    measure.phase_us[PHASE_DNS] = 1200;
    measure.phase_us[PHASE_CONNECT] = 23000;
    measure.phase_us[PHASE_TLS] = 41000;
    measure.phase_us[PHASE_REQUEST] = 0;
    measure.phase_us[PHASE_WAIT] = 88000;
    measure.phase_us[PHASE_TRANSFER] = 1500;
    measure.phase_us[PHASE_TOTAL] = 154700;
    return measure;
}

static void
encode(const struct measure *measure, bool with_facts, struct buf *out)
{
    struct err err;

    buf_init(out, WIRE_RECORD_MAX_BYTES);
    assert_ok(wire_record_encode(measure, with_facts, out, &err), err);
}

static void
a_record_comes_back_as_it_was(void **state)
{
    struct measure measure = sample();
    struct measure again;
    struct buf bytes;
    struct err err;

    (void)state;
    measure.status = MEASURE_DOWN;
    measure.reason = REASON_AGENT_BROWSER;
    measure.failed_phase = PHASE_MAIL_DELAY;
    measure.attempt = MEASURE_ATTEMPT_MAX;
    measure.isolated = true;
    measure.lagged = true;
    for (int i = 0; i < PHASE_COUNT; i++)
        measure.phase_us[i] = PHASE_MAX_US - i;
    encode(&measure, false, &bytes);
    assert_ok(wire_record_decode(bytes.data, bytes.len, &again, &err), err);
    assert_true(measure_same(&measure, &again));
    assert_null(again.facts);
    buf_free(&bytes);
}

/* What was sent yesterday must be read tomorrow: never change these. */
static void
a_record_has_these_bytes(void **state)
{
    static const uint8_t golden[] = {0x0d, 0x04, 0x03, 0x02, 0x01, 0x10, 0xd3,
        0xed, 0xb0, 0xa1, 0xa2, 0x34, 0x18, 0xd3, 0x37, 0x28, 0x04, 0x30, 0xb1,
        0x09, 0x38, 0xd9, 0xb3, 0x01, 0x40, 0xa9, 0xc0, 0x02, 0x48, 0x01, 0x50,
        0xc1, 0xaf, 0x05, 0x58, 0xdd, 0x0b, 0x60, 0xcd, 0xb8, 0x09, 0x68, 0xc8,
        0x01};
    struct measure measure = sample();
    struct buf bytes;

    (void)state;
    encode(&measure, false, &bytes);
    assert_int_equal(bytes.len, sizeof(golden));
    assert_memory_equal(bytes.data, golden, sizeof(golden));
    buf_free(&bytes);
}

static void
phases_not_reached_take_no_room(void **state)
{
    struct measure measure = sample();
    struct measure again;
    struct buf bytes;
    struct err err;

    (void)state;
    for (int i = 0; i < PHASE_COUNT; i++)
        measure.phase_us[i] = PHASE_NOT_REACHED;
    encode(&measure, false, &bytes);
    assert_true(bytes.len <= 20);
    assert_ok(wire_record_decode(bytes.data, bytes.len, &again, &err), err);
    assert_true(measure_same(&measure, &again));
    buf_free(&bytes);
}

static void
a_record_without_facts_is_decoded_without_malloc(void **state)
{
    struct measure measure = sample();
    struct measure again;
    struct buf bytes;
    struct err err;
    long before;

    (void)state;
    encode(&measure, false, &bytes);
    assert_true(alloc_fail_count() > 0); /* the buf's: counting works */
    before = alloc_fail_count();
    assert_ok(wire_record_decode(bytes.data, bytes.len, &again, &err), err);
    assert_int_equal(alloc_fail_count(), before);
    buf_free(&bytes);
}

static void
a_measure_out_of_its_ranges_is_not_encoded(void **state)
{
    struct measure good = sample();
    struct measure bad[] = {
        good, good, good, good, good, good, good, good, good, good, good, good};
    static const char *const words[] = {"ts_unix_ms", "ts_unix_ms",
        "slot_unix_ms", "since slot", "since slot", "attempt 16", "status 4",
        "reason", "failed_phase 12", "http_status -1", "family 5",
        "phase total of 1000000001 us"};
    struct buf bytes;
    struct err err;

    (void)state;
    bad[0].ts_unix_ms = INT64_C(1577836799999);
    bad[1].ts_unix_ms = INT64_C(4102444800000);
    bad[2].slot_unix_ms = 0;
    bad[3].slot_unix_ms = bad[3].ts_unix_ms + 1;
    bad[4].slot_unix_ms =
        bad[4].ts_unix_ms - INT64_C(2) * CHECK_INTERVAL_MAX_MS - 1;
    bad[5].attempt = MEASURE_ATTEMPT_MAX + 1;
    bad[6].status = MEASURE_STATUS_COUNT;
    bad[7].reason = REASON_COUNT;
    bad[8].failed_phase = PHASE_COUNT;
    bad[9].http_status = -1;
    bad[10].family = 5;
    bad[11].phase_us[PHASE_TOTAL] = PHASE_MAX_US + 1;
    buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(wire_record_encode(&bad[i], false, &bytes, &err), -1);
        assert_int_equal(err.code, ERR_PARSE);
        if (strstr(err.msg, words[i]) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.msg, words[i]);
        assert_int_equal(bytes.len, 0);
    }
    buf_free(&bytes);
}

/* A field put behind a good record, and what is said of it. */
static const struct {
    uint32_t number;
    uint64_t value;
    const char *words;
} spoiled[] = {
    {2, 0, "record: ts_unix_ms 0 is out of range"},
    {2, UINT64_MAX, "ts_unix_ms 18446744073709551615"},
    {2, UINT64_C(4102444800000), "ts_unix_ms 4102444800000"},
    {3, 172800001, "time since slot_unix_ms 172800001"},
    {4, MEASURE_STATUS_COUNT, "status 4"},
    {4, 256, "status 256"}, /* would be 0 in a uint8_t */
    {5, 5, "family 5 is not 0, 4 or 6"},
    {5, 260, "family 260"}, /* 4 in a uint8_t */
    {6, UINT64_C(1000000002), "phase dns of 1000000001 us"},
    {23, UINT32_MAX, "phase mail_delay of 4294967294 us"},
    {13, 1000, "http_status 1000"},
    {14, REASON_COUNT, "reason"},
    {14, UINT32_MAX, "reason 4294967295"},
    {15, PHASE_COUNT + 1, "failed_phase"},
    {15, 257, "failed_phase"},
    {16, 16, "attempt 16"},
    {16, 256, "attempt 256"},
    {32, 1, "field 32 has another type"},
};

static void
a_field_out_of_its_range_is_refused_with_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
        struct measure measure = sample();
        struct buf bytes;
        struct err err;

        encode(&measure, false, &bytes);
        pb_put_varint(&bytes, spoiled[i].number, spoiled[i].value);
        assert_int_equal(
            wire_record_decode(bytes.data, bytes.len, &measure, &err), -1);
        assert_int_equal(err.code, ERR_PARSE);
        if (strstr(err.msg, spoiled[i].words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.msg, spoiled[i].words);
        assert_null(measure.facts);
        buf_free(&bytes);
    }
}

static void
garbage_and_size_are_refused(void **state)
{
    static uint8_t bytes[WIRE_RECORD_MAX_BYTES + 1];
    struct measure measure;
    struct buf many;
    struct err err;

    (void)state;
    assert_int_equal(wire_record_decode(bytes, 0, &measure, &err), -1);
    assert_int_equal(err.code, ERR_PARSE); /* no time */
    assert_int_equal(wire_record_decode(bytes, 1, &measure, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
    assert_int_equal(
        wire_record_decode(bytes, sizeof(bytes), &measure, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);

    buf_init(&many, WIRE_RECORD_MAX_BYTES);
    for (int i = 0; i < 2000; i++)
        pb_put_varint(&many, 99, 1);
    assert_int_equal(
        wire_record_decode(many.data, many.len, &measure, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    buf_free(&many);
}

static void
a_batch_gives_its_records_back_one_by_one(void **state)
{
    static const uint8_t large[300] = {7};
    struct buf records;
    struct bytes left;
    struct bytes record;
    struct err err;

    (void)state;
    buf_init(&records, 310);
    assert_ok(wire_batch_put(&records,
                  (struct bytes){.data = large, .len = sizeof(large)}, &err),
        err);
    assert_ok(
        wire_batch_put(&records, (struct bytes){.data = large, .len = 1}, &err),
        err);
    assert_int_equal(records.len, 304);
    left = buf_bytes(&records);
    assert_int_equal(wire_batch_next(&left, &record, &err), 1);
    assert_int_equal(record.len, sizeof(large));
    assert_memory_equal(record.data, large, sizeof(large));
    assert_int_equal(wire_batch_next(&left, &record, &err), 1);
    assert_int_equal(record.len, 1);
    assert_int_equal(wire_batch_next(&left, &record, &err), 0);

    /* What does not fit leaves no prefix behind. */
    assert_int_equal(
        wire_batch_put(&records, (struct bytes){.data = large, .len = 6}, &err),
        -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(records.len, 304);
    assert_int_equal(
        wire_batch_put(&records, (struct bytes){.data = large}, &err), -1);
    buf_free(&records);
}

static void
a_malformed_batch_is_noticed(void **state)
{
    static const struct {
        uint8_t bytes[12];
        size_t len;
        enum err_code code;
    } table[] = {
        {{0}, 1, ERR_PARSE},               /* an empty record */
        {{2, 'x'}, 2, ERR_PARSE},          /* cut short */
        {{0x80}, 1, ERR_PARSE},            /* length without end */
        {{0x81, 0x00, 'x'}, 3, ERR_PARSE}, /* longer than need be */
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 10,
            ERR_PARSE},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 10,
            ERR_PARSE},
    };
    static uint8_t huge[3 + WIRE_RECORD_MAX_BYTES + 1];
    struct bytes left;
    struct bytes record;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        left = (struct bytes){.data = table[i].bytes, .len = table[i].len};
        assert_int_equal(wire_batch_next(&left, &record, &err), -1);
        assert_int_equal(err.code, table[i].code);
    }
    huge[0] = 0x81; /* 49153 */
    huge[1] = 0x80;
    huge[2] = 0x03;
    left = (struct bytes){.data = huge, .len = sizeof(huge)};
    assert_int_equal(wire_batch_next(&left, &record, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_was),
        cmocka_unit_test(a_record_has_these_bytes),
        cmocka_unit_test(phases_not_reached_take_no_room),
        cmocka_unit_test(a_record_without_facts_is_decoded_without_malloc),
        cmocka_unit_test(a_measure_out_of_its_ranges_is_not_encoded),
        cmocka_unit_test(a_field_out_of_its_range_is_refused_with_its_name),
        cmocka_unit_test(garbage_and_size_are_refused),
        cmocka_unit_test(a_batch_gives_its_records_back_one_by_one),
        cmocka_unit_test(a_malformed_batch_is_noticed),
    };

    return cmocka_run_group_tests_name("wire_record", tests, NULL, NULL);
}
