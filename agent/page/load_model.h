/*
 * load_model.h - when each request and task of a page begins and ends over a
 * slow line and on a slow processor.  Pure: a line without competition, a
 * server that takes as long as it took, a browser's connections.
 *
 * It is Lantern's simulator (trace_engine,
 * models/trace/lantern/simulation/Simulator.js), and gives its figures to the
 * last bit.
 */
#ifndef AGENT_LOAD_MODEL_H
#define AGENT_LOAD_MODEL_H

#include "err.h"
#include "load_graph.h"

enum { LOAD_AT_ONCE_MAX = 10 };

struct load_net {
    double rtt_ms;
    double bits_per_s;
    double task_factor;   /* how much slower tasks are than they were seen */
    double layout_factor; /* the same for tasks with a layout */
};

struct load_time {
    bool ran; /* it was chosen and is reached from the first */
    double start_ms;
    double end_ms;
};

/*
 * Fills `times`, one a node, and `total_ms`.  `chosen`, one flag a node, NULL
 * for all, must hold what its nodes wait for: load_graph_add_needs().  Fails
 * with ERR_LIMIT, ERR_PARSE and ERR_NOMEM as load_graph_order() does, and
 * with ERR_LIMIT where no end is found.
 */
int load_model_run(const struct load_graph *graph, const struct load_net *net,
    const bool *chosen, struct load_time *times, double *total_ms,
    struct err *err);

#endif
