/*
 * bench_probe.c - what one probe costs the agent's code.
 *
 *   bench_probe http URL CA_FILE PROBES AT_ONCE
 *   bench_probe tls HOST:PORT CA_FILE PROBES AT_ONCE
 *   bench_probe dns NAME SERVER PROBES AT_ONCE
 *
 * Runs PROBES measurements, AT_ONCE at a time, and prints
 * "COUNT CPU_US_A_PROBE MEDIAN_OF_TOTAL_US FAILED".
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

/* 0, or -1 where `kind` is none of ours. */
static int
take_target(
    struct check *check, const char *kind, const char *target, const char *with)
{
    const char *colon = strrchr(target, ':');

    check_init(check);
    check->timeout_ms = 10000;
    if (strcmp(kind, "dns") == 0) {
        check->kind = CHECK_DNS;
        check->host = strdup(target);
        check->server = strdup(with);
        check->dns_types = UINT32_C(1) << DNS_TYPE_A;
        return 0;
    }
    check->ca_pem = read_pem(with);
    if (strcmp(kind, "http") == 0) {
        check->kind = CHECK_HTTP;
        check->url = strdup(target);
        return 0;
    }
    if (strcmp(kind, "tls") != 0 || colon == NULL)
        return -1;
    check->kind = CHECK_TLS;
    check->host = strndup(target, (size_t)(colon - target));
    check->port = (int32_t)strtol(colon + 1, NULL, 10);
    return 0;
}

static void
open_env(struct probe_env *env)
{
    struct resolver_spec resolver = {
        .resolv_conf = "/etc/resolv.conf",
        .hosts_file = "/etc/hosts",
    };
    struct err err;

    env->build = "leadline-bench";
    env->loop = loop_new(&err);
    resolver.loop = env->loop;
    if (env->loop != NULL)
        env->resolver = resolver_new(&resolver, &err);
    if (env->resolver != NULL)
        env->tls = tls_ctx_new(NULL, &err);
    if (env->tls != NULL)
        env->curl = curl_loop_new(env->loop, &err);
    if (env->curl == NULL)
        die("setup", err.msg);
}

static void
close_env(struct probe_env *env)
{
    curl_loop_free(env->curl);
    tls_ctx_free(env->tls);
    resolver_free(env->resolver);
    loop_free(env->loop);
}

int
main(int argc, char **argv)
{
    struct bench bench = {0};
    struct rusage before;
    struct rusage after;
    int probes;
    int at_once;

    if (argc != 6 || take_target(&bench.check, argv[1], argv[2], argv[3]) != 0)
        die("usage", "see the head of bench_probe.c");
    probes = (int)strtol(argv[4], NULL, 10);
    at_once = (int)strtol(argv[5], NULL, 10);
    if (probes < 1 || at_once < 1 || at_once > probes)
        die("usage", "PROBES and AT_ONCE are numbers from 1");
    bench.total_us = calloc((size_t)probes, sizeof(int64_t));
    if (bench.total_us == NULL)
        die("totals", "out of memory");
    open_env(&bench.env);
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
    close_env(&bench.env);
    check_free(&bench.check);
    free(bench.total_us);
    return bench.failed > 0;
}
