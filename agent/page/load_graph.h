/*
 * load_graph.h - a page as the model sees it: requests and tasks of the main
 * thread, and which of them wait for which.  Values only; all borrowed.
 */
#ifndef AGENT_LOAD_GRAPH_H
#define AGENT_LOAD_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum load_kind {
    LOAD_REQUEST, /* over the network */
    LOAD_DISK,    /* a request answered by the browser's cache */
    LOAD_INLINE,  /* data: and the like */
    LOAD_TASK     /* of the main thread */
};

/* As Chromium names them. */
enum load_priority {
    LOAD_VERY_HIGH,
    LOAD_HIGH,
    LOAD_MEDIUM,
    LOAD_LOW,
    LOAD_VERY_LOW
};

struct load_node {
    enum load_kind kind;
    double start_us; /* of those that are ready, which goes first */
    /* A request. */
    enum load_priority priority;
    size_t origin;
    size_t host;
    bool tls;
    bool h2;
    double asked_ms;      /* as it was seen: who came after the first answer */
    double ended_ms;      /* of its origin is taken to have reused it */
    double bytes;         /* header and body as sent */
    double decoded_bytes; /* of what is on disk or inline */
    /* A task. */
    double task_us;
    bool layout;
};

struct load_edge {
    size_t from;
    size_t to; /* starts no sooner than `from` has ended */
};

struct load_origin {
    double extra_rtt_ms; /* further away than the nearest one */
    double server_ms;    /* 0: not known */
};

struct load_graph {
    const struct load_node *nodes; /* the first is the one all wait for */
    size_t node_count;
    const struct load_edge *edges;
    size_t edge_count;
    const struct load_origin *origins;
    size_t origin_count;
    size_t host_count;
};

enum { LOAD_NODES_MAX = 4096, LOAD_EDGES_MAX = 65536 };

/*
 * Fills `order` with the nodes that are reached from the first, nearest first
 * (breadth first, along the edges in their order), and tells how many.  Fails
 * with ERR_LIMIT, with ERR_PARSE where an index points nowhere or a circle
 * would wait for itself, ERR_NOMEM.
 */
int load_graph_order(const struct load_graph *graph, size_t *order,
    size_t *count, struct err *err);

/*
 * Adds to the chosen nodes all that they wait for, the first always.  Flags
 * are one a node.
 */
void load_graph_add_needs(const struct load_graph *graph, bool *chosen);

#endif
