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

enum {
    FLEET_PEER_BYTES = 32,
    FLEET_TAG_BYTES = 13,            /* the first 12 hex digits of a key */
    FLEET_WINDOW_MAX = 8,            /* batches */
    FLEET_GRANT_MAX_BYTES = 64 << 20 /* over all sessions */
};

struct fleet_peer {
    uint8_t id[FLEET_PEER_BYTES]; /* ZeroMQ's routing id */
    size_t len;                   /* 0: none */
};

struct fleet_agent {
    struct agent_row row;
    uint64_t session; /* 0: none */
    struct fleet_peer peer;
    char key_tag[FLEET_TAG_BYTES]; /* of the key the session came in with */
    uint8_t boot_id[WIRE_ID_BYTES];
    uint8_t spool_id[WIRE_ID_BYTES];
    uint64_t acked_seq;       /* last known to be on disk */
    int64_t heard_ns;         /* monotonic; of the session */
    uint64_t cfg_version;     /* that it says it has */
    uint64_t cfg_told;        /* sent in this session */
    bool cfg_due;             /* it could not be sent */
    bool retiring;            /* its old key's end is on its way to the disk */
    uint32_t max_batch_bytes; /* as its WELCOME said */
    uint32_t window;          /* batches, as it was told last */
    uint32_t window_peak;     /* the largest of this session */
    size_t queued_bytes;      /* of its batches with the writer */
    uint64_t bad_seq;    /* of the last single record that was not readable */
    uint64_t unkept_seq; /* of the last that the store could not keep */
};

struct fleet {
    struct fleet_agent *agents; /* owned; by name */
    size_t count;
    size_t speakers;      /* agents that may have a session */
    size_t granted_bytes; /* windows of all sessions together */
};

/*
 * Reads the agents anew.  Sessions of agents that are still there are kept,
 * and so is their last news, of which the store may not have the latest yet.
 */
int fleet_load(struct fleet *fleet, struct store_txn *txn, struct err *err);
void fleet_free(struct fleet *fleet);

struct fleet_agent *fleet_find(struct fleet *fleet, const char *name);

/* The key table for ZAP: agents' keys and live tokens.  *entries is the
 * caller's. */
int fleet_zap_table(const struct fleet *fleet, struct store_txn *txn,
    int64_t now_unix_ms, struct zap_entry **entries, size_t *count,
    struct err *err);

/* ---- keys: two during a rotation, the one in force first ---- */

void fleet_key_tag(
    const uint8_t key[REGISTRY_KEY_BYTES], char tag[FLEET_TAG_BYTES]);

/* Which of the agent's keys has that tag: 0, 1, or -1. */
int fleet_key_index(const struct fleet_agent *agent, const char *tag);

/* The newer key is the only one from now on. */
void fleet_retire_key(struct fleet_agent *agent);

/* ---- sessions, and what they may have under way ---- */

/*
 * Begins a session: `agent->session`, and the terms that WELCOME tells.  The
 * windows of all sessions together never pass FLEET_GRANT_MAX_BYTES; where
 * nothing is left, the window is 0 until fleet_grant() finds room.
 */
void fleet_begin_session(struct fleet *fleet, struct fleet_agent *agent);

/*
 * False once the fleet has grown so much that a batch of this session takes
 * more than its share: then others might never get one.
 */
bool fleet_terms_stand(
    const struct fleet *fleet, const struct fleet_agent *agent);

/* What it was granted is free again.  Twice is harmless. */
void fleet_end_session(struct fleet *fleet, struct fleet_agent *agent);

/* Sets agent->window to its fair share of what there is now. */
void fleet_grant(struct fleet *fleet, struct fleet_agent *agent);

/* Grants nothing for now. */
void fleet_grant_none(struct fleet *fleet, struct fleet_agent *agent);

#endif
