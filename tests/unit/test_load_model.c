/* The figures that Lighthouse's own unit tests expect, and bad graphs. */
#include "load_model.h"

#include <math.h>

#include "cm.h"
#include "dns_model.h"
#include "pool_model.h"
#include "tcp_model.h"

static struct tcp_model_answer
fetch(const struct tcp_model *tcp, double bytes)
{
    return tcp_model_download(
        tcp, &(struct tcp_model_ask){.bytes = bytes, .at_most_ms = INFINITY});
}

static void
a_new_connection_shakes_hands_and_starts_slowly(void **state)
{
    struct tcp_model tcp = tcp_model_cold(100, INFINITY, 0, true, false);
    struct tcp_model_answer a = fetch(&tcp, 50000);

    (void)state;
    assert_true(a.elapsed_ms == 500 && a.round_trips == 5);
    assert_true(a.window == 40 && a.bytes == 50000);
    assert_true(a.ttfb_ms == 300 && a.connect_ms == 250);
    tcp.tls = false;
    a = fetch(&tcp, 7300);
    assert_true(a.elapsed_ms == 200 && a.round_trips == 2 && a.window == 10);
}

static void
a_warm_http2_connection_uses_what_its_window_had_left(void **state)
{
    struct tcp_model tcp = tcp_model_cold(100, INFINITY, 0, true, true);

    (void)state;
    tcp.warmed = true;
    assert_true(fetch(&tcp, 30000).elapsed_ms == 200);
    tcp.overflow_bytes = 20000;
    assert_true(fetch(&tcp, 30000).elapsed_ms == 100);
}

static void
a_line_is_full_of_so_many_connections(void **state)
{
    (void)state;
    assert_true(tcp_model_saturating(100, 116800) == 1);
    assert_true(tcp_model_saturating(150, 1.6 * 1024 * 1024) == 21);
}

static void
a_name_takes_two_round_trips_once(void **state)
{
    double known[2];
    struct dns_model dns;

    (void)state;
    dns_model_init(&dns, 100, known, 2);
    assert_true(dns_model_peek(&dns, 0, 0) == 200);
    assert_true(dns_model_peek(&dns, 0, 0) == 200);
    assert_true(dns_model_ask(&dns, 0, 0) == 200);
    assert_true(dns_model_ask(&dns, 0, 150) == 50);
    assert_true(dns_model_ask(&dns, 0, 1000) == 0);
    assert_true(dns_model_ask(&dns, 1, 1000) == 200);
    /* An earlier one moves the answer forward. */
    assert_true(dns_model_ask(&dns, 1, 900) == 200);
    assert_true(dns_model_ask(&dns, 1, 1000) == 100);
}

/* ---- the pool ---- */

enum { MANY = 8 };

struct world {
    struct load_node nodes[MANY];
    struct load_edge edges[MANY];
    struct load_origin origins[2];
    struct load_graph graph;
};

static const struct load_net slow_4g = {150, 1.6 * 1024 * 1024, 4, 2};

static struct load_node
request(double start_us)
{
    return (struct load_node){
        .start_us = start_us, .tls = true, .ended_ms = 1000, .bytes = 1000};
}

/* A chain of `count` small requests to one origin. */
static void
chain(struct world *w, size_t count)
{
    *w = (struct world){.origins = {{0, 500}, {0, 500}}};
    for (size_t i = 0; i < count; i++)
        w->nodes[i] = request((double)i);
    for (size_t i = 0; i + 1 < count; i++)
        w->edges[i] = (struct load_edge){i, i + 1};
    w->graph = (struct load_graph){
        w->nodes, count, w->edges, count - 1, w->origins, 2, 1};
}

static struct pool_model *
pool_of(const struct load_graph *graph)
{
    size_t order[MANY];
    struct pool_model_spec spec = {
        .graph = graph, .order = order, .rtt_ms = 150, .bits_per_s = 1e6};
    struct pool_model *pool;
    struct err err;

    assert_ok(load_graph_order(graph, order, &spec.count, &err), err);
    pool = pool_model_new(&spec, &err);
    assert_non_null(pool);
    return pool;
}

