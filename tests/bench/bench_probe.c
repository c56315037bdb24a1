/*
 * bench_probe.c - what one HTTPS probe costs the agent's code.
 *
 *   bench_probe URL CA_FILE PROBES AT_ONCE
 *
 * Runs PROBES measurements of kind http, AT_ONCE at a time, and prints CPU
 * time a probe and the median of their totals.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "curl_loop.h"
#include "probe.h"
#include "resolve.h"
#include "tls_ctx.h"

enum { PEM_MAX_BYTES = 1 << 20 };

struct bench {
    struct probe_env env;
    struct check check;
    int left; /* to start */
    int running;
    int failed;
    int64_t *total_us;
    int done;
};

static void
die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_probe: %s: %s\n", what, why);
    exit(3);
}

static void start_one(struct bench *bench);

static void
took(void *ctx, struct measure *measure)
{
    struct bench *bench = ctx;

    bench->running--;
    bench->failed += measure->status != MEASURE_UP;
    bench->total_us[bench->done++] = measure->phase_us[PHASE_TOTAL];
    if (bench->left > 0)
        start_one(bench);
    else if (bench->running == 0)
        loop_stop(bench->env.loop);
}

static void
start_one(struct bench *bench)
{
    struct probe_run run = {.ts_unix_ms = clock_unix_ms()};
    struct err err;

    bench->left--;
    bench->running++;
    if (probe_start(&bench->env, &bench->check, &run, took, bench, &err) ==
        NULL)
        die("probe", err.msg);
}

static char *
read_pem(const char *path)
{
    FILE *in = fopen(path, "r");
    char *text = calloc(1, PEM_MAX_BYTES);

    if (in == NULL || text == NULL)
        die(path, strerror(errno));
    if (fread(text, 1, PEM_MAX_BYTES - 1, in) == 0)
        die(path, "empty");
    (void)fclose(in);
    return text;
}

static int
by_value(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double
cpu_s(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

int
main(int argc, char **argv)
{
    struct bench bench = {0};
    struct rusage before;
    struct rusage after;
    struct err err;
    int probes;
    int at_once;

    if (argc != 5)
        die("usage", "bench_probe URL CA_FILE PROBES AT_ONCE");
    probes = (int)strtol(argv[3], NULL, 10);
    at_once = (int)strtol(argv[4], NULL, 10);
    if (probes < 1 || at_once < 1 || at_once > probes)
        die("usage", "PROBES and AT_ONCE are numbers from 1");
    check_init(&bench.check);
    bench.check.kind = CHECK_HTTP;
    bench.check.timeout_ms = 10000;
    bench.check.url = strdup(argv[1]);
    bench.check.ca_pem = read_pem(argv[2]);
    bench.total_us = calloc((size_t)probes, sizeof(int64_t));
    bench.env.build = "leadline-bench";
    bench.env.loop = loop_new(&err);
    if (bench.total_us == NULL || bench.env.loop == NULL)
        die("loop", err.msg);
    bench.env.resolver =
        resolver_new(&(struct resolver_spec){.loop = bench.env.loop,
                         .resolv_conf = "/etc/resolv.conf",
                         .hosts_file = "/etc/hosts"},
            &err);
    bench.env.tls = tls_ctx_new(NULL, &err);
    bench.env.curl = curl_loop_new(bench.env.loop, &err);
    if (!bench.env.resolver || !bench.env.tls || !bench.env.curl)
        die("setup", err.msg);
    bench.left = probes;
    (void)getrusage(RUSAGE_SELF, &before);
    while (bench.running < at_once)
        start_one(&bench);
    loop_run(bench.env.loop);
    (void)getrusage(RUSAGE_SELF, &after);
    qsort(bench.total_us, (size_t)bench.done, sizeof(int64_t), by_value);
    (void)printf("%d %.1f %lld %d\n", bench.done,
        (cpu_s(&after) - cpu_s(&before)) * 1e6 / bench.done,
        (long long)bench.total_us[bench.done / 2], bench.failed);
    curl_loop_free(bench.env.curl);
    tls_ctx_free(bench.env.tls);
    resolver_free(bench.env.resolver);
    loop_free(bench.env.loop);
    check_free(&bench.check);
    free(bench.total_us);
    return bench.failed > 0;
}
