/*
 * fallback.h - posts to the webhook that came with the configuration when the
 * collector is gone, and when it is back.  When: outcry.h.
 */
#ifndef AGENT_FALLBACK_H
#define AGENT_FALLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "loop.h"
#include "spool.h"

struct fallback;

struct fallback_spec {
    struct loop *loop;   /* borrowed */
    struct spool *spool; /* borrowed */
    const char *agent;   /* borrowed; names */
    const char *build;
    bool (*is_heard)(void *ctx); /* the collector, of late */
    bool (*is_cut_off)(void *ctx);
    void *ctx;
};

struct fallback *fallback_open(
    const struct fallback_spec *spec, struct err *err);
/* NULL is allowed. */
void fallback_close(struct fallback *fallback);

/* What came with a configuration; NULL: there is no webhook. */
void fallback_assign(
    struct fallback *fallback, const char *webhook, uint32_t rank);

/* Where the collector is, for the words; copied. */
void fallback_set_endpoint(struct fallback *fallback, const char *endpoint);

#endif
