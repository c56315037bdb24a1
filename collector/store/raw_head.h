/*
 * raw_head.h - the head of a chunk of results: what its last result lets
 * foretell of the next one.
 *
 * Writer and reader learn the same from each result, so that a result needs
 * bytes only for what was not foretold.  The head holds that knowledge as it
 * stands behind the last result: appending reads no body.
 */
#ifndef COLLECTOR_RAW_HEAD_H
#define COLLECTOR_RAW_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "raw.h"
#include "row.h"

enum { RAW_HEAD_MAX_BYTES = 96 };

struct raw_foretold {
    uint32_t count; /* of the results so far */
    int64_t ts_unix_ms;
    int64_t slot_unix_ms;
    int64_t slot_step_ms; /* between the slots of first attempts */
    int64_t offset_ms;    /* of a first attempt's ts in its slot */
    uint64_t seq;
    uint64_t seq_step;
    uint32_t spool;
    int32_t http_status;
    uint16_t phases; /* bit (1 << enum phase) for each that was reached */
    uint8_t attempt;
    uint8_t family;
};

/* Of an empty chunk. */
struct raw_foretold raw_head_begin(int64_t bucket_unix_ms);

/* After `result`, whose reached phases are the bits `phases`. */
void raw_head_learn(struct raw_foretold *head, const struct raw_result *result,
    uint16_t phases);

size_t raw_head_encode(const struct raw_foretold *head, int64_t bucket_unix_ms,
    uint8_t out[RAW_HEAD_MAX_BYTES]);

/* Takes a head off the front; in->failed where there is none. */
void raw_head_decode(
    struct row_in *in, int64_t bucket_unix_ms, struct raw_foretold *head);

#endif
