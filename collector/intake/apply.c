#include "apply.h"

#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "assign.h"
#include "canary.h"
#include "clock.h"
#include "digest.h"
#include "evidence.h"
#include "ladder.h"
#include "pack.h"
#include "raise.h"
#include "raw.h"
#include "retention.h"
#include "watch.h"

/* Further ahead no clock that works can be. */
static const int64_t ahead_max_ms = INT64_C(86400000);

static int
read_records(struct apply_job *job, struct bytes left, struct err *err)
{
    for (uint32_t i = 0; i < job->batch.count; i++) {
        struct bytes record;
        int rc = wire_batch_next(&left, &record, err);

        if (rc == 0)
            return err_set(err, ERR_PARSE, "fewer records than it says");
        if (rc < 0)
            return -1;
        if (wire_record_decode(
                record.data, record.len, &job->measures[i], err) != 0) {
            if (job->batch.count != 1)
                return -1;
            job->unreadable = *err;
            return buf_append(&job->quarantined, record.data, record.len, err);
        }
        if (job->source.keep_unkept && job->batch.count == 1) {
            (void)err_set(&job->unreadable, ERR_LIMIT,
                "it can be read, but the store has no place for it");
            return buf_append(&job->quarantined, record.data, record.len, err);
        }
        if (i + 1 == job->batch.count)
            job->last_crc = digest_crc32c(0, record.data, record.len);
    }
    if (left.len != 0)
        return err_set(err, ERR_PARSE, "more records than it says");
    return 0;
}

/* One record may be more than the session was told, so that it can come. */
static size_t
records_max_bytes(const struct apply_job *job)
{
    return (size_t)job->source.max_batch_bytes + WIRE_RECORD_MAX_BYTES;
}

static int
read_batch(
    struct apply_job *job, const struct wire_batch *batch, struct err *err)
{
    struct bytes records = batch->records;
    size_t max_bytes = records_max_bytes(job);
    struct buf expanded;
    int rc = -1;

    buf_init(&expanded, max_bytes);
    if (digest_crc32c(0, records.data, records.len) != batch->crc32c) {
        err_set(err, ERR_PARSE, "checksum differs");
        goto out;
    }
    if (batch->codec == WIRE_CODEC_ZSTD) {
        if (pack_expand(records.data, records.len, max_bytes, &expanded, err) !=
            0)
            goto out;
        records = buf_bytes(&expanded);
    }
    if (records.len > max_bytes) {
        err_set(err, ERR_LIMIT, "records of %zu bytes (at most %zu)",
            records.len, max_bytes);
        goto out;
    }
    /* Facts take about what their bytes did. */
    job->job.cost_bytes =
        sizeof(*job) + records.len + job->batch.count * sizeof(*job->measures);
    rc = read_records(job, records, err);

out:
    buf_free(&expanded);
    return rc;
}

static enum wire_nack
nack_of(const struct wire_batch *batch, const struct err *err)
{
    if (err->code == ERR_NOMEM)
        return NACK_DISK_FULL;
    /* One record cannot come in smaller pieces. */
    return err->code == ERR_LIMIT && batch->count > 1 ? NACK_TOO_BIG
                                                      : NACK_BAD_BATCH;
}

/* The batch as it came, which is one record; it has been refused once. */
static int
quarantine_batch(
    struct apply_job *job, const struct wire_batch *batch, struct err *err)
{
    job->unreadable = *err;
    buf_clear(&job->quarantined);
    return buf_append(
        &job->quarantined, batch->records.data, batch->records.len, err);
}

struct apply_job *
apply_decode(const struct wire_batch *batch, const struct apply_source *source,
    enum wire_nack *code, struct err *err)
{
    struct apply_job *job = calloc(1, sizeof(*job));

