#include "load_model.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "dns_model.h"
#include "pool_model.h"

enum { STEPS_MAX = 100001 };

/* Longer tasks are taken to have waited rather than worked. */
static const double task_max_ms = 10000;

/* One node on its way. */
struct run {
    size_t missing;        /* how many it still waits for */
    struct tcp_model *tcp; /* lent by the pool while it runs */
    double elapsed_ms;
    double overshoot_ms; /* elapsed beyond the clock: whole round trips */
    double bytes;
    double left_ms; /* the last estimate */
};

struct model {
    const struct load_graph *graph; /* borrowed */
    const struct load_net *net;     /* borrowed */
    struct load_time *times;        /* borrowed */
    struct pool_model *pool;        /* owned */
    struct dns_model dns;
    double *known_at_ms; /* owned; of dns */
    struct run *runs;    /* owned; one a node */
    size_t *order;       /* owned; the nodes that take part */
    size_t order_count;
    size_t *ready; /* owned; by position */
    size_t ready_count;
    size_t *running; /* owned; in the order in which they began */
    size_t running_count;
    size_t requests_running;
    size_t tasks_running;
    double at_most;
    double now_ms;
};

/* A low priority may start earlier by chance where the line is fast. */
static double
position(const struct load_node *node)
{
    static const double behind_s[] = {
        [LOAD_VERY_HIGH] = 0,
        [LOAD_HIGH] = 0.25,
        [LOAD_MEDIUM] = 0.5,
        [LOAD_LOW] = 1,
        [LOAD_VERY_LOW] = 2,
    };

    if (node->kind == LOAD_TASK)
        return node->start_us;
    return node->start_us + behind_s[node->priority] * 1000 * 1000;
}

static void
make_ready(struct model *m, size_t node)
{
    double own = position(&m->graph->nodes[node]);
    size_t at = m->ready_count++;

    while (at > 0 && position(&m->graph->nodes[m->ready[at - 1]]) > own) {
        m->ready[at] = m->ready[at - 1];
        at--;
    }
    m->ready[at] = node;
}

/* ---- beginning ---- */

static bool
start(struct model *m, size_t at)
{
    const struct load_node *node = &m->graph->nodes[at];

    if (node->kind == LOAD_TASK) {
        if (m->tasks_running > 0)
            return false;
        m->tasks_running++;
    } else {
        if (node->kind == LOAD_REQUEST) {
            if ((double)m->requests_running >= m->at_most)
                return false;
            m->runs[at].tcp = pool_model_acquire(m->pool, node->origin);
            if (m->runs[at].tcp == NULL)
                return false;
        }
        m->requests_running++;
    }
    m->times[at] = (struct load_time){.ran = true, .start_ms = m->now_ms};
    m->running[m->running_count++] = at;
    return true;
}

static void
start_all(struct model *m)
{
    size_t kept = 0;

    for (size_t i = 0; i < m->ready_count; i++)
        if (!start(m, m->ready[i]))
            m->ready[kept++] = m->ready[i];
    m->ready_count = kept;
    if (m->requests_running > 0)
        pool_model_share(
            m->pool, m->net->bits_per_s / (double)m->requests_running);
}

/* ---- how far each is ---- */

static struct tcp_model_answer
download(struct model *m, size_t at, double at_most_ms)
{
    const struct load_node *node = &m->graph->nodes[at];
    struct run *run = &m->runs[at];

    return tcp_model_download(run->tcp,
        &(struct tcp_model_ask){.bytes = node->bytes - run->bytes,
            .elapsed_ms = run->elapsed_ms,
            .at_most_ms = at_most_ms,
            .dns_ms =
                dns_model_ask(&m->dns, node->host, m->times[at].start_ms)});
}

/* What JavaScript's Math.round does: halves go up. */
static double
round_up_halves(double value)
{
    double low = floor(value);

    return value - low >= 0.5 ? low + 1 : low;
}

static double
left_ms(struct model *m, size_t at)
{
    const struct load_node *node = &m->graph->nodes[at];
    struct run *run = &m->runs[at];
    double megabytes = node->decoded_bytes / 1024 / 1024;

    switch (node->kind) {
    case LOAD_TASK:
        return fmin(round_up_halves(node->task_us / 1000 *
                                    (node->layout ? m->net->layout_factor
                                                  : m->net->task_factor)),
                   task_max_ms) -
               run->elapsed_ms;
    case LOAD_DISK: /* a seek and reading */
        return 8 + 20 * megabytes - run->elapsed_ms;
    case LOAD_INLINE: /* decoding */
        return 2 + 10 * megabytes - run->elapsed_ms;
    case LOAD_REQUEST:
        break;
    }
    return download(m, at, INFINITY).elapsed_ms + run->overshoot_ms;
}

