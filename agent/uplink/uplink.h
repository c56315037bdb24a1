/*
 * uplink.h - the agent's end of the line: a DEALER socket with CURVE that
 * carries the spool to the collector and brings checks back.
 *
 * Measuring never waits for it.  The states, times and failure rows are those
 * of the protocol; the decisions are in session.h (pure), the socket is here.
 */
#ifndef AGENT_UPLINK_H
#define AGENT_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "loop.h"
#include "spool.h"
#include "wire.h"

struct uplink;

struct uplink_keys {
    uint8_t collector_public[WIRE_KEY_BYTES];
    uint8_t agent_public[WIRE_KEY_BYTES];
    uint8_t agent_secret[WIRE_KEY_BYTES];
};

/* All callbacks come from the loop, never from inside a call of ours. */
struct uplink_events {
    /*
     * New checks.  Takes over *config by emptying it, or refuses: -1 and why;
     * the refusal is reported as CONFIG_BAD, acceptance as CONFIG_OK.
     * Keeping them on disk is the callee's business.
     */
    int (*config)(void *ctx, struct wire_config *config, struct err *why);
    /* The collector's clock minus ours, best estimate of the last eight. */
    void (*clock_offset)(void *ctx, int64_t offset_ms);
    /* Fills what a PING tells: self_check, skipped, load_permille. */
    void (*describe)(void *ctx, struct wire_ping *ping);
    /*
     * Stores a new key pair (ROTATE) in place of the old one: the collector
     * has accepted it.  Until then it lies in the spool, and the old one is
     * good.
     */
    int (*store_keys)(
        void *ctx, const struct uplink_keys *keys, struct err *err);
};

struct uplink_spec {
    struct loop *loop;    /* borrowed */
    struct spool *spool;  /* borrowed */
    const char *endpoint; /* "tcp://host:port"; copied */
    const char *agent;    /* name; copied */
    const char *build;    /* copied */
    const char *bind_ip;  /* source address or NULL; copied */
    struct uplink_keys keys;
    uint64_t cfg_version; /* in force, from the spool's note; 0: none */
    struct uplink_events events;
    void *ctx; /* borrowed */
};

struct uplink *uplink_open(const struct uplink_spec *spec, struct err *err);

/* Says BYE if connected; returns at once.  NULL is allowed. */
void uplink_close(struct uplink *uplink);

/* Something was synced to the spool: send it if there is credit. */
void uplink_nudge(struct uplink *uplink);

/*
 * Whether the collector has given a sign of life of late: it is streaming, or
 * it has refused us.
 */
bool uplink_is_heard(const struct uplink *uplink);

/* For logs and status: "streaming", "hello_sent", "disconnected". */
const char *uplink_state_name(const struct uplink *uplink);

#endif
