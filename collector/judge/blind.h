/*
 * blind.h - when the collector itself was not there: from when its judge had
 * run last until it was started again.  Reports say so beside their figures:
 * what agents saw meanwhile came late, and nobody was told of it in time.
 *
 * STORE_META: "judge.blind" from u64 (ms) -> to u64 (ms); "judge.started" ->
 * u64 (ms) of the last start.
 */
#ifndef COLLECTOR_BLIND_H
#define COLLECTOR_BLIND_H

#include <stdint.h>

#include "err.h"
#include "store.h"

/* A shorter absence is a restart, and no slot waits for it. */
enum { BLIND_MIN_MS = 60000 };

struct blind_span {
    int64_t from_unix_ms;
    int64_t to_unix_ms;
};

/*
 * At a collector's start, before its judge's: notes how long it was away, in a
 * transaction of its own.  One that was never started was not away.
 */
int blind_start(struct store *store, int64_t now_unix_ms, struct err *err);

/* Those that overlap [from, to), by time; `fn` as store_each_fn. */
typedef int blind_each_fn(
    void *ctx, const struct blind_span *span, struct err *err);
int blind_each(struct store_txn *txn, int64_t from_unix_ms, int64_t to_unix_ms,
    blind_each_fn *fn, void *ctx, struct err *err);

#endif
