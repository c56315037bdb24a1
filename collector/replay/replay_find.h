/*
 * replay_find.h - the incidents of a span as given settings make them, with
 * when each would have been noticed and found to be over.
 */
#ifndef COLLECTOR_REPLAY_FIND_H
#define COLLECTOR_REPLAY_FIND_H

#include <stddef.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "incident_row.h"
#include "store.h"

struct replay_incident {
    struct incident_row row; /* as it ends up within the span */
    int64_t opened_unix_ms;  /* noticed */
    int64_t closed_unix_ms;  /* found to be over; 0: not in the span */
};

struct replay_incidents {
    struct replay_incident *items; /* owned */
    size_t count;
};

struct replay_find {
    struct store_txn *stored; /* has the incidents that were */
    struct store_txn
        *played; /* has the verdicts, as replay_store_fill() does */
    const struct conf_history *conf;
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    bool imported; /* as in struct replay_spec */
};

/* Of all checks; also the stored ones that were withdrawn. */
int replay_find_incidents(const struct replay_find *find,
    struct replay_incidents *found, struct err *err);
void replay_incidents_free(struct replay_incidents *found);

#endif
