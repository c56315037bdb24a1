/*
 * http_bench.h - a probe_bench for checks of kind http, with a tcpd that the
 * check's URL leads to.
 */
#ifndef TESTS_HTTP_BENCH_H
#define TESTS_HTTP_BENCH_H

#include "probe_bench.h"
#include "tcpd.h"

enum { HEAD_BYTES = 8192 };

/* What the server does, and what it was asked last. */
struct script {
    const char *answer;
    char head[HEAD_BYTES];
};

struct http_bench {
    struct probe_bench bench;
    struct tls_ctx *tls;
    struct tcpd *tcpd;
    struct script script;
};

/* The context of a server's function is the bench's struct script. */
void http_bench_serve(
    struct http_bench *f, tcpd_serve_fn *fn, const char *text);

/* A server's function: reads a request, sends script->answer. */
void http_bench_answer(int fd, void *ctx);

/* "SCHEME://127.0.0.1:PORT" and the rest. */
void http_bench_set_url(
    struct http_bench *f, const char *scheme, const char *rest);

/* Runs the check once. */
void http_bench_run(struct http_bench *f);

/* REASON_NONE is `up`, every other `down`. */
void http_bench_assert_reason(
    const struct http_bench *f, enum measure_reason reason);

/* For cmocka; the state is a struct http_bench. */
int http_bench_setup(void **state);
int http_bench_teardown(void **state);

#endif
