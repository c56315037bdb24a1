/*
 * watch_build.h - what the watch knows of its checks, read from the store.
 */
#ifndef COLLECTOR_WATCH_BUILD_H
#define COLLECTOR_WATCH_BUILD_H

#include "watch_parts.h"

/* Fills an empty watch (but for history and agents). */
int watch_build(struct watch *watch, struct store_txn *txn, int64_t now_unix_ms,
    struct err *err);

/* Empties it again; agents stay. */
void watch_clear(struct watch *watch);

/* Makes the check's timeline anew: it has an earlier first result. */
int watch_build_timeline(const struct watch *watch, struct watch_check *check,
    int64_t first_slot_unix_ms, struct err *err);

#endif
