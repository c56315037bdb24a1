/*
 * intake.h - the collector's end of the line: a ROUTER socket with CURVE.
 *
 * Speaks the protocol with agents, hands batches to the writer, answers after
 * the commit, pushes checks.  Everything from outside that is not well formed
 * is dropped and counted.
 */
#ifndef COLLECTOR_INTAKE_H
#define COLLECTOR_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "collector_conf.h"
#include "curve_key.h"
#include "err.h"
#include "fleet.h"
#include "loop.h"
#include "meter.h"
#include "store.h"
#include "writer.h"

struct intake;

struct intake_spec {
    struct loop *loop;     /* borrowed */
    struct store *store;   /* borrowed */
    struct writer *writer; /* borrowed */
    const char *listen;    /* "tcp://\*:7411" without the \ */
    struct curve_key key;
    const struct config *config; /* borrowed until intake_set_config() */
};

struct intake *intake_open(const struct intake_spec *spec, struct err *err);
/* Says BYE to all.  NULL is allowed. */
void intake_close(struct intake *intake);

/* New checks go out to agents at once. */
void intake_set_config(struct intake *intake, const struct config *config);

/* What is told of results that are on disk; borrowed; NULL, at first: nothing. */
void intake_set_meter(struct intake *intake, struct meter *meter);

/* An agent was added or changed: keys and places are read anew. */
void intake_fleet_changed(struct intake *intake);

struct intake_counts {
    uint64_t messages;
    uint64_t dropped; /* not authenticated, not well formed */
    uint64_t refused_keys;
    uint64_t batches;
    uint64_t results;    /* committed */
    uint64_t duplicates; /* batches */
    uint64_t overruns;   /* batches beyond the window: not looked at */
    uint64_t nacks;
    uint64_t sessions; /* live */
};

void intake_counts(const struct intake *intake, struct intake_counts *counts);

#endif
