#include "load_graph.h"

#include <stdlib.h>
#include <string.h>

static int
check(const struct load_graph *graph, struct err *err)
{
    if (graph->node_count == 0 || graph->node_count > LOAD_NODES_MAX ||
        graph->edge_count > LOAD_EDGES_MAX)
        return err_set(err, ERR_LIMIT, "a graph of %zu nodes, %zu edges",
            graph->node_count, graph->edge_count);
    for (size_t i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].from >= graph->node_count ||
            graph->edges[i].to >= graph->node_count)
            return err_set(err, ERR_PARSE, "edge %zu leads nowhere", i);
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct load_node *node = &graph->nodes[i];

        if (node->kind != LOAD_TASK && (node->origin >= graph->origin_count ||
                                           node->host >= graph->host_count))
            return err_set(err, ERR_PARSE, "node %zu has no origin", i);
    }
    return 0;
}

/* Nodes whose needs are all met, one after the other: what is left over waits
 * for itself. */
static int
check_circles(const struct load_graph *graph, size_t *missing, size_t *stack,
    struct err *err)
{
    size_t left = graph->node_count;
    size_t top = 0;

    for (size_t i = 0; i < graph->edge_count; i++)
        missing[graph->edges[i].to]++;
    for (size_t i = 0; i < graph->node_count; i++)
        if (missing[i] == 0)
            stack[top++] = i;
    while (top > 0) {
        size_t node = stack[--top];

        left--;
        for (size_t i = 0; i < graph->edge_count; i++)
            if (graph->edges[i].from == node &&
                --missing[graph->edges[i].to] == 0)
                stack[top++] = graph->edges[i].to;
    }
    return left == 0 ? 0
                     : err_set(err, ERR_PARSE,
                           "%zu nodes wait for "
                           "themselves",
                           left);
}

int
load_graph_order(const struct load_graph *graph, size_t *order, size_t *count,
    struct err *err)
{
    size_t *scratch;
    bool *seen;
    int rc = -1;

    *count = 0;
    if (check(graph, err) != 0)
        return -1;
    scratch = calloc(2 * graph->node_count, sizeof(*scratch));
    seen = calloc(graph->node_count, sizeof(*seen));
    if (scratch == NULL || seen == NULL) {
        err_set(err, ERR_NOMEM, "order of %zu nodes", graph->node_count);
        goto out;
    }
    if (check_circles(graph, scratch, scratch + graph->node_count, err) != 0)
        goto out;
    order[(*count)++] = 0;
    seen[0] = true;
    for (size_t at = 0; at < *count; at++)
        for (size_t i = 0; i < graph->edge_count; i++) {
            size_t to = graph->edges[i].to;

            if (graph->edges[i].from != order[at] || seen[to])
                continue;
            seen[to] = true;
            order[(*count)++] = to;
        }
    rc = 0;
out:
    free(seen);
    free(scratch);
    return rc;
}

void
load_graph_add_needs(const struct load_graph *graph, bool *chosen)
{
    bool more = true;

    chosen[0] = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < graph->edge_count; i++) {
            const struct load_edge *edge = &graph->edges[i];

            if (chosen[edge->to] && !chosen[edge->from])
                chosen[edge->from] = more = true;
        }
    }
}
