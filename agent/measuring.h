/*
 * measuring.h - all that is needed to measure: resolver, authorities, libcurl,
 * the clock of the slots, self-check and runner.
 */
#ifndef AGENT_MEASURING_H
#define AGENT_MEASURING_H

#include <stdint.h>

#include "err.h"
#include "loop.h"
#include "runner.h"
#include "self_check.h"

#define MEASURING_BUILD "leadline/" LEADLINE_VERSION

struct measuring;

struct measuring_spec {
    struct loop *loop;    /* borrowed */
    const char *bind_ip4; /* borrowed; source address, or NULL */
    const char *bind_ip6;
    task_sink_fn *sink;
    void *ctx; /* borrowed */
};

/* Without checks: give the runner some. */
struct measuring *measuring_open(
    const struct measuring_spec *spec, struct err *err);

/* Drops what is going on.  NULL is allowed. */
void measuring_close(struct measuring *measuring);

/* Borrowed. */
struct runner *measuring_runner(struct measuring *measuring);
struct self_check *measuring_self_check(struct measuring *measuring);

/* The collector's clock minus this machine's, just now. */
void measuring_steer(struct measuring *measuring, int64_t offset_ms);

#endif
