#include "raw_reader.h"

#include "raw_seal.h"
#include "varint.h"

/* Far from both ends of an int64_t, and past any time that is stored. */
static const int64_t far_ms = INT64_C(1) << 50;

static int64_t
take_small_int(struct row_in *in)
{
    int64_t value = row_take_int(in);

    if (value > far_ms || value < -far_ms)
        in->failed = true;
    return in->failed ? 0 : value;
}

static void
take_time(struct raw_reader *reader, unsigned flags, struct measure *m)
{
    const struct raw_foretold *f = &reader->foretold;

    if ((flags & RAW_HAS_TIME) != 0) {
        m->slot_unix_ms = f->slot_unix_ms + take_small_int(&reader->in);
        m->ts_unix_ms = m->slot_unix_ms + take_small_int(&reader->in);
        return;
    }
    m->slot_unix_ms = f->slot_unix_ms + f->slot_step_ms;
    m->ts_unix_ms = m->slot_unix_ms + f->offset_ms;
}

static void
take_leg(struct raw_reader *reader, unsigned flags, struct measure *m)
{
    uint8_t leg;

    m->family = reader->foretold.family;
    if ((flags & RAW_HAS_LEG) == 0)
        return;
    row_take_bytes(&reader->in, &leg, 1);
    m->attempt = (uint8_t)(leg >> 3);
    m->family = leg & 7;
}

static void
take_verdict(struct row_in *in, struct measure *m)
{
    uint8_t byte;
    uint8_t phase;

    row_take_bytes(in, &byte, 1);
    if (byte > RAW_VERDICT_FLAGS_ALL)
        in->failed = true;
    m->status = byte & 3;
    m->isolated = (byte & RAW_IS_ISOLATED) != 0;
    m->lagged = (byte & RAW_IS_LAGGED) != 0;
    if ((byte & RAW_HAS_REASON) != 0)
        m->reason = (enum measure_reason)row_take_uint(in, REASON_COUNT - 1);
    if ((byte & RAW_HAS_FAILED_PHASE) != 0) {
        row_take_bytes(in, &phase, 1);
        if (phase >= PHASE_COUNT)
            in->failed = true;
        m->failed_phase = in->failed ? -1 : (int8_t)phase;
    }
}

static void
take_phases(struct row_in *in, uint16_t phases, struct measure *m)
{
    int64_t sum_us = 0;

    for (int p = 0; p < PHASE_COUNT; p++) {
        if ((phases & 1U << p) == 0)
            continue;
        if (p == PHASE_TOTAL) {
            m->phase_us[p] = sum_us + take_small_int(in);
        } else {
            m->phase_us[p] = (int64_t)row_take_uint(in, PHASE_MAX_US);
            sum_us += m->phase_us[p];
        }
    }
}

static void
take_result(
    struct raw_reader *reader, struct raw_result *result, uint16_t *phases)
{
    const struct raw_foretold *f = &reader->foretold;
    struct row_in *in = &reader->in;
    struct measure *m = &result->measure;
    uint8_t flags;

    row_take_bytes(in, &flags, 1);
    if (flags > RAW_FLAGS_ALL)
        in->failed = true;
    take_time(reader, flags, m);
    take_leg(reader, flags, m);
    if ((flags & RAW_HAS_VERDICT) != 0)
        take_verdict(in, m);
    result->seq = f->seq + f->seq_step;
    if ((flags & RAW_HAS_SEQ) != 0)
        result->seq += (uint64_t)row_take_int(in);
    *phases = f->phases;
    if ((flags & RAW_HAS_PHASES) != 0)
        *phases = (uint16_t)row_take_uint(in, (1U << PHASE_COUNT) - 1);
    m->http_status = f->http_status;
    if ((flags & RAW_HAS_HTTP) != 0)
        m->http_status = (int32_t)row_take_uint(in, INT32_MAX);
    result->spool = f->spool;
    if ((flags & RAW_HAS_SPOOL) != 0)
        result->spool = (uint32_t)row_take_uint(in, UINT32_MAX);
    take_phases(in, *phases, m);
}

static int
damaged(const struct raw_reader *reader, struct err *err)
{
    return err_set(err, ERR_STATE,
        "chunk of check %08x, agent %u cannot be read behind %u results",
        reader->key.check, reader->key.agent, reader->foretold.count);
}

int
raw_reader_open(struct raw_reader *reader, const struct raw_key *key,
    struct bytes value, struct err *err)
{
    struct bytes open;

    /* Not as a whole: the room is large, and written to where needed. */
    reader->key = *key;
    reader->bucket_unix_ms = (int64_t)key->bucket_s * 1000;
    reader->foretold = (struct raw_foretold){0};
    if (raw_unseal(key, value, reader->room, &open, err) != 0)
        return -1;
    reader->in = row_in(open);
    reader->foretold = raw_head_begin(reader->bucket_unix_ms);
    raw_head_decode(&reader->in, reader->bucket_unix_ms, &reader->last);
    if (reader->in.failed || open.len > RAW_CHUNK_MAX_BYTES)
        return damaged(reader, err);
    return 0;
}

static bool
same_foretold(const struct raw_foretold *a, const struct raw_foretold *b)
{
    return a->count == b->count && a->ts_unix_ms == b->ts_unix_ms &&
           a->slot_unix_ms == b->slot_unix_ms &&
           a->slot_step_ms == b->slot_step_ms && a->offset_ms == b->offset_ms &&
           a->seq == b->seq && a->seq_step == b->seq_step &&
           a->spool == b->spool && a->http_status == b->http_status &&
           a->phases == b->phases && a->attempt == b->attempt &&
           a->family == b->family;
}

/* It is in range, in its place, and behind the one before. */
static bool
fits(const struct raw_reader *reader, const struct raw_result *result)
{
    const struct raw_foretold *f = &reader->foretold;
    const struct measure *m = &result->measure;
    int64_t into_ms = m->slot_unix_ms - reader->bucket_unix_ms;

    return raw_is_storable(result) && into_ms >= 0 && into_ms < RAW_BUCKET_MS &&
           (f->count == 0 ||
               raw_order_to(m, f->ts_unix_ms, f->attempt, f->family) > 0);
}

int
raw_reader_next(
    struct raw_reader *reader, struct raw_result *result, struct err *err)
{
    uint16_t phases;

    if (reader->foretold.count == reader->last.count) {
        if (reader->in.at != reader->in.end ||
            !same_foretold(&reader->foretold, &reader->last))
            return damaged(reader, err);
        return 0;
    }
    measure_init(&result->measure);
    result->measure.check_id = reader->key.check;
    result->region = reader->key.region;
    result->agent = reader->key.agent;
    take_result(reader, result, &phases);
    if (reader->in.failed || !fits(reader, result))
        return damaged(reader, err);
    raw_head_learn(&reader->foretold, result, phases);
    return 1;
}
