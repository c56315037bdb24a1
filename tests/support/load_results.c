#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "digest.h"
#include "load_own.h"
#include "pack.h"

enum {
    PACK_MIN_BYTES = 512,
    OUTAGE_SLOTS = 6,
    OUTAGE_ONE_OF = 64 /* such stretches of a check and region is one */
};

static const int64_t typical_us[PHASE_COUNT] = {
    [PHASE_DNS] = 812,
    [PHASE_CONNECT] = 10233,
    [PHASE_TLS] = 21877,
    [PHASE_REQUEST] = 95,
    [PHASE_WAIT] = 30112,
    [PHASE_TRANSFER] = 1203,
};

/* The finisher of splitmix64: neighbouring numbers get unlike noise. */
static uint64_t
noise_of(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

void
load_name_checks(struct load *load)
{
    for (int i = 0; i < load->spec.checks; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "load/c%d", i);
        load->check_ids[i] = check_id_of(name);
    }
}

/* Checks follow one another through the slot; agents do not keep step. */
static int64_t
phase_ms(const struct load *load, const struct load_agent *agent, int check)
{
    int64_t each_ms = load->spec.interval_ms / (load->spec.checks + 1);
    int64_t own_ms = (int64_t)(noise_of((uint64_t)agent->number) % 1000);

    return load->spec.interval_ms * check / (load->spec.checks + 1) +
           each_ms * own_ms / 1000;
}

uint64_t
load_last_seq(const struct load *load)
{
    return load->spec.slots * (uint64_t)load->spec.checks;
}

uint64_t
load_due_seq(const struct load *load, const struct load_agent *agent)
{
    const struct load_spec *spec = &load->spec;
    int64_t passed_ms = clock_unix_ms() - spec->from_unix_ms;
    uint64_t seq;
    int in_slot = 0;

    if (!spec->paced)
        return load_last_seq(load);
    if (passed_ms < 0)
        return 0;
    while (in_slot < spec->checks &&
           phase_ms(load, agent, in_slot) <= passed_ms % spec->interval_ms)
        in_slot++;
    seq = (uint64_t)(passed_ms / spec->interval_ms) * (uint64_t)spec->checks +
          (uint64_t)in_slot;
    if (spec->slots != 0 && seq > load_last_seq(load))
        seq = load_last_seq(load);
    return seq;
}

static bool
is_outage(const struct load_agent *agent, int check, uint64_t slot)
{
    uint64_t stretch = slot / OUTAGE_SLOTS;
    uint64_t region = (uint64_t)agent->number % 10;

    return noise_of(stretch << 32 | (uint64_t)check << 8 | region) %
               OUTAGE_ONE_OF ==
           0;
}

static void
make_measure(const struct load *load, const struct load_agent *agent,
    uint64_t seq, struct measure *m)
{
    uint64_t slot = (seq - 1) / (uint64_t)load->spec.checks;
    int check = (int)((seq - 1) % (uint64_t)load->spec.checks);
    uint64_t noise = noise_of(seq << 16 | (uint64_t)agent->number);
    int64_t total_us = 0;

    measure_init(m);
    m->check_id = load->check_ids[check];
    m->slot_unix_ms =
        load->spec.from_unix_ms + (int64_t)slot * load->spec.interval_ms;
    m->ts_unix_ms = m->slot_unix_ms + phase_ms(load, agent, check);
    m->family = FAMILY_V4;
    if (is_outage(agent, check, slot)) {
        m->status = MEASURE_DOWN;
        m->reason = REASON_CONNECT_REFUSED;
        m->failed_phase = PHASE_CONNECT;
        m->phase_us[PHASE_DNS] = typical_us[PHASE_DNS];
        m->phase_us[PHASE_TOTAL] = typical_us[PHASE_DNS];
        return;
    }
    m->http_status = 200;
    for (int p = 0; p < PHASE_COUNT; p++) {
        if (typical_us[p] == 0)
            continue;
        noise = noise_of(noise);
        m->phase_us[p] = typical_us[p] +
                         (int64_t)(noise % (uint64_t)(typical_us[p] / 3 + 1));
        total_us += m->phase_us[p];
    }
    m->phase_us[PHASE_TOTAL] = total_us + (int64_t)(noise >> 60);
}

