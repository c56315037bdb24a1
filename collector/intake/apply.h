/*
 * apply.h - a batch becomes rows: the job that intake hands to the writer.
 */
#ifndef COLLECTOR_APPLY_H
#define COLLECTOR_APPLY_H

#include <stdint.h>

#include "admission.h"
#include "err.h"
#include "measure.h"
#include "registry.h"
#include "wire.h"
#include "writer.h"

/* Where the results came from. */
struct apply_source {
    char agent[WIRE_NAME_BYTES];
    char region[WIRE_NAME_BYTES];
    uint32_t agent_number;
    uint16_t region_number;
    uint64_t session;
    uint8_t spool_id[WIRE_ID_BYTES];
    uint32_t max_batch_bytes; /* of records, that the session was told */
    bool keep_unreadable;     /* it was refused before: quarantine it */
    bool keep_unkept; /* it could not be kept before: quarantine it too */
};

struct apply_job {
    struct writer_job job;
    struct apply_source source;
    struct admission_batch batch;
    struct measure *measures; /* owned; batch.count, facts owned too */
    bool *is_new;             /* owned; of the measures: not there before */
    uint32_t last_crc;        /* crc32c of the last record's bytes */
    uint32_t canaries;        /* taken, and kept nowhere */
    struct buf quarantined;   /* the bytes of a single unreadable record */
    struct err unreadable;    /* why it is, where there is one */
    void *ctx;                /* of whoever made the job */
    size_t queued_bytes;      /* his, as he counts them */
    /* filled by the writer */
    struct admission admission;
    struct mark_row mark; /* as it is after the transaction */
};

/*
 * Decodes a checked BATCH message into a job.  NULL where the batch is refused
 * before the writer sees it, and then `code` is the answer: MALFORMED counts,
 * BAD_BATCH (checksum, compression, a record), TOO_BIG (more than the session
 * was told), DISK_FULL (out of memory).
 *
 * A batch of one record that cannot be decoded becomes a job that keeps it in
 * quarantine; one that is broken otherwise, with source->keep_unreadable.
 */
struct apply_job *apply_decode(const struct wire_batch *batch,
    const struct apply_source *source, enum wire_nack *code, struct err *err);

/* The writer_run_fn of such a job. */
int apply_run(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err);

/* It is one record, which goes to quarantine. */
static inline bool
apply_is_unreadable(const struct apply_job *job)
{
    return job->unreadable.code != ERR_NONE;
}

void apply_free(struct apply_job *job);

#endif
