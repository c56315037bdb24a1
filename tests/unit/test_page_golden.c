/*
 * What Lantern and Lighthouse make of random inputs, and ours beside it:
 * equal to the last bit.  tests/bench/page/golden.mjs writes the files;
 * PAGE_GOLDEN_DIR may name a folder with larger ones.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "load_model.h"
#include "tcp_model.h"
#include "vitals.h"

enum { WORDS_MAX = 20 };

struct lines {
    FILE *in;
    int number;
    double words[WORDS_MAX];
    int count;
};

static void
open_lines(struct lines *lines, const char *name)
{
    const char *dir = getenv("PAGE_GOLDEN_DIR");
    char path[1024];

    (void)snprintf(path, sizeof(path), "%s/%s", dir ? dir : GOLDEN_DIR, name);
    *lines = (struct lines){.in = fopen(path, "r")};
    if (lines->in == NULL)
        fail_msg("%s cannot be read", path);
}

/* The next line as numbers; its first word may be a name. */
static bool
next(struct lines *lines)
{
    char text[1024];
    char *at = text;

    if (fgets(text, sizeof(text), lines->in) == NULL)
        return false;
    lines->number++;
    if (strncmp(text, "graph ", 6) == 0)
        at += 6;
    for (lines->count = 0; lines->count < WORDS_MAX; lines->count++) {
        char *end;

        lines->words[lines->count] = strtod(at, &end);
        if (end == at)
            break;
        at = end;
    }
    return true;
}

static void
same(const struct lines *lines, const char *what, double ours, double theirs)
{
    if (ours != theirs && !(isnan(ours) && isnan(theirs)))
        fail_msg("line %d: %s is %.17g, should be %.17g", lines->number, what,
            ours, theirs);
}

static void
connections_download_as_lanterns(void **state)
{
    struct lines in;
    const double *w = in.words;
    int seen = 0;

    (void)state;
    open_lines(&in, "tcp");
    while (next(&in)) {
        struct tcp_model tcp =
            tcp_model_cold(w[0], w[1], w[2], w[3] != 0, w[4] != 0);
        struct tcp_model_answer a;

        assert_int_equal(in.count, 18);
        tcp.warmed = w[5] != 0;
        tcp.window = w[6];
        tcp.overflow_bytes = w[7];
        a = tcp_model_download(
            &tcp, &(struct tcp_model_ask){w[8], w[9], w[10], w[11]});
        same(&in, "time", a.elapsed_ms, w[12]);
        same(&in, "round trips", a.round_trips, w[13]);
        same(&in, "bytes", a.bytes, w[14]);
        same(&in, "extra bytes", a.extra_bytes, w[15]);
        same(&in, "window", a.window, w[16]);
        same(&in, "first byte", a.ttfb_ms, w[17]);
        seen++;
    }
    assert_true(seen >= 100);
    (void)fclose(in.in);
}

/* ---- graphs ---- */

enum { NODES_MAX = 64, EDGES_MAX = 256, ORIGINS_MAX = 8 };

struct drawn {
    struct load_node nodes[NODES_MAX];
    struct load_edge edges[EDGES_MAX];
    struct load_origin origins[ORIGINS_MAX];
    struct load_time theirs[NODES_MAX];
    struct load_graph graph;
    struct load_net net;
    double total_ms;
};

static void
read_node(struct drawn *d, size_t i, const double *w)
{
    d->nodes[i] = (struct load_node){.kind = (enum load_kind)(int)w[0],
        .start_us = w[1],
        .priority = (enum load_priority)(int)w[2],
        .origin = (size_t)w[3],
        .host = (size_t)w[3],
        .tls = w[4] != 0,
        .h2 = w[5] != 0,
        .asked_ms = w[6],
        .ended_ms = w[7],
        .bytes = w[8],
        .decoded_bytes = w[9],
        .task_us = w[10],
        .layout = w[11] != 0};
    d->theirs[i] =
        (struct load_time){.ran = true, .start_ms = w[12], .end_ms = w[13]};
}

static bool
read_graph(struct lines *in, struct drawn *d)
{
    const double *w = in->words;

    if (!next(in))
        return false;
    assert_int_equal(in->count, 8);
    d->graph = (struct load_graph){d->nodes, (size_t)w[0], d->edges,
        (size_t)w[1], d->origins, (size_t)w[2], (size_t)w[2]};
    assert_true(d->graph.node_count <= NODES_MAX &&
                d->graph.edge_count <= EDGES_MAX &&
                d->graph.origin_count <= ORIGINS_MAX);
    d->net = (struct load_net){w[3], w[4], w[5], w[6]};
    d->total_ms = w[7];
    for (size_t i = 0; i < d->graph.origin_count; i++) {
        assert_true(next(in));
        d->origins[i] = (struct load_origin){w[0], w[1]};
    }
    for (size_t i = 0; i < d->graph.node_count; i++) {
        assert_true(next(in));
        read_node(d, i, w);
    }
    for (size_t i = 0; i < d->graph.edge_count; i++) {
        assert_true(next(in));
        d->edges[i] = (struct load_edge){(size_t)w[0], (size_t)w[1]};
    }
    return true;
}

static void
graphs_take_as_long_as_in_lantern(void **state)
{
    static struct drawn d;
    struct load_time ours[NODES_MAX];
    struct lines in;
    struct err err;
    double total_ms;
    int seen = 0;

    (void)state;
    open_lines(&in, "graphs");
    while (read_graph(&in, &d)) {
        assert_ok(
            load_model_run(&d.graph, &d.net, NULL, ours, &total_ms, &err), err);
        for (size_t i = 0; i < d.graph.node_count; i++) {
            assert_true(ours[i].ran);
            same(&in, "a start", ours[i].start_ms, d.theirs[i].start_ms);
            same(&in, "an end", ours[i].end_ms, d.theirs[i].end_ms);
        }
        same(&in, "the end", total_ms, d.total_ms);
        seen++;
    }
    assert_true(seen >= 50);
    (void)fclose(in.in);
}

/* ---- scores ---- */

static void
scores_are_lighthouses(void **state)
{
    static const enum vital order[] = {
        VITAL_FCP, VITAL_LCP, VITAL_TBT, VITAL_CLS, VITAL_SI};
    struct lines in;
    const double *w = in.words;
    int seen = 0;

    (void)state;
    open_lines(&in, "score");
    while (next(&in)) {
        struct vital_range range;

        assert_int_equal(in.count, 11);
        for (int i = 0; i < 5; i++)
            same(&in, "a score", vital_score(order[i], w[i]), w[5 + i]);
        range = vital_performance(
            &(struct vital_figures){w[0], w[1], w[4], w[2], w[3]});
        assert_true(range.known);
        same(&in, "the low score", range.low, w[10]);
        same(&in, "the high score", range.high, w[10]);
        seen++;
    }
    assert_true(seen >= 500);
    (void)fclose(in.in);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_download_as_lanterns),
        cmocka_unit_test(graphs_take_as_long_as_in_lantern),
        cmocka_unit_test(scores_are_lighthouses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