static void
finish(struct model *m, size_t at)
{
    const struct load_node *node = &m->graph->nodes[at];

    m->times[at].end_ms = m->now_ms;
    if (node->kind == LOAD_TASK)
        m->tasks_running--;
    else
        m->requests_running--;
    for (size_t i = 0; i < m->graph->edge_count; i++) {
        const struct load_edge *edge = &m->graph->edges[i];

        if (edge->from == at && --m->runs[edge->to].missing == 0)
            make_ready(m, edge->to);
    }
}

/* Tells whether it ended. */
static bool
go_on(struct model *m, size_t at, double step_ms)
{
    struct run *run = &m->runs[at];
    bool ended = run->left_ms == step_ms;
    struct tcp_model_answer answer;

    if (m->graph->nodes[at].kind != LOAD_REQUEST) {
        run->elapsed_ms += step_ms;
    } else {
        answer = download(m, at, step_ms - run->overshoot_ms);
        run->tcp->window = answer.window;
        run->tcp->overflow_bytes = run->tcp->h2 ? answer.extra_bytes : 0.0;
        run->elapsed_ms += answer.elapsed_ms;
        run->overshoot_ms += answer.elapsed_ms - step_ms;
        run->bytes += answer.bytes;
        if (ended) {
            run->tcp->warmed = true;
            pool_model_release(m->pool, run->tcp);
        }
    }
    if (ended)
        finish(m, at);
    return ended;
}

static int
step(struct model *m, struct err *err)
{
    double step_ms = INFINITY;
    size_t kept = 0;

    start_all(m);
    if (m->running_count == 0)
        return err_set(err, ERR_LIMIT, "nothing of the page can start");
    for (size_t i = 0; i < m->running_count; i++) {
        struct run *run = &m->runs[m->running[i]];

        run->left_ms = left_ms(m, m->running[i]);
        step_ms = fmin(step_ms, run->left_ms);
    }
    if (!isfinite(step_ms))
        return err_set(err, ERR_LIMIT, "the page never ends");
    m->now_ms += step_ms;
    for (size_t i = 0; i < m->running_count; i++)
        if (!go_on(m, m->running[i], step_ms))
            m->running[kept++] = m->running[i];
    m->running_count = kept;
    return 0;
}

/* ---- the whole ---- */

static void
close_model(struct model *m)
{
    pool_model_free(m->pool);
    free(m->known_at_ms);
    free(m->runs);
    free(m->order);
    free(m->ready);
    free(m->running);
}

static int
open_model(struct model *m, const bool *chosen, struct err *err)
{
    const struct load_graph *graph = m->graph;
    size_t count = graph->node_count;

    m->known_at_ms = calloc(graph->host_count + 1, sizeof(*m->known_at_ms));
    m->runs = calloc(count + 1, sizeof(*m->runs));
    m->order = calloc(count + 1, sizeof(*m->order));
    m->ready = calloc(count + 1, sizeof(*m->ready));
    m->running = calloc(count + 1, sizeof(*m->running));
    if (m->known_at_ms == NULL || m->runs == NULL || m->order == NULL ||
        m->ready == NULL || m->running == NULL)
        return err_set(err, ERR_NOMEM, "model of %zu nodes", count);
    if (load_graph_order(graph, m->order, &m->order_count, err) != 0)
        return -1;
    m->pool = pool_model_new(&(struct pool_model_spec){.graph = graph,
                                 .order = m->order,
                                 .count = m->order_count,
                                 .chosen = chosen,
                                 .rtt_ms = m->net->rtt_ms,
                                 .bits_per_s = m->net->bits_per_s},
        err);
    if (m->pool == NULL)
        return -1;
    dns_model_init(&m->dns, m->net->rtt_ms, m->known_at_ms, graph->host_count);
    /* Who is not chosen waits for ever. */
    for (size_t i = 0; i < count; i++)
        m->runs[i].missing = chosen == NULL || chosen[i] ? 0 : SIZE_MAX / 2;
    for (size_t i = 0; i < graph->edge_count; i++)
        m->runs[graph->edges[i].to].missing++;
    return 0;
}

int
load_model_run(const struct load_graph *graph, const struct load_net *net,
    const bool *chosen, struct load_time *times, double *total_ms,
    struct err *err)
{
    struct model m = {.graph = graph, .net = net, .times = times};
    int rc = open_model(&m, chosen, err);

    for (size_t i = 0; i < graph->node_count; i++)
        times[i] = (struct load_time){0};
    m.at_most = fmax(fmin(tcp_model_saturating(net->rtt_ms, net->bits_per_s),
                         LOAD_AT_ONCE_MAX),
        1);
    if (rc == 0)
        make_ready(&m, 0);
    for (int n = 0; rc == 0 && (m.ready_count > 0 || m.running_count > 0); n++)
        rc = n < STEPS_MAX
                 ? step(&m, err)
                 : err_set(err, ERR_LIMIT, "more than %d steps", STEPS_MAX);
    *total_ms = m.now_ms;
    close_model(&m);
    return rc;
}
