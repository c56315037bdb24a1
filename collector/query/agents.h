/*
 * agents.h - the fleet: version, last seen, spool, clock, self-check,
 * configuration.
 */
#ifndef COLLECTOR_QUERY_AGENTS_H
#define COLLECTOR_QUERY_AGENTS_H

#include <jansson.h>
#include <stdint.h>

#include "err.h"
#include "registry.h"
#include "store.h"

/* An agent is present while it was heard from in so long a time: three pings
 * and a minute. */
enum { AGENT_PRESENT_MS = 90000 };

/* "present", "silent", "suspended" or "revoked". */
const char *agent_state_name(const struct agent_row *row, int64_t now_unix_ms);

/* {"agents": [...]}, new. */
json_t *agents_query(
    struct store_txn *txn, int64_t now_unix_ms, struct err *err);

/* {"present": n, "expected": n}: those enrolled and neither suspended nor
 * revoked, new. */
json_t *agents_count(
    struct store_txn *txn, int64_t now_unix_ms, struct err *err);

#endif
