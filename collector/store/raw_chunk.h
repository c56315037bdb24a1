/*
 * raw_chunk.h - results of one half hour, check, region and agent as bytes:
 * pure.
 *
 * A chunk is a head and a body of results in the order of (ts, attempt,
 * family).  Each result is a byte of flags and only what the result before it
 * does not foretell.  Parts are filled in order, each to the brim, so that equal
 * results are equal bytes.
 */
#ifndef COLLECTOR_RAW_CHUNK_H
#define COLLECTOR_RAW_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "raw_head.h"
#include "raw_key.h"

enum { RAW_CHUNK_MAX_BYTES = 1984 }; /* LMDB keeps 2 kB in its leaves */

/* A chunk being filled.  The body stands behind room for the largest head. */
struct raw_chunk {
    int64_t bucket_unix_ms;
    struct raw_foretold foretold;
    size_t body_len;
    uint8_t bytes[RAW_HEAD_MAX_BYTES + RAW_CHUNK_MAX_BYTES];
};

void raw_chunk_init(struct raw_chunk *chunk, int64_t bucket_unix_ms);

/* Takes up a chunk that was written.  Reads its head only. */
int raw_chunk_resume(struct raw_chunk *chunk, int64_t bucket_unix_ms,
    struct bytes value, struct err *err);

/* Whether `measure` comes behind all that are in it. */
bool raw_chunk_is_behind(
    const struct raw_chunk *chunk, const struct measure *measure);

/*
 * False: it is full, and as it was.  The result must come behind all that are
 * in it and be storable.
 */
bool raw_chunk_append(struct raw_chunk *chunk, const struct raw_result *result);

/* The bytes as they are stored; they point into the chunk. */
struct bytes raw_chunk_bytes(struct raw_chunk *chunk);

/* What a result has that was not foretold; it follows the flags in this order. */
enum raw_flag {
    RAW_HAS_TIME = 1 << 0,    /* slot - previous slot, ts - slot */
    RAW_HAS_LEG = 1 << 1,     /* attempt and family */
    RAW_HAS_VERDICT = 1 << 2, /* anything but plain up */
    RAW_HAS_SEQ = 1 << 3,     /* seq - foretold seq */
    RAW_HAS_PHASES = 1 << 4,  /* which phases were reached */
    RAW_HAS_HTTP = 1 << 5,    /* HTTP status */
    RAW_HAS_SPOOL = 1 << 6,
    RAW_FLAGS_ALL = (1 << 7) - 1
};

/* In the byte of a verdict, above the two bits of the status. */
enum raw_verdict_flag {
    RAW_IS_ISOLATED = 1 << 2,
    RAW_IS_LAGGED = 1 << 3,
    RAW_HAS_REASON = 1 << 4,
    RAW_HAS_FAILED_PHASE = 1 << 5,
    RAW_VERDICT_FLAGS_ALL = (1 << 6) - 1
};

#endif