/* As the agent's uplink does: compressed where that is clearly smaller. */
static void
make_batch(struct load *load, const struct load_agent *agent,
    uint64_t first_seq, uint32_t count, struct wire_batch *batch)
{
    struct err err;
    struct buf record;

    buf_init(&record, WIRE_RECORD_MAX_BYTES);
    buf_clear(&load->records);
    buf_clear(&load->packed);
    for (uint32_t i = 0; i < count; i++) {
        struct measure measure;

        make_measure(load, agent, first_seq + i, &measure);
        buf_clear(&record);
        if (wire_record_encode(&measure, false, &record, &err) != 0 ||
            wire_batch_put(&load->records, buf_bytes(&record), &err) != 0)
            load_die("record", err.msg);
    }
    buf_free(&record);
    batch->codec = WIRE_CODEC_NONE;
    batch->records = buf_bytes(&load->records);
    if (load->records.len >= PACK_MIN_BYTES) {
        if (pack_compress(load->records.data, load->records.len, &load->packed,
                &err) != 0)
            load_die("pack", err.msg);
        if (load->packed.len < load->records.len - load->records.len / 8) {
            batch->codec = WIRE_CODEC_ZSTD;
            batch->records = buf_bytes(&load->packed);
        }
    }
    batch->first_seq = first_seq;
    batch->count = count;
    batch->crc32c = digest_crc32c(0, batch->records.data, batch->records.len);
}

void
load_batch(struct load *load, const struct load_agent *agent,
    uint64_t first_seq, uint32_t count, struct wire_batch *batch)
{
    const struct load_packed *ready;

    *batch = (struct wire_batch){0};
    if (agent->prepared != NULL && (first_seq - 1) % load->spec.batch == 0) {
        ready = &agent->prepared[(first_seq - 1) / load->spec.batch];
        if (ready->count == count) {
            batch->first_seq = first_seq;
            batch->count = count;
            batch->codec = ready->codec;
            batch->crc32c = ready->crc32c;
            batch->records =
                (struct bytes){.data = ready->data, .len = ready->len};
            return;
        }
    }
    make_batch(load, agent, first_seq, count, batch);
}

static void
keep(struct load_packed *kept, const struct wire_batch *batch)
{
    *kept = (struct load_packed){.count = batch->count,
        .crc32c = batch->crc32c,
        .codec = batch->codec,
        .len = (uint32_t)batch->records.len,
        .data = malloc(batch->records.len)};
    if (kept->data == NULL)
        load_die("memory", "out of it");
    memcpy(kept->data, batch->records.data, batch->records.len);
}

static uint64_t
batch_count(const struct load *load)
{
    return (load_last_seq(load) + load->spec.batch - 1) / load->spec.batch;
}

void
load_prepare(struct load *load)
{
    uint64_t last = load_last_seq(load);
    uint64_t batches = batch_count(load);

    for (int i = 0; i < load->spec.agents; i++) {
        struct load_agent *agent = &load->agents[i];

        agent->prepared = calloc(batches + 1, sizeof(agent->prepared[0]));
        if (agent->prepared == NULL)
            load_die("memory", "out of it");
        for (uint64_t b = 0; b < batches; b++) {
            uint64_t first = b * load->spec.batch + 1;
            uint64_t left = last - first + 1;
            struct wire_batch batch = {0};

            make_batch(load, agent, first,
                left < load->spec.batch ? (uint32_t)left : load->spec.batch,
                &batch);
            keep(&agent->prepared[b], &batch);
        }
    }
}

void
load_forget_batches(struct load *load)
{
    for (int i = 0; i < load->spec.agents; i++) {
        struct load_packed *prepared = load->agents[i].prepared;

        for (uint64_t b = 0; prepared != NULL && b < batch_count(load); b++)
            free(prepared[b].data);
        free(prepared);
    }
}
