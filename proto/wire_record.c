#include "wire.h"

#include "wire_facts.h"
#include "wire_part.h"
#include "wire_phase.h"

enum {
    RESULT_FACTS = 32,    /* number of that field */
    CORE_MAX_BYTES = 256, /* of a record without its facts */
    SINCE_SLOT_MAX_MS = 2 * CHECK_INTERVAL_MAX_MS
};

static const struct wire_phases result_phases =
    WIRE_PHASES_OF(Leadline__Result);

static int
check_ranges(const struct measure *measure, struct err *err)
{
    if (wire_part_range(measure->ts_unix_ms, MEASURE_MIN_UNIX_MS,
            MEASURE_END_UNIX_MS - 1, "ts_unix_ms", err) != 0 ||
        wire_part_range(measure->slot_unix_ms, MEASURE_MIN_UNIX_MS,
            MEASURE_END_UNIX_MS - 1, "slot_unix_ms", err) != 0 ||
        wire_part_range(measure->ts_unix_ms - measure->slot_unix_ms, 0,
            SINCE_SLOT_MAX_MS, "time since slot_unix_ms", err) != 0 ||
        wire_part_range(
            measure->attempt, 0, MEASURE_ATTEMPT_MAX, "attempt", err) != 0 ||
        wire_part_range(
            measure->status, 0, MEASURE_STATUS_COUNT - 1, "status", err) != 0 ||
        wire_part_range((int64_t)measure->reason, 0, REASON_COUNT - 1, "reason",
            err) != 0 ||
        wire_part_range(measure->failed_phase, -1, PHASE_COUNT - 1,
            "failed_phase", err) != 0 ||
        wire_part_range(measure->http_status, 0, WIRE_HTTP_STATUS_MAX,
            "http_status", err) != 0)
        return -1;
    if (measure->family != FAMILY_NONE && measure->family != FAMILY_V4 &&
        measure->family != FAMILY_V6)
        return err_set(
            err, ERR_PARSE, "family %d is not 0, 4 or 6", measure->family);
    return wire_phases_check(measure->phase_us, err);
}

static void
put_core(const struct measure *measure, Leadline__Result *pb)
{
    leadline__result__init(pb);
    pb->check_id = measure->check_id;
    pb->ts_unix_ms = (uint64_t)measure->ts_unix_ms;
    pb->since_slot_ms = (uint32_t)(measure->ts_unix_ms - measure->slot_unix_ms);
    pb->status = measure->status;
    pb->family = measure->family;
    pb->http_status = (uint32_t)measure->http_status;
    pb->reason = (uint32_t)measure->reason;
    pb->failed_phase = (uint32_t)(measure->failed_phase + 1);
    pb->attempt = measure->attempt;
    pb->isolated = measure->isolated;
    pb->lagged = measure->lagged;
    wire_phases_put(&result_phases, measure->phase_us, pb);
}

int
wire_record_encode(const struct measure *measure, bool with_facts,
    struct buf *out, struct err *err)
{
    Leadline__Result pb;
    struct wire_arena arena;
    int rc = -1;

    if (check_ranges(measure, err) != 0)
        return err_wrap(err, "record");
    put_core(measure, &pb);
    wire_arena_init(&arena, WIRE_FACTS_HEAP_BYTES);
    if (with_facts && measure->facts != NULL) {
        pb.facts = wire_facts_build(measure->facts,
            WIRE_RECORD_MAX_BYTES - CORE_MAX_BYTES, &arena, err);
        if (pb.facts == NULL)
            goto out;
    }
    rc = wire_part_pack(&pb.base, out, err);

out:
    wire_arena_free(&arena);
    return rc == 0 ? 0 : err_wrap(err, "record");
}

