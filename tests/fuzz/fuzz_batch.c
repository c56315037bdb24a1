/*
 * A BATCH on its way to the writer: checksum, compression, records.  What is
 * taken as a whole is taken record by record too, and comes to the same.
 *
 * Input: flags, count (two bytes, little-endian), the records as they travel.
 */
#include <stdlib.h>

#include "apply.h"
#include "digest.h"
#include "pack.h"

enum {
    FLAG_ZSTD = 1,
    FLAG_KEEP = 2,
    FLAG_BAD_CHECKSUM = 4,
    HEAD_BYTES = 3,
    EXPANDED_MAX_BYTES = 2 * WIRE_BATCH_MAX_BYTES
};

static const struct apply_source source = {
    .agent = "eu1", .region = "eu", .max_batch_bytes = WIRE_BATCH_MAX_BYTES};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Record number `i` alone. */
static void
same_alone(const struct apply_job *whole, uint32_t i, struct bytes record)
{
    struct wire_batch batch = {.first_seq = whole->batch.first_seq + i,
        .count = 1,
        .oldest_seq = 1,
        .next_seq = whole->batch.next_seq};
    struct apply_job *job;
    enum wire_nack code;
    struct buf records;
    struct err err;

    buf_init(&records, WIRE_BATCH_MAX_BYTES);
    if (wire_batch_put(&records, record, &err) != 0)
        abort();
    batch.records = buf_bytes(&records);
    batch.crc32c = digest_crc32c(0, records.data, records.len);
    job = apply_decode(&batch, &source, &code, &err);
    if (job == NULL || apply_is_unreadable(job) ||
        job->measures[0].check_id != whole->measures[i].check_id ||
        job->measures[0].ts_unix_ms != whole->measures[i].ts_unix_ms ||
        job->measures[0].status != whole->measures[i].status ||
        (job->measures[0].facts != NULL) != (whole->measures[i].facts != NULL))
        abort();
    if (i + 1 == whole->batch.count && job->last_crc != whole->last_crc)
        abort();
    apply_free(job);
    buf_free(&records);
}

static void
check_whole(const struct apply_job *job, const struct wire_batch *batch)
{
    struct bytes left = batch->records;
    struct buf expanded;
    struct bytes record;
    struct err err;

    buf_init(&expanded, EXPANDED_MAX_BYTES);
    if (batch->codec == WIRE_CODEC_ZSTD) {
        if (pack_expand(
                left.data, left.len, EXPANDED_MAX_BYTES, &expanded, &err) != 0)
            abort();
        left = buf_bytes(&expanded);
    }
    for (uint32_t i = 0; i < job->batch.count; i++) {
        if (wire_batch_next(&left, &record, &err) != 1)
            abort();
        same_alone(job, i, record);
    }
    if (left.len != 0)
        abort();
    buf_free(&expanded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct apply_source from = source;
    struct wire_batch batch = {.first_seq = 7, .oldest_seq = 1};
    struct apply_job *job;
    enum wire_nack code;
    struct err err;

    if (size < HEAD_BYTES)
        return 0;
    from.keep_unreadable = (data[0] & FLAG_KEEP) != 0;
    batch.codec = data[0] & FLAG_ZSTD ? WIRE_CODEC_ZSTD : WIRE_CODEC_NONE;
    batch.count = (uint32_t)(data[1] | data[2] << 8);
    batch.next_seq = batch.first_seq + batch.count;
    batch.records = (struct bytes){data + HEAD_BYTES, size - HEAD_BYTES};
    batch.crc32c = digest_crc32c(0, batch.records.data, batch.records.len);
    batch.crc32c += (data[0] & FLAG_BAD_CHECKSUM) != 0;
    job = apply_decode(&batch, &from, &code, &err);
    if (job == NULL)
        return 0;
    /* Whatever is kept unread was one record, with a reason. */
    if (apply_is_unreadable(job)) {
        if (batch.count != 1 || job->unreadable.msg[0] == '\0')
            abort();
    } else {
        if (job->quarantined.len != 0 || (data[0] & FLAG_BAD_CHECKSUM))
            abort();
        check_whole(job, &batch);
    }
    apply_free(job);
    return 0;
}
