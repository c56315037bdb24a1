/*
 * raise_fleet.h - what is wrong with agents, regions and the collector's own
 * line: silence, self-checks, clocks, refused configurations, second
 * processes.  Pure; the rules are those of semantics.md, "Telling apart whose
 * fault it is".
 *
 * Silence is counted on the monotonic clock, and only while the collector
 * itself was there to listen: a date that is set, a machine that slept and a
 * restart make nobody silent.
 */
#ifndef COLLECTOR_RAISE_FLEET_H
#define COLLECTOR_RAISE_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "condition.h"
#include "registry.h"
#include "zone.h"

enum {
    RAISE_SILENT_MS = 90000,           /* three heartbeats and 60 s */
    RAISE_OFFLINE_TELL_MS = 300000,    /* silent so long: told */
    RAISE_AT_ONCE_MS = 60000,          /* fell silent within so long */
    RAISE_COME_BACK_MS = 180000,       /* agents need to find us again */
    RAISE_SELF_CHECK_MS = 30000,       /* failing for three rounds */
    RAISE_SELF_CHECK_TELL_MS = 900000, /* ... and so long: told */
    RAISE_CLOCK_MS = 30000,            /* off by more */
    RAISE_CLOCK_RELIEF_MS = 5000,      /* less off by so much: over */
    RAISE_CLOCK_SAME_MS = 5000,        /* all off alike: it is ours */
    RAISE_CLONE_MS = 660000            /* a clone asks every five minutes */
};

/* One agent that may speak, as of now.  Strings are borrowed. */
struct raise_agent {
    const char *name;
    const char *region;
    int64_t last_seen_unix_ms; /* by the date; 0: never */
    bool heard;                /* since we began to listen */
    int64_t silent_ms;         /* since it was heard, or since we listen */
    int64_t silent_unix_ms;    /* when that began, by the date of today */
    bool was_silent; /* AGENT_OFFLINE was raised before we began to listen */

    uint8_t self_check;      /* as in agent_row */
    int64_t failing_unix_ms; /* since when it fails; 0: it does not */
    bool clock_known;
    int64_t clock_offset_ms;
    bool clock_was_off; /* AGENT_CLOCK is raised */
    const char *cfg_refused;
    int64_t cfg_refused_unix_ms; /* seen first */
    const char *address;
    int64_t clone_unix_ms;       /* 0: never */
    int64_t clone_first_unix_ms; /* of this spell */
    const char *clone_address;
};

struct raise_fleet {
    const struct raise_agent *agents; /* borrowed; those that may speak */
    size_t count;
    int64_t now_unix_ms;
    int64_t listening_ms;      /* without a gap */
    int64_t listening_unix_ms; /* since when, by the date of then */
    bool was_isolated;         /* COLLECTOR_ISOLATED is raised */
    bool clock_was_off;        /* AGENT_CLOCK of the collector is raised */
    const char *own_refused;   /* why the last reload was; "" */
    int64_t own_refused_unix_ms;
    const struct zone *zone; /* borrowed; NULL: UTC */
};

/* COLLECTOR_ISOLATED, REGION_BLIND and AGENT_OFFLINE. */
int raise_silence(const struct raise_fleet *fleet,
    struct condition_claims *claims, struct err *err);

/* AGENT_NETWORK, AGENT_CLOCK, CONFIG_REJECTED and DUPLICATE_AGENT. */
int raise_agents(const struct raise_fleet *fleet,
    struct condition_claims *claims, struct err *err);

/* AGENT_OFFLINE holds of this agent. */
bool raise_is_silent(
    const struct raise_fleet *fleet, const struct raise_agent *agent);

#endif
