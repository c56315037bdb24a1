#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "cm.h"

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_was),
        cmocka_unit_test(a_record_has_these_bytes),
    };

    return cmocka_run_group_tests_name("wire_record", tests, NULL, NULL);
}