    *code = NACK_DISK_FULL;
    if (job == NULL) {
        err_set(err, ERR_NOMEM, "batch");
        return NULL;
    }
    job->source = *source;
    job->job.cost_bytes = sizeof(*job) + batch->records.len;
    job->job.place =
        (uint64_t)source->region_number << 32 | source->agent_number;
    buf_init(
        &job->quarantined, WIRE_BATCH_MAX_BYTES + 2 * WIRE_RECORD_MAX_BYTES);
    job->batch = (struct admission_batch){
        .first_seq = batch->first_seq,
        .count = batch->count,
        .max_count = WIRE_BATCH_MAX_RECORDS,
        .oldest_seq = batch->oldest_seq,
        .next_seq = batch->next_seq,
    };
    /* Counts that cannot be, cannot be whatever the mark is. */
    if (admission_judge(&job->batch, 0).verdict == ADMIT_MALFORMED) {
        job->batch.count = 0; /* nothing to free */
        *code = NACK_MALFORMED;
        err_set(err, ERR_PARSE, "a batch of %u from %llu, with %llu next",
            batch->count, (unsigned long long)batch->first_seq,
            (unsigned long long)batch->next_seq);
        goto failed;
    }
    job->measures = calloc(job->batch.count, sizeof(*job->measures));
    job->is_new = calloc(job->batch.count, sizeof(*job->is_new));
    if (job->measures == NULL || job->is_new == NULL) {
        err_set(err, ERR_NOMEM, "batch of %u results", batch->count);
        goto failed;
    }
    if (read_batch(job, batch, err) != 0) {
        *code = nack_of(batch, err);
        if (*code != NACK_BAD_BATCH || batch->count != 1 ||
            !source->keep_unreadable || quarantine_batch(job, batch, err) != 0)
            goto failed;
    }
    return job;

failed:
    apply_free(job);
    return NULL;
}

void
apply_free(struct apply_job *job)
{
    if (job == NULL)
        return;
    for (uint32_t i = 0; job->measures != NULL && i < job->batch.count; i++)
        measure_free_facts(&job->measures[i]);
    free(job->measures);
    free(job->is_new);
    buf_free(&job->quarantined);
    free(job);
}

/* A check of that moment, a time that can be: else it is counted and left. */
static bool
is_acceptable(const struct writer_room *room, const struct apply_job *job,
    const struct measure *measure)
{
    if (!retention_takes(
            measure->ts_unix_ms, measure->slot_unix_ms, room->now_unix_ms) ||
        measure->ts_unix_ms > room->now_unix_ms + ahead_max_ms)
        return false;
    return assign_find(room->assign, measure->check_id, job->source.region,
               measure->ts_unix_ms) != NULL;
}

static int
keep_evidence(const struct apply_job *job, const struct measure *measure,
    struct store_txn *txn, struct err *err)
{
    struct evidence_key key = {
        .check = measure->check_id,
        .agent = job->source.agent_number,
        .ts_unix_ms = measure->ts_unix_ms,
        .attempt = measure->attempt,
        .family = measure->family,
    };

    return evidence_put(txn, &key, measure->facts, err);
}

static int
note_new(struct apply_job *job, struct writer_room *room, struct store_txn *txn,
    const struct raw_result *result, uint32_t index, struct err *err)
{
    const struct measure *measure = &job->measures[index];

    if (ladder_mark(room->ladder, txn, result->measure.check_id,
            result->measure.slot_unix_ms, err) != 0)
        return -1;
    if (watch_note(room->watch, txn, result, false, err) != 0)
        return -1;
    if (raise_note(room->raise, txn, result, measure->facts, room->now_unix_ms,
            err) != 0)
        return -1;
    if (measure->facts == NULL)
        return 0;
    return keep_evidence(job, measure, txn, err);
}

/* The results from admission.take_from on. */
static int
take_results(struct apply_job *job, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    uint32_t skip = (uint32_t)(job->admission.take_from - job->batch.first_seq);
    uint32_t count = job->batch.count - skip;
    struct raw_result *results = calloc(count, sizeof(*results));
    enum raw_outcome *outcomes = calloc(count, sizeof(*outcomes));
    uint32_t *indexes = calloc(count, sizeof(*indexes));
    uint32_t spool;
    char spool_name[2 * WIRE_ID_BYTES + 1];
    size_t kept = 0;
    int rc = -1;

    if (results == NULL || outcomes == NULL || indexes == NULL) {
        err_set(err, ERR_NOMEM, "batch");
        goto out;
    }
    digest_hex(job->source.spool_id, WIRE_ID_BYTES, spool_name);
    if (registry_number(txn, REGISTRY_SPOOL, spool_name, &spool, err) != 0)
        goto out;
    for (uint32_t i = skip; i < job->batch.count; i++) {
        if (job->measures[i].check_id == CHECK_CANARY_ID) {
            canary_note(&room->canary, &job->measures[i], room->now_unix_ms);
            job->canaries++;
            continue;
        }
        if (!is_acceptable(room, job, &job->measures[i])) {
            job->mark.refused++;
            continue;
        }
        indexes[kept] = i;
        results[kept] = (struct raw_result){
            .measure = job->measures[i],
            .region = job->source.region_number,
            .agent = job->source.agent_number,
            .seq = job->batch.first_seq + i,
            .spool = spool,
        };
        results[kept++].measure.facts = NULL;
    }
    if (raw_add(txn, results, kept, outcomes, err) != 0)
        goto out;
    for (size_t i = 0; i < kept; i++) {
        if (outcomes[i] != RAW_NEW)
            continue;
        job->mark.taken++;
        canary_note(&room->canary, &results[i].measure, room->now_unix_ms);
        job->is_new[indexes[i]] = true;
        if (note_new(job, room, txn, &results[i], indexes[i], err) != 0)
            goto out;
    }
    rc = 0;

out:
    free(results);
    free(outcomes);
    free(indexes);
    return rc;
}

