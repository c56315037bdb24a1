/*
 * replay_write.h - writes down what a replay does: messages, and of each alert
 * why nothing was told of it.
 */
#ifndef COLLECTOR_REPLAY_WRITE_H
#define COLLECTOR_REPLAY_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "replay.h"
#include "replay_find.h"
#include "store.h"

struct replay_moment {
    struct store_txn *txn;
    int64_t now_unix_ms;
    bool counts; /* else it is before the span */
};

/* All that is queued: written down, and accepted. */
int replay_write_messages(
    struct replay *replay, const struct replay_moment *moment, struct err *err);

/* Remembers what keeps whom quiet now: it may be over before they are. */
int replay_write_hushed(
    struct replay *replay, struct store_txn *txn, struct err *err);

/* How it stands with one before it ends, or at the end of the span. */
int replay_write_incident(struct replay *replay, struct store_txn *txn,
    const struct replay_incident *incident, struct err *err);
int replay_write_condition(struct replay *replay, struct store_txn *txn,
    const struct condition *condition, struct err *err);
/* All FLAPPING ones, which nobody but the replay has raised. */
int replay_write_flapping(
    struct replay *replay, struct store_txn *txn, struct err *err);

#endif
