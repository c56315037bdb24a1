#include "raw_chunk.h"

#include <assert.h>
#include <string.h>

#include "varint.h"

/* A result at its longest: flags, times, phases and the rest. */
enum { RESULT_MAX_BYTES = 160 };

static uint16_t
phases_of(const struct measure *m)
{
    unsigned bits = 0;

    for (int p = 0; p < PHASE_COUNT; p++)
        bits |= (unsigned)(m->phase_us[p] != PHASE_NOT_REACHED) << p;
    return (uint16_t)bits;
}

static unsigned
flags_of(
    const struct raw_foretold *f, const struct raw_result *r, uint16_t phases)
{
    const struct measure *m = &r->measure;
    int64_t slot_ms = f->slot_unix_ms + f->slot_step_ms;
    unsigned flags = 0;

    if (m->slot_unix_ms != slot_ms || m->ts_unix_ms != slot_ms + f->offset_ms)
        flags |= RAW_HAS_TIME;
    if (m->attempt != 0 || m->family != f->family)
        flags |= RAW_HAS_LEG;
    if (m->status != MEASURE_UP || m->isolated || m->lagged ||
        m->reason != REASON_NONE || m->failed_phase != -1)
        flags |= RAW_HAS_VERDICT;
    if (r->seq != f->seq + f->seq_step)
        flags |= RAW_HAS_SEQ;
    if (phases != f->phases)
        flags |= RAW_HAS_PHASES;
    if (m->http_status != f->http_status)
        flags |= RAW_HAS_HTTP;
    if (r->spool != f->spool)
        flags |= RAW_HAS_SPOOL;
    return flags;
}

/* ---- writing ---- */

static uint8_t *
put_verdict(uint8_t *at, const struct measure *m)
{
    unsigned byte = m->status;

    byte |= m->isolated ? RAW_IS_ISOLATED : 0;
    byte |= m->lagged ? RAW_IS_LAGGED : 0;
    byte |= m->reason != REASON_NONE ? RAW_HAS_REASON : 0;
    byte |= m->failed_phase != -1 ? RAW_HAS_FAILED_PHASE : 0;
    *at++ = (uint8_t)byte;
    if ((byte & RAW_HAS_REASON) != 0)
        at = varint_put(at, m->reason);
    if ((byte & RAW_HAS_FAILED_PHASE) != 0)
        *at++ = (uint8_t)m->failed_phase;
    return at;
}

/* The total is what its parts sum up to, or a little more: it follows them. */
static uint8_t *
put_phases(uint8_t *at, const struct measure *m)
{
    int64_t sum_us = 0;

    for (int p = 0; p < PHASE_COUNT; p++) {
        int64_t us = m->phase_us[p];

        if (us == PHASE_NOT_REACHED)
            continue;
        if (p == PHASE_TOTAL) {
            at = varint_put(at, zigzag(us - sum_us));
        } else {
            at = varint_put(at, (uint64_t)us);
            sum_us += us;
        }
    }
    return at;
}

static uint8_t *
put_result(uint8_t *at, const struct raw_foretold *f,
    const struct raw_result *r, uint16_t phases)
{
    const struct measure *m = &r->measure;
    unsigned flags = flags_of(f, r, phases);

    *at++ = (uint8_t)flags;
    if ((flags & RAW_HAS_TIME) != 0) {
        at = varint_put(at, zigzag(m->slot_unix_ms - f->slot_unix_ms));
        at = varint_put(at, zigzag(m->ts_unix_ms - m->slot_unix_ms));
    }
    if ((flags & RAW_HAS_LEG) != 0)
        *at++ = (uint8_t)(m->attempt << 3 | m->family);
    if ((flags & RAW_HAS_VERDICT) != 0)
        at = put_verdict(at, m);
    if ((flags & RAW_HAS_SEQ) != 0)
        at = varint_put(at, zigzag((int64_t)(r->seq - f->seq - f->seq_step)));
    if ((flags & RAW_HAS_PHASES) != 0)
        at = varint_put(at, phases);
    if ((flags & RAW_HAS_HTTP) != 0)
        at = varint_put(at, (uint32_t)m->http_status);
    if ((flags & RAW_HAS_SPOOL) != 0)
        at = varint_put(at, r->spool);
    return put_phases(at, m);
}

void
raw_chunk_init(struct raw_chunk *chunk, int64_t bucket_unix_ms)
{
    chunk->bucket_unix_ms = bucket_unix_ms;
    chunk->foretold = raw_head_begin(bucket_unix_ms);
    chunk->body_len = 0;
}

static int
unreadable(struct bytes value, struct err *err)
{
    return err_set(err, ERR_STATE,
        "chunk of %zu bytes cannot be read: not written by this version, or "
        "damaged",
        value.len);
}

int
raw_chunk_resume(struct raw_chunk *chunk, int64_t bucket_unix_ms,
    struct bytes value, struct err *err)
{
    struct row_in in = row_in(value);

    if (value.len > RAW_CHUNK_MAX_BYTES)
        return unreadable(value, err);
    raw_head_decode(&in, bucket_unix_ms, &chunk->foretold);
    if (in.failed)
        return unreadable(value, err);
    chunk->bucket_unix_ms = bucket_unix_ms;
    chunk->body_len = (size_t)(in.end - in.at);
    memcpy(chunk->bytes + RAW_HEAD_MAX_BYTES, in.at, chunk->body_len);
    return 0;
}

bool
raw_chunk_is_behind(
    const struct raw_chunk *chunk, const struct measure *measure)
{
    const struct raw_foretold *f = &chunk->foretold;

    return f->count == 0 ||
           raw_order_to(measure, f->ts_unix_ms, f->attempt, f->family) > 0;
}

bool
raw_chunk_append(struct raw_chunk *chunk, const struct raw_result *result)
{
    uint8_t bytes[RESULT_MAX_BYTES];
    uint8_t head[RAW_HEAD_MAX_BYTES];
    struct raw_foretold after = chunk->foretold;
    uint16_t phases = phases_of(&result->measure);
    size_t len =
        (size_t)(put_result(bytes, &chunk->foretold, result, phases) - bytes);

    assert(raw_chunk_is_behind(chunk, &result->measure));
    raw_head_learn(&after, result, phases);
    if (chunk->body_len + len + RAW_HEAD_MAX_BYTES > RAW_CHUNK_MAX_BYTES &&
        raw_head_encode(&after, chunk->bucket_unix_ms, head) + chunk->body_len +
                len >
            RAW_CHUNK_MAX_BYTES)
        return false;
    memcpy(chunk->bytes + RAW_HEAD_MAX_BYTES + chunk->body_len, bytes, len);
    chunk->body_len += len;
    chunk->foretold = after;
    return true;
}

struct bytes
raw_chunk_bytes(struct raw_chunk *chunk)
{
    uint8_t head[RAW_HEAD_MAX_BYTES];
    size_t len = raw_head_encode(&chunk->foretold, chunk->bucket_unix_ms, head);
    uint8_t *start = chunk->bytes + RAW_HEAD_MAX_BYTES - len;

    memcpy(start, head, len);
    return (struct bytes){.data = start, .len = len + chunk->body_len};
}