/* A record that nobody can read is kept as it is, for a person to look at. */
static int
take_quarantined(struct apply_job *job, struct store_txn *txn, struct err *err)
{
    uint8_t key[4 + WIRE_ID_BYTES + 8];
    uint32_t agent = job->source.agent_number;
    uint64_t seq = job->batch.first_seq;

    for (int i = 0; i < 4; i++)
        key[i] = (uint8_t)(agent >> (24 - 8 * i));
    memcpy(key + 4, job->source.spool_id, WIRE_ID_BYTES);
    for (int i = 0; i < 8; i++)
        key[4 + WIRE_ID_BYTES + i] = (uint8_t)(seq >> (56 - 8 * i));
    job->mark.quarantined++;
    return store_put(txn, STORE_QUARANTINE,
        (struct bytes){.data = key, .len = sizeof(key)},
        buf_bytes(&job->quarantined), err);
}

/* A range that the agent had to drop, so that reports can say so. */
static int
take_lost(struct apply_job *job, struct store_txn *txn, int64_t now_unix_ms,
    struct err *err)
{
    uint8_t key[4 + WIRE_ID_BYTES + 8];
    uint8_t value[16];
    uint32_t agent = job->source.agent_number;
    uint64_t from = job->admission.lost_from;
    uint64_t to = job->admission.lost_to;

    for (int i = 0; i < 4; i++)
        key[i] = (uint8_t)(agent >> (24 - 8 * i));
    memcpy(key + 4, job->source.spool_id, WIRE_ID_BYTES);
    for (int i = 0; i < 8; i++) {
        key[4 + WIRE_ID_BYTES + i] = (uint8_t)(from >> (56 - 8 * i));
        value[i] = (uint8_t)(to >> (56 - 8 * i));
        value[8 + i] = (uint8_t)((uint64_t)now_unix_ms >> (56 - 8 * i));
    }
    job->mark.lost += to - from + 1;
    return store_put(txn, STORE_LOST,
        (struct bytes){.data = key, .len = sizeof(key)},
        (struct bytes){.data = value, .len = sizeof(value)}, err);
}

int
apply_run(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    struct apply_job *job = (struct apply_job *)base;
    const struct apply_source *source = &job->source;

    /* Nothing of a run before whose transaction was lost. */
    memset(job->is_new, 0, job->batch.count * sizeof(*job->is_new));
    job->canaries = 0;
    if (mark_get(txn, source->agent_number, source->spool_id, &job->mark, err) <
        0)
        return -1;
    job->admission = admission_judge(&job->batch, job->mark.acked_seq);
    if (job->admission.verdict != ADMIT_TAKE)
        return 0;
    if (job->admission.lost_to != 0 &&
        take_lost(job, txn, room->now_unix_ms, err) != 0)
        return -1;
    if (apply_is_unreadable(job)) {
        if (take_quarantined(job, txn, err) != 0)
            return -1;
    } else if (take_results(job, room, txn, err) != 0) {
        return -1;
    }
    job->mark.acked_seq = job->batch.first_seq + job->batch.count - 1;
    job->mark.acked_crc =
        apply_is_unreadable(job)
            ? digest_crc32c(0, job->quarantined.data, job->quarantined.len)
            : job->last_crc;
    return mark_put(
        txn, source->agent_number, source->spool_id, &job->mark, err);
}
