/*
 * pool_model.h - a browser's connections in the model of a slow line: six an
 * origin for HTTP/1.1, one for HTTP/2.  Pure.  Source: Lantern's
 * ConnectionPool.js and NetworkAnalyzer.estimateIfConnectionWasReused, with
 * its coarse estimate.
 */
#ifndef AGENT_POOL_MODEL_H
#define AGENT_POOL_MODEL_H

#include "err.h"
#include "load_graph.h"
#include "tcp_model.h"

enum { POOL_MODEL_PER_ORIGIN = 6 };

/* What an origin is taken to need where nothing is known. */
static const double pool_model_server_ms = 30.0;

struct pool_model;

struct pool_model_spec {
    const struct load_graph *graph; /* borrowed for the pool's life */
    const size_t *order; /* borrowed for the call: load_graph_order */
    size_t count;
    const bool *chosen; /* NULL: all; borrowed for the call */
    double rtt_ms;
    double bits_per_s;
};

/* NULL with ERR_NOMEM. */
struct pool_model *pool_model_new(
    const struct pool_model_spec *spec, struct err *err);
void pool_model_free(struct pool_model *pool);

/*
 * The idle connection of that origin with the largest window, now in use;
 * NULL if all are.  Lent until it is given back.
 */
struct tcp_model *pool_model_acquire(struct pool_model *pool, size_t origin);
void pool_model_release(struct pool_model *pool, struct tcp_model *tcp);

/* Connections in use share the line. */
void pool_model_share(struct pool_model *pool, double bits_per_s);

/* How many that origin has, in use or not. */
size_t pool_model_size(const struct pool_model *pool, size_t origin);

#endif
