/*
 * probe_live.h - many probes as they come: a line each, a status line that is
 * rewritten where the screen can, a summary at the end.
 */
#ifndef COLLECTOR_PROBE_LIVE_H
#define COLLECTOR_PROBE_LIVE_H

#include "check.h"
#include "err.h"
#include "measure.h"
#include "paper.h"
#include "probe_sum.h"

/* Borrowed, for as long as it lives. */
struct probe_live_spec {
    const struct paper *paper;
    const char *target;
    const struct check *check;
    int64_t count; /* 0: until it is ended */
    int64_t interval_ms;
    bool quiet; /* prints nothing: only counts */
};

struct probe_live;

struct probe_live *probe_live_new(
    const struct probe_live_spec *spec, struct err *err);
void probe_live_free(struct probe_live *live);

void probe_live_begin(struct probe_live *live);

/* The legs of one shot, one or two. */
void probe_live_add(struct probe_live *live, int64_t number,
    const struct measure *legs, size_t leg_count);

/* Rewrites the status line: how many are under way, for how long. */
void probe_live_status(
    struct probe_live *live, size_t under_way, int64_t waited_ns);

void probe_live_end(struct probe_live *live, const struct probe_end *end);

/* An exit code: something was down, or something was served, or neither. */
int probe_live_code(const struct probe_live *live);

#endif
