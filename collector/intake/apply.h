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
};

struct apply_job {
    struct writer_job job;
    struct apply_source source;
    struct admission_batch batch;
    struct measure *measures; /* owned; batch.count, facts owned too */
    bool *is_new;             /* owned; of the measures: not there before */
    uint32_t last_crc;        /* crc32c of the last record's bytes */
    struct buf quarantined;   /* the bytes of a single unreadable record */
    void *ctx;                /* of whoever made the job */
    /* filled by the writer */
    struct admission admission;
    struct mark_row mark; /* as it is after the transaction */
};

/*
 * Decodes a checked BATCH message into a job.  *bad says that the batch is at
 * fault (checksum, compression, a record): answer BAD_BATCH; NULL and !*bad:
 * memory is out.  A batch of one unreadable record becomes a job that keeps
 * it in quarantine.
 */
struct apply_job *apply_decode(const struct wire_batch *batch,
    const struct apply_source *source, bool *bad, struct err *err);

/* The writer_run_fn of such a job. */
int apply_run(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err);

void apply_free(struct apply_job *job);

#endif
