#include "http_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "curl_loop.h"
#include "tls_ctx.h"

void
http_bench_answer(int fd, void *ctx)
{
    struct script *script = ctx;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    tcpd_send(fd, script->answer);
}

int
http_bench_setup(void **state)
{
    static struct http_bench fixture;
    struct err err;

    fixture = (struct http_bench){0};
    probe_bench_init(&fixture.bench,
        "127.0.0.1 one.test\n::1 two.test\n127.0.0.1 two.test\n");
    fixture.tls = tls_ctx_new(NULL, &err);
    assert_made(fixture.tls, err);
    fixture.bench.env.tls = fixture.tls;
    fixture.bench.env.curl = curl_loop_new(fixture.bench.loop, &err);
    assert_made(fixture.bench.env.curl, err);
    fixture.bench.check.kind = CHECK_HTTP;
    fixture.bench.check.timeout_ms = 5000;
    *state = &fixture;
    return 0;
}

int
http_bench_teardown(void **state)
{
    struct http_bench *f = *state;

    probe_cancel(f->bench.probe);
    f->bench.probe = NULL;
    curl_loop_free(f->bench.env.curl);
    probe_bench_free(&f->bench);
    tcpd_stop(f->tcpd);
    tls_ctx_free(f->tls);
    return 0;
}

void
http_bench_set_url(struct http_bench *f, const char *scheme, const char *rest)
{
    char url[512];

    (void)snprintf(url, sizeof(url), "%s://127.0.0.1:%u%s", scheme,
        (unsigned)tcpd_port(f->tcpd), rest);
    free(f->bench.check.url);
    f->bench.check.url = strdup(url);
}

void
http_bench_serve(struct http_bench *f, tcpd_serve_fn *fn, const char *text)
{
    f->script.answer = text;
    f->tcpd = tcpd_start(fn, &f->script);
    assert_non_null(f->tcpd);
    http_bench_set_url(f, "http", "/start");
}

void
http_bench_run(struct http_bench *f)
{
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_int_equal(f->bench.calls, 1);
}

void
http_bench_assert_reason(const struct http_bench *f, enum measure_reason reason)
{
    assert_string_equal(measure_reason_name((int)f->bench.seen.reason),
        measure_reason_name((int)reason));
    assert_int_equal(f->bench.seen.status,
        reason == REASON_NONE ? MEASURE_UP : MEASURE_DOWN);
}
