#include "raw_head.h"

#include <assert.h>

#include "varint.h"

enum { RAW_CHUNK_VERSION = 1, RESULTS_MAX = RAW_BUCKET_MS };

struct raw_foretold
raw_head_begin(int64_t bucket_unix_ms)
{
    return (struct raw_foretold){
        .slot_unix_ms = bucket_unix_ms, .ts_unix_ms = INT64_MIN, .seq_step = 1};
}

void
raw_head_learn(
    struct raw_foretold *head, const struct raw_result *result, uint16_t phases)
{
    const struct measure *m = &result->measure;

    if (m->attempt == 0) {
        if (m->slot_unix_ms != head->slot_unix_ms)
            head->slot_step_ms = m->slot_unix_ms - head->slot_unix_ms;
        head->offset_ms = m->ts_unix_ms - m->slot_unix_ms;
    }
    head->slot_unix_ms = m->slot_unix_ms;
    head->ts_unix_ms = m->ts_unix_ms;
    head->attempt = m->attempt;
    head->family = m->family;
    head->seq_step = result->seq - head->seq;
    head->seq = result->seq;
    head->spool = result->spool;
    head->http_status = m->http_status;
    head->phases = phases;
    head->count++;
}

size_t
raw_head_encode(const struct raw_foretold *head, int64_t bucket_unix_ms,
    uint8_t out[RAW_HEAD_MAX_BYTES])
{
    uint8_t *at = out;

    *at++ = RAW_CHUNK_VERSION;
    at = varint_put(at, head->count);
    at = varint_put(at, zigzag(head->slot_unix_ms - bucket_unix_ms));
    at = varint_put(at, zigzag(head->ts_unix_ms - head->slot_unix_ms));
    at = varint_put(at, zigzag(head->slot_step_ms));
    at = varint_put(at, zigzag(head->offset_ms));
    at = varint_put(at, head->seq);
    at = varint_put(at, zigzag((int64_t)head->seq_step));
    at = varint_put(at, head->spool);
    at = varint_put(at, (uint32_t)head->http_status);
    at = varint_put(at, head->phases);
    *at++ = (uint8_t)(head->attempt << 3 | head->family);
    assert(at - out <= RAW_HEAD_MAX_BYTES);
    return (size_t)(at - out);
}

/* A sum that cannot overflow: what is out of range is refused later. */
static int64_t
near(int64_t base, int64_t delta, struct row_in *in)
{
    if (delta > INT64_C(1) << 50 || delta < -(INT64_C(1) << 50))
        in->failed = true;
    return in->failed ? base : base + delta;
}

void
raw_head_decode(
    struct row_in *in, int64_t bucket_unix_ms, struct raw_foretold *head)
{
    uint8_t leg;

    *head = (struct raw_foretold){0};
    if (row_take_uint(in, UINT8_MAX) != RAW_CHUNK_VERSION)
        in->failed = true;
    head->count = (uint32_t)row_take_uint(in, RESULTS_MAX);
    head->slot_unix_ms = near(bucket_unix_ms, row_take_int(in), in);
    head->ts_unix_ms = near(head->slot_unix_ms, row_take_int(in), in);
    head->slot_step_ms = near(0, row_take_int(in), in);
    head->offset_ms = near(0, row_take_int(in), in);
    head->seq = row_take_uint(in, UINT64_MAX);
    head->seq_step = (uint64_t)row_take_int(in);
    head->spool = (uint32_t)row_take_uint(in, UINT32_MAX);
    head->http_status = (int32_t)row_take_uint(in, INT32_MAX);
    head->phases = (uint16_t)row_take_uint(in, (1U << PHASE_COUNT) - 1);
    row_take_bytes(in, &leg, 1);
    head->attempt = (uint8_t)(leg >> 3);
    head->family = leg & 7;
    if (head->count == 0)
        in->failed = true;
}
