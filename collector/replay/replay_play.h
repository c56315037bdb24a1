/*
 * replay_play.h - feeds events to the alert decisions under a time of their
 * own, and writes down every message that comes of it.
 */
#ifndef COLLECTOR_REPLAY_PLAY_H
#define COLLECTOR_REPLAY_PLAY_H

#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "replay.h"
#include "replay_events.h"
#include "store.h"

struct replay_play {
    struct store_txn *txn; /* of the store that is played in */
    const struct conf_history *conf;
    const struct replay_events *events;
    int64_t from_unix_ms; /* what is queued before is not written down */
    int64_t to_unix_ms;
};

/* Adds to `replay` its messages and alerts; these are in no order. */
int replay_play_run(
    const struct replay_play *play, struct replay *replay, struct err *err);

#endif
