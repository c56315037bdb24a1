/*
 * raw_key.h - how chunks of results sort in LMDB, how results sort in a chunk,
 * and which results a chunk can hold: pure.
 *
 * Time comes first, so that a commit touches neighbouring pages and retention
 * deletes neighbouring pages:
 *
 *   0..3 bucket's start in s | 4..7 check | 8..9 region | 10..13 agent | 14 part
 */
#ifndef COLLECTOR_RAW_KEY_H
#define COLLECTOR_RAW_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "raw.h"

enum {
    RAW_KEY_BYTES = 15,
    RAW_KEY_PREFIX_BYTES = 14, /* without the part */
    RAW_PARTS_MAX = 256
};

struct raw_key {
    uint32_t bucket_s;
    uint32_t check;
    uint16_t region;
    uint32_t agent;
    uint8_t part;
};

struct raw_key raw_key_of(const struct raw_result *result);
void raw_key_encode(const struct raw_key *key, uint8_t out[RAW_KEY_BYTES]);
/* ERR_STATE for anything that is not a key. */
int raw_key_decode(struct bytes bytes, struct raw_key *key, struct err *err);

/* Negative, 0, positive by (ts, attempt, family). */
int raw_order(const struct measure *a, const struct measure *b);

/* The same against one result's identity. */
int raw_order_to(const struct measure *measure, int64_t ts_unix_ms,
    uint8_t attempt, uint8_t family);

/* True if every field is in the range that a chunk can hold. */
bool raw_is_storable(const struct raw_result *result);

#endif
