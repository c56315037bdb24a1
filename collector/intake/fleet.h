/*
 * fleet.h - the agents as intake knows them: their rows, and the session each
 * has now.  No sockets, no store writes.
 */
#ifndef COLLECTOR_FLEET_H
#define COLLECTOR_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "registry.h"
#include "store.h"
#include "wire.h"
#include "zap.h"

enum { FLEET_PEER_BYTES = 32 };

struct fleet_peer {
    uint8_t id[FLEET_PEER_BYTES]; /* ZeroMQ's routing id */
    size_t len;                   /* 0: none */
};

struct fleet_agent {
    struct agent_row row;
    uint64_t session; /* 0: none */
    struct fleet_peer peer;
    uint8_t boot_id[WIRE_ID_BYTES];
    uint8_t spool_id[WIRE_ID_BYTES];
    uint64_t acked_seq;   /* last known to be on disk */
    int64_t heard_ns;     /* monotonic; of the session */
    uint64_t cfg_version; /* that it says it has */
};

struct fleet {
    struct fleet_agent *agents; /* owned; by name */
    size_t count;
};

/*
 * Reads the agents anew; sessions of agents that are still there are kept.
 */
int fleet_load(struct fleet *fleet, struct store_txn *txn, struct err *err);
void fleet_free(struct fleet *fleet);

struct fleet_agent *fleet_find(struct fleet *fleet, const char *name);

/* The key table for ZAP: agents' keys and live tokens.  *entries is the
 * caller's. */
int fleet_zap_table(const struct fleet *fleet, struct store_txn *txn,
    int64_t now_unix_ms, struct zap_entry **entries, size_t *count,
    struct err *err);

/*
 * How much each session may have under way, so that all together stay within
 * 64 MiB: batches in its window and bytes in each.
 */
void fleet_share(const struct fleet *fleet, uint32_t *window_batches,
    uint32_t *max_batch_bytes);

#endif