/* The fields that are narrower in a measure than on the wire. */
static int
check_narrow(const Leadline__Result *pb, struct err *err)
{
    if (wire_part_range_u64(pb->ts_unix_ms, MEASURE_MIN_UNIX_MS,
            MEASURE_END_UNIX_MS - 1, "ts_unix_ms", err) != 0 ||
        wire_part_range(pb->attempt, 0, MEASURE_ATTEMPT_MAX, "attempt", err) !=
            0 ||
        wire_part_range(
            pb->status, 0, MEASURE_STATUS_COUNT - 1, "status", err) != 0 ||
        wire_part_range(pb->family, 0, FAMILY_V6, "family", err) != 0 ||
        wire_part_range(pb->reason, 0, REASON_COUNT - 1, "reason", err) != 0 ||
        wire_part_range(
            pb->http_status, 0, WIRE_HTTP_STATUS_MAX, "http_status", err) != 0)
        return -1;
    return wire_part_range(
        pb->failed_phase, 0, PHASE_COUNT, "failed_phase, plus one,", err);
}

static int
take_core(const Leadline__Result *pb, struct measure *measure, struct err *err)
{
    if (check_narrow(pb, err) != 0 ||
        wire_phases_take(&result_phases, pb, measure->phase_us, err) != 0)
        return -1;
    measure->check_id = pb->check_id;
    measure->ts_unix_ms = (int64_t)pb->ts_unix_ms;
    measure->slot_unix_ms = measure->ts_unix_ms - (int64_t)pb->since_slot_ms;
    measure->attempt = (uint8_t)pb->attempt;
    measure->family = (uint8_t)pb->family;
    measure->status = (uint8_t)pb->status;
    measure->isolated = pb->isolated != 0;
    measure->lagged = pb->lagged != 0;
    measure->reason = (enum measure_reason)pb->reason;
    measure->failed_phase = (int8_t)((int)pb->failed_phase - 1);
    measure->http_status = (int32_t)pb->http_status;
    return check_ranges(measure, err);
}

/* All but the facts; takes nothing from the heap. */
static int
decode_core(struct bytes encoded, struct measure *measure, struct bytes *facts,
    struct err *err)
{
    const Leadline__Result *pb;
    struct wire_arena arena;
    struct wire_cut cut;
    struct bytes rest;

    wire_arena_init(&arena, 0);
    if (wire_part_cut(encoded, RESULT_FACTS, &cut, err) != 0 ||
        wire_part_rest(&cut, &arena, &rest, err) != 0)
        return -1;
    pb = wire_part_unpack(&leadline__result__descriptor, rest, &arena, err);
    if (pb == NULL)
        return -1;
    *facts = cut.field;
    return take_core(pb, measure, err);
}

int
wire_record_decode(
    const uint8_t *bytes, size_t len, struct measure *measure, struct err *err)
{
    struct bytes facts = {0};

    measure_init(measure);
    if (len > WIRE_RECORD_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "record of %zu bytes (at most %d)", len,
            (int)WIRE_RECORD_MAX_BYTES);
    if (decode_core((struct bytes){.data = bytes, .len = len}, measure, &facts,
            err) != 0)
        return err_wrap(err, "record");
    if (facts.data == NULL)
        return 0;
    measure->facts = wire_facts_decode(facts.data, facts.len, err);
    return measure->facts != NULL ? 0 : err_wrap(err, "record");
}

int
wire_batch_put(struct buf *records, struct bytes record, struct err *err)
{
    size_t before = records->len;
    uint8_t prefix[10];

    if (record.len == 0 || record.len > WIRE_RECORD_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "record of %zu bytes (1 to %d)",
            record.len, (int)WIRE_RECORD_MAX_BYTES);
    if (buf_append(records, prefix, wire_part_put_varint(record.len, prefix),
            err) != 0)
        return -1;
    if (buf_append(records, record.data, record.len, err) != 0) {
        records->len = before;
        return -1;
    }
    return 0;
}

int
wire_batch_next(struct bytes *left, struct bytes *record, struct err *err)
{
    uint64_t len;

    if (left->len == 0)
        return 0;
    if (wire_part_take_varint(left, &len) != 0 || len == 0 || len > left->len)
        return err_set(err, ERR_PARSE,
            "batch: no whole record in its last %zu bytes", left->len);
    if (len > WIRE_RECORD_MAX_BYTES)
        return err_set(err, ERR_LIMIT,
            "batch: record of %zu bytes (at most %d)", (size_t)len,
            (int)WIRE_RECORD_MAX_BYTES);
    *record = (struct bytes){.data = left->data, .len = (size_t)len};
    left->data += len;
    left->len -= (size_t)len;
    return 1;
}