static void
an_origin_has_six_connections_or_one(void **state)
{
    struct world w;
    struct pool_model *pool;
    struct tcp_model *tcp;
    struct tcp_model *wide = NULL;

    (void)state;
    chain(&w, 2);
    pool = pool_of(&w.graph);
    assert_int_equal(pool_model_size(pool, 0), 6);
    assert_int_equal(pool_model_size(pool, 1), 0);
    for (int i = 0; i < 6; i++) {
        tcp = pool_model_acquire(pool, 0);
        assert_non_null(tcp);
        if (i == 3)
            wide = tcp;
    }
    assert_null(pool_model_acquire(pool, 0));
    wide->window = 20;
    pool_model_release(pool, tcp);
    pool_model_release(pool, wide);
    assert_ptr_equal(pool_model_acquire(pool, 0), wide);
    pool_model_free(pool);

    w.nodes[0].h2 = w.nodes[1].h2 = true;
    pool = pool_of(&w.graph);
    assert_int_equal(pool_model_size(pool, 0), 1);
    pool_model_free(pool);
}

/* ---- the whole, as in Lighthouse's Simulator tests: rtt 150, 500 ms of
 * server, TLS: 375 for the handshakes, 500, 75 for the answer; the name is
 * known there after 300 ---- */

static double
total(const struct world *w, const bool *chosen, struct load_time *times)
{
    struct err err;
    double total_ms;

    assert_ok(
        load_model_run(&w->graph, &slow_4g, chosen, times, &total_ms, &err),
        err);
    return total_ms;
}

static void
requests_in_a_chain_pay_for_the_handshake_once(void **state)
{
    struct load_time times[MANY];
    struct world w;

    (void)state;
    chain(&w, 1);
    assert_true(total(&w, NULL, times) == 950 + 300);
    chain(&w, 4);
    /* Warm: half a round trip there, the server, half back. */
    assert_true(total(&w, NULL, times) == 1250 + 3 * 650);
    assert_true(times[3].start_ms == 1250 + 2 * 650);
}

static void
what_is_not_chosen_does_not_run(void **state)
{
    bool chosen[MANY] = {false, true};
    struct load_time times[MANY];
    struct world w;

    (void)state;
    chain(&w, 4);
    load_graph_add_needs(&w.graph, chosen);
    assert_true(chosen[0] && chosen[1] && !chosen[2]);
    assert_true(total(&w, chosen, times) == 1250 + 650);
    assert_true(times[1].ran && !times[2].ran && !times[3].ran);
}

static void
tasks_run_one_at_a_time_and_slower(void **state)
{
    struct load_time times[MANY];
    struct world w;

    (void)state;
    chain(&w, 3);
    for (size_t i = 1; i < 3; i++)
        w.nodes[i] = (struct load_node){.kind = LOAD_TASK,
            .start_us = (double)i,
            .task_us = 100000,
            .layout = i == 2};
    w.edges[1] = (struct load_edge){0, 2};
    assert_true(total(&w, NULL, times) == 1250 + 400 + 200);
    w.nodes[1].task_us = 1e12;
    assert_true(total(&w, NULL, times) == 1250 + 10000 + 200);
}

static void
a_graph_that_cannot_be_is_refused(void **state)
{
    struct load_time times[MANY];
    struct world w;
    struct err err;
    double total_ms;

    (void)state;
    chain(&w, 4);
    w.edges[2] = (struct load_edge){3, 1};
    w.edges[1] = (struct load_edge){1, 3};
    assert_int_equal(
        load_model_run(&w.graph, &slow_4g, NULL, times, &total_ms, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
    w.edges[1].to = MANY;
    assert_int_equal(
        load_model_run(&w.graph, &slow_4g, NULL, times, &total_ms, &err), -1);
    chain(&w, 4);
    w.nodes[2].origin = 2;
    assert_int_equal(
        load_model_run(&w.graph, &slow_4g, NULL, times, &total_ms, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_connection_shakes_hands_and_starts_slowly),
        cmocka_unit_test(a_warm_http2_connection_uses_what_its_window_had_left),
        cmocka_unit_test(a_line_is_full_of_so_many_connections),
        cmocka_unit_test(a_name_takes_two_round_trips_once),
        cmocka_unit_test(an_origin_has_six_connections_or_one),
        cmocka_unit_test(requests_in_a_chain_pay_for_the_handshake_once),
        cmocka_unit_test(what_is_not_chosen_does_not_run),
        cmocka_unit_test(tasks_run_one_at_a_time_and_slower),
        cmocka_unit_test(a_graph_that_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
