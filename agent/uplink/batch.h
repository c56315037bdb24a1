/*
 * batch.h - the spool's records as a BATCH message.
 */
#ifndef AGENT_BATCH_H
#define AGENT_BATCH_H

#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "spool.h"

struct batch_want {
    uint64_t session;
    uint64_t first_seq;   /* from oldest_seq to synced_seq */
    uint32_t max_records; /* and no more than are synced */
    uint32_t max_bytes;   /* of records; the first may be longer */
    int64_t boot_ms;
};

/*
 * Appends the frame to `out` and tells how many records are in it, at least
 * one.  A record that can no longer be read goes as one byte that is no
 * record: the collector counts it as damaged, and the rest is not held up.
 */
int batch_build(struct spool *spool, const struct batch_want *want,
    struct buf *out, uint32_t *count, struct err *err);

#endif
