/*
 * raw.h - every result as it was taken: chunks of one half hour, check,
 * region and agent.
 *
 * A result's identity is (check, agent, ts, attempt, family).  Appending one
 * that is there already changes nothing.  Results of a chunk stand in the
 * order of (ts, attempt, family), whatever order they came in, so that equal
 * sets of results are equal bytes.  The bucket is that of the result's slot.
 */
#ifndef COLLECTOR_RAW_H
#define COLLECTOR_RAW_H

#include <stdint.h>

#include "err.h"
#include "measure.h"
#include "store.h"

enum { RAW_BUCKET_MS = 1800000 };

struct raw_result {
    struct measure measure; /* without facts */
    uint16_t region;        /* registry number */
    uint32_t agent;         /* registry number */
    uint64_t seq;           /* of the agent's spool; 0: none */
    uint32_t spool;         /* registry number of the spool id; 0: none */
};

enum raw_outcome {
    RAW_NEW,
    RAW_SAME,    /* was there already */
    RAW_CONFLICT /* the identity was there with other content: kept as it was */
};

/*
 * Adds `count` results, any mix.  `outcomes` gets one each.  Fast when
 * consecutive results go to the same chunk, and when they come in order.
 */
int raw_add(struct store_txn *txn, const struct raw_result *results,
    size_t count, enum raw_outcome *outcomes, struct err *err);

/*
 * The first half hour at or after `from_unix_ms` that has any result.  1:
 * found, 0: none, -1: err.
 */
int raw_next_bucket(struct store_txn *txn, int64_t from_unix_ms,
    int64_t *bucket_unix_ms, struct err *err);

typedef int raw_each_fn(
    void *ctx, const struct raw_result *result, struct err *err);

/*
 * Walks one check's results whose slot begins in [from, to): by half hour,
 * region, agent, then ts, attempt and family.  `fn` as store_each_fn.
 */
int raw_each(struct store_txn *txn, uint32_t check, int64_t from_unix_ms,
    int64_t to_unix_ms, raw_each_fn *fn, void *ctx, struct err *err);

/* The same over all checks, in the order of half hour, check, region, agent. */
int raw_each_check(struct store_txn *txn, int64_t from_unix_ms,
    int64_t to_unix_ms, raw_each_fn *fn, void *ctx, struct err *err);

#endif
