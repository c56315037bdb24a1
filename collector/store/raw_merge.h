/*
 * raw_merge.h - puts results into chunks that already hold later ones.
 *
 * The slow way of raw_add(): reads all parts of a chunk, merges, writes them
 * anew.
 */
#ifndef COLLECTOR_RAW_MERGE_H
#define COLLECTOR_RAW_MERGE_H

#include "raw_key.h"

/*
 * `results` are pointers to `count` results of one chunk, in their order, and
 * outcomes[i] gets what became of results[i].
 */
int raw_merge(struct store_txn *txn, const struct raw_result *const *results,
    size_t count, enum raw_outcome *outcomes, struct err *err);

#endif
