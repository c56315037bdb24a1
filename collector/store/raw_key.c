#include "raw_key.h"

#include "row.h"

enum { BUCKET_S = RAW_BUCKET_MS / 1000 };

/* A day's slot, its retry, and room: how far a ts may be from its slot. */
static const int64_t offset_max_ms = INT64_C(4) * 86400000;

static uint32_t
bucket_of(int64_t slot_unix_ms)
{
    int64_t bucket_ms = slot_unix_ms - slot_unix_ms % RAW_BUCKET_MS;

    return (uint32_t)(bucket_ms / 1000);
}

struct raw_key
raw_key_of(const struct raw_result *result)
{
    return (struct raw_key){
        .bucket_s = bucket_of(result->measure.slot_unix_ms),
        .check = result->measure.check_id,
        .region = result->region,
        .agent = result->agent,
    };
}

void
raw_key_encode(const struct raw_key *key, uint8_t out[RAW_KEY_BYTES])
{
    key_put_u32(out, key->bucket_s);
    key_put_u32(out + 4, key->check);
    key_put_u16(out + 8, key->region);
    key_put_u32(out + 10, key->agent);
    out[14] = key->part;
}

int
raw_key_decode(struct bytes bytes, struct raw_key *key, struct err *err)
{
    if (bytes.len != RAW_KEY_BYTES)
        return err_set(err, ERR_STATE, "raw key of %zu bytes", bytes.len);
    key->bucket_s = key_take_u32(bytes.data);
    key->check = key_take_u32(bytes.data + 4);
    key->region = key_take_u16(bytes.data + 8);
    key->agent = key_take_u32(bytes.data + 10);
    key->part = bytes.data[14];
    if (key->bucket_s % BUCKET_S != 0)
        return err_set(err, ERR_STATE, "raw key of no half hour");
    return 0;
}

int
raw_order_to(const struct measure *measure, int64_t ts_unix_ms, uint8_t attempt,
    uint8_t family)
{
    if (measure->ts_unix_ms != ts_unix_ms)
        return measure->ts_unix_ms < ts_unix_ms ? -1 : 1;
    if (measure->attempt != attempt)
        return measure->attempt < attempt ? -1 : 1;
    return (measure->family > family) - (measure->family < family);
}

int
raw_order(const struct measure *a, const struct measure *b)
{
    return raw_order_to(a, b->ts_unix_ms, b->attempt, b->family);
}

static bool
is_family(uint8_t family)
{
    return family == FAMILY_NONE || family == FAMILY_V4 || family == FAMILY_V6;
}

static bool
is_measure(const struct measure *m)
{
    if (m->attempt > MEASURE_ATTEMPT_MAX || !is_family(m->family) ||
        m->status >= MEASURE_STATUS_COUNT || m->reason >= REASON_COUNT ||
        m->failed_phase < -1 || m->failed_phase >= PHASE_COUNT ||
        m->http_status < 0)
        return false;
    for (int p = 0; p < PHASE_COUNT; p++) {
        if (m->phase_us[p] != PHASE_NOT_REACHED &&
            (m->phase_us[p] < 0 || m->phase_us[p] > PHASE_MAX_US))
            return false;
    }
    return true;
}

static bool
is_time(const struct measure *m)
{
    int64_t offset_ms;

    if (m->slot_unix_ms < 0 ||
        m->slot_unix_ms / 1000 > UINT32_MAX - 4 * BUCKET_S ||
        m->ts_unix_ms < 0 || m->ts_unix_ms / 2000 > UINT32_MAX)
        return false;
    offset_ms = m->ts_unix_ms - m->slot_unix_ms;
    return offset_ms >= -offset_max_ms && offset_ms <= offset_max_ms;
}

bool
raw_is_storable(const struct raw_result *result)
{
    return is_time(&result->measure) && is_measure(&result->measure);
}
