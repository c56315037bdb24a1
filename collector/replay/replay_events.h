/*
 * replay_events.h - what happened when, in one order, for a replay.
 */
#ifndef COLLECTOR_REPLAY_EVENTS_H
#define COLLECTOR_REPLAY_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "condition.h"
#include "conf_history.h"
#include "err.h"
#include "replay_find.h"
#include "store.h"

/* At one moment in this order. */
enum replay_event_kind {
    REPLAY_SETTINGS, /* a version comes into force */
    REPLAY_LOOK,     /* a silence begins or ends */
    REPLAY_INCIDENT_OPENS,
    REPLAY_CONDITION_OPENS,
    REPLAY_INCIDENT_ACKED,
    REPLAY_CONDITION_ACKED,
    REPLAY_INCIDENT_ENDS,
    REPLAY_CONDITION_ENDS
};

struct replay_event {
    int64_t at_unix_ms;
    enum replay_event_kind kind;
    size_t place; /* of the incident, condition or version */
};

struct replay_events {
    struct replay_event *items; /* owned; in order */
    size_t count;
    struct replay_incidents incidents; /* owned; taken over */
    struct condition *conditions;      /* owned */
    size_t condition_count;
};

struct replay_gather {
    struct store_txn *stored;
    const struct conf_history *conf;
    int64_t from_unix_ms;
    int64_t to_unix_ms;
};

/* Takes over `incidents`.  On failure *events needs no free. */
int replay_events_gather(const struct replay_gather *gather,
    struct replay_incidents *incidents, struct replay_events *events,
    struct err *err);
void replay_events_free(struct replay_events *events);

#endif
