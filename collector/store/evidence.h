/*
 * evidence.h - what a failure or a change looked like: facts kept beside a
 * result, 16 KiB packed at most.
 */
#ifndef COLLECTOR_EVIDENCE_H
#define COLLECTOR_EVIDENCE_H

#include <stdint.h>

#include "err.h"
#include "measure.h"
#include "store.h"

struct evidence_key {
    uint32_t check;
    uint32_t agent;
    int64_t ts_unix_ms;
    uint8_t attempt;
    uint8_t family;
};

int evidence_put(struct store_txn *txn, const struct evidence_key *key,
    const struct facts *facts, struct err *err);

/* 1: found, *facts is new and the caller's; 0: none; -1: err. */
int evidence_get(struct store_txn *txn, const struct evidence_key *key,
    struct facts **facts, struct err *err);

/* ERR_STATE unless it is a row that evidence_put() could have written. */
int evidence_row_check(struct bytes key, struct bytes value, struct err *err);

/*
 * The newest at or before `ts_unix_ms` of this check and agent (agent 0: any).
 * Looks back an hour at most unless `back_ms` says more.
 */
int evidence_latest(struct store_txn *txn, const struct evidence_key *key,
    int64_t back_ms, struct evidence_key *found, struct facts **facts,
    struct err *err);

#endif
