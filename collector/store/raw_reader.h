/*
 * raw_reader.h - reads a chunk of results from bytes that may be anything:
 * pure.
 *
 * Every result that is given has been checked: ranges, order, and that it
 * belongs to the chunk's half hour.
 */
#ifndef COLLECTOR_RAW_READER_H
#define COLLECTOR_RAW_READER_H

#include "raw_chunk.h"

struct raw_reader {
    struct raw_key key;
    int64_t bucket_unix_ms;
    struct raw_foretold foretold;
    struct raw_foretold last; /* as the head says */
    struct row_in in;         /* of the value, or of `room` */
    uint8_t room[RAW_CHUNK_MAX_BYTES];
};

/* Of a chunk, sealed or not; `value` is borrowed. */
int raw_reader_open(struct raw_reader *reader, const struct raw_key *key,
    struct bytes value, struct err *err);

/* 1: a result, 0: that was all, -1: ERR_STATE. */
int raw_reader_next(
    struct raw_reader *reader, struct raw_result *result, struct err *err);

#endif
