#include "pool_model.h"

#include <math.h>
#include <stdlib.h>

struct connection {
    struct tcp_model tcp; /* first: who gives it back gives this */
    size_t origin;
    bool in_use;
};

struct pool_model {
    struct connection *connections; /* owned; an origin's in their order */
    size_t count;
    size_t capacity;
};

/* The requests of an origin, as far as they decide what is reused. */
struct origin_seen {
    double first_end_ms;
    size_t first; /* the earliest asked; LOAD_NODES_MAX: none */
};

static bool
has_connection(const struct pool_model_spec *spec, size_t node)
{
    enum load_kind kind = spec->graph->nodes[node].kind;

    return (spec->chosen == NULL || spec->chosen[node]) &&
           (kind == LOAD_REQUEST || kind == LOAD_DISK);
}

static struct origin_seen
look_at(const struct pool_model_spec *spec, size_t origin)
{
    struct origin_seen seen = {INFINITY, LOAD_NODES_MAX};
    const struct load_node *nodes = spec->graph->nodes;

    for (size_t i = 0; i < spec->count; i++) {
        size_t at = spec->order[i];

        if (!has_connection(spec, at) || nodes[at].origin != origin)
            continue;
        seen.first_end_ms = fmin(seen.first_end_ms, nodes[at].ended_ms);
        if (seen.first == LOAD_NODES_MAX ||
            nodes[seen.first].asked_ms > nodes[at].asked_ms)
            seen.first = at;
    }
    return seen;
}

static void
add(struct pool_model *pool, size_t origin, struct tcp_model tcp)
{
    pool->connections[pool->count++] =
        (struct connection){.tcp = tcp, .origin = origin};
}

static void
open_origin(
    struct pool_model *pool, const struct pool_model_spec *spec, size_t origin)
{
    const struct load_origin *far = &spec->graph->origins[origin];
    struct origin_seen seen = look_at(spec, origin);
    size_t from = pool->count;
    double server_ms =
        far->server_ms != 0.0 ? far->server_ms : pool_model_server_ms;

    if (seen.first == LOAD_NODES_MAX)
        return;
    for (size_t i = 0; i < spec->count; i++) {
        size_t at = spec->order[i];
        const struct load_node *node = &spec->graph->nodes[at];

        if (!has_connection(spec, at) || node->origin != origin)
            continue;
        if (at != seen.first &&
            (node->asked_ms >= seen.first_end_ms || node->h2))
            continue;
        add(pool, origin,
            tcp_model_cold(spec->rtt_ms + far->extra_rtt_ms, spec->bits_per_s,
                server_ms, node->tls, node->h2));
    }
    if (pool->connections[from].tcp.h2)
        return;
    while (pool->count - from < POOL_MODEL_PER_ORIGIN)
        add(pool, origin, pool->connections[from].tcp);
}

struct pool_model *
pool_model_new(const struct pool_model_spec *spec, struct err *err)
{
    struct pool_model *pool = calloc(1, sizeof(*pool));
    size_t origins = spec->graph->origin_count;

    if (pool != NULL) {
        pool->capacity =
            spec->graph->node_count + origins * POOL_MODEL_PER_ORIGIN;
        pool->connections = calloc(pool->capacity, sizeof(*pool->connections));
    }
    if (pool == NULL || pool->connections == NULL) {
        pool_model_free(pool);
        err_set(err, ERR_NOMEM, "connections of %zu origins", origins);
        return NULL;
    }
    for (size_t i = 0; i < origins; i++)
        open_origin(pool, spec, i);
    return pool;
}

void
pool_model_free(struct pool_model *pool)
{
    if (pool == NULL)
        return;
    free(pool->connections);
    free(pool);
}

struct tcp_model *
pool_model_acquire(struct pool_model *pool, size_t origin)
{
    struct connection *best = NULL;

    for (size_t i = 0; i < pool->count; i++) {
        struct connection *c = &pool->connections[i];

        if (c->origin != origin || c->in_use)
            continue;
        /* A window of nothing loses against any, also against itself. */
        if (best == NULL || best->tcp.window == 0.0 ||
            c->tcp.window > best->tcp.window)
            best = c;
    }
    if (best == NULL)
        return NULL;
    best->in_use = true;
    return &best->tcp;
}

void
pool_model_release(struct pool_model *pool, struct tcp_model *tcp)
{
    for (size_t i = 0; i < pool->count; i++)
        if (&pool->connections[i].tcp == tcp)
            pool->connections[i].in_use = false;
}

void
pool_model_share(struct pool_model *pool, double bits_per_s)
{
    for (size_t i = 0; i < pool->count; i++)
        if (pool->connections[i].in_use)
            pool->connections[i].tcp.bits_per_s = bits_per_s;
}

size_t
pool_model_size(const struct pool_model *pool, size_t origin)
{
    size_t count = 0;

    for (size_t i = 0; i < pool->count; i++)
        count += pool->connections[i].origin == origin;
    return count;
}
