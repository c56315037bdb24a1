/*
 * replay_store.h - a store for one replay: nobody else can open it, and it is
 * gone with the process, however that ends.
 */
#ifndef COLLECTOR_REPLAY_STORE_H
#define COLLECTOR_REPLAY_STORE_H

#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "store.h"

struct replay_store {
    struct store *store;   /* owned */
    struct store_txn *txn; /* owned; one for all, never committed */
};

/* In TMPDIR, or /tmp. */
int replay_store_open(struct replay_store *scratch, struct err *err);
void replay_store_close(struct replay_store *scratch);

struct replay_copy {
    struct store_txn *from;
    struct store_txn *to;
    const struct conf_history *stored;
    const struct conf_history *played; /* of the same versions, or `stored` */
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    int64_t now_unix_ms;
};

/*
 * Copies names, agents, checks, silences, and what the slots of the span were:
 * each region's verdict as judged, the whole's by the quorum and the regions of
 * `played`.
 */
int replay_store_fill(const struct replay_copy *copy, struct err *err);

#endif
