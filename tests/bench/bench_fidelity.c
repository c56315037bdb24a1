/*
 * bench_fidelity.c - the agent's HTTPS probes at an even rate, each to a name
 * of its own, with what they say of their phases.
 *
 *   bench_fidelity HTTPS_PORT DNS_SERVER CA_FILE SPOOL_DIR RATE COUNT
 *
 * Results go into a spool meanwhile, as in the agent.  Prints for each probe
 * "NAME STATUS LATE_US LAGGED DNS CONNECT TLS REQUEST WAIT TRANSFER TOTAL":
 * how late its start was, whether the loop lagged by more than 5 ms at its
 * start or end, and its phases in us, -1 where there was none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "curl_loop.h"
#include "probe.h"
#include "recorder.h"
#include "resolve.h"
#include "tls_ctx.h"

enum { PEM_MAX_BYTES = 1 << 20, LAG_MAX_MS = 5 };

struct bench;

struct one {
    struct bench *bench; /* borrowed */
    struct check check;
    struct measure seen; /* without its facts */
    int64_t late_ns;
    bool lagged;
};

struct bench {
    struct probe_env env;
    struct recorder *recorder;
    struct one *all; /* owned */
    int count;
    int started;
    int done;
    int64_t first_ns;
    int64_t period_ns;
    struct timer next;
};

static void
die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_fidelity: %s: %s\n", what, why);
    exit(3);
}

static bool
loop_lags(const struct bench *bench)
{
    return loop_lag_ns(bench->env.loop) > LAG_MAX_MS * NS_PER_MS;
}

static void
took(void *ctx, struct measure *measure)
{
    struct one *one = ctx;
    struct bench *bench = one->bench;

    one->seen = *measure;
    one->seen.facts = NULL;
    one->lagged = one->lagged || loop_lags(bench);
    recorder_take(bench->recorder, measure, false);
    if (++bench->done == bench->count)
        loop_stop(bench->env.loop);
}

static void
on_next(void *ctx)
{
    struct bench *bench = ctx;
    struct one *one = &bench->all[bench->started];
    int64_t due_ns = bench->first_ns + bench->started * bench->period_ns;
    struct probe_run run = {
        .ts_unix_ms = clock_unix_ms(), .family = one->check.family};
    struct err err;

    if (++bench->started < bench->count)
        loop_timer_start_at(
            bench->env.loop, &bench->next, due_ns + bench->period_ns);
    one->late_ns = loop_now_ns(bench->env.loop) - due_ns;
    one->lagged = loop_lags(bench);
    run.slot_unix_ms = run.ts_unix_ms;
    if (probe_start(&bench->env, &one->check, &run, took, one, &err) == NULL)
        die("probe", err.msg);
}

static char *
read_pem(const char *path)
{
    FILE *in = fopen(path, "re");
    char *text = calloc(1, PEM_MAX_BYTES);

    if (in == NULL || text == NULL ||
        fread(text, 1, PEM_MAX_BYTES - 1, in) == 0)
        die(path, "cannot be read");
    (void)fclose(in);
    return text;
}

static void
make_checks(struct bench *bench, char **argv)
{
    char *pem = read_pem(argv[3]);

    bench->all = calloc((size_t)bench->count, sizeof(*bench->all));
    for (int i = 0; bench->all != NULL && i < bench->count; i++) {
        struct check *check = &bench->all[i].check;
        char url[256];

        bench->all[i].bench = bench;
        check_init(check);
        (void)snprintf(check->name, sizeof(check->name), "p%d.delay.test", i);
        check->id = check_id_of(check->name);
        check->kind = CHECK_HTTP;
        check->family = CHECK_FAMILY_4;
        check->interval_ms = 60000;
        check->timeout_ms = 10000;
        (void)snprintf(
            url, sizeof(url), "https://%s:%s/", check->name, argv[1]);
        check->url = strdup(url);
        check->server = strdup(argv[2]);
        check->ca_pem = strdup(pem);
        if (check->url == NULL || check->server == NULL ||
            check->ca_pem == NULL)
            die("checks", "out of memory");
    }
    if (bench->all == NULL)
        die("checks", "out of memory");
    free(pem);
}

static void
on_synced(void *ctx)
{
    (void)ctx;
}

static void
open_all(struct bench *bench, const char *spool_dir)
{
    struct resolver_spec resolver = {
        .resolv_conf = "/dev/null", .hosts_file = "/dev/null"};
    struct spool_spec spool = {.dir = spool_dir, .cap_bytes = 64 << 20};
    struct recorder_spec recorder = {.synced = on_synced};
    struct probe_env *env = &bench->env;
    struct err err;

    env->build = "leadline-bench";
    env->loop = resolver.loop = recorder.loop = loop_new(&err);
    if (env->loop != NULL)
        env->resolver = resolver_new(&resolver, &err);
    if (env->resolver != NULL)
        env->tls = tls_ctx_new(NULL, &err);
    if (env->tls != NULL)
        env->curl = curl_loop_new(env->loop, &err);
    if (env->curl != NULL)
        recorder.spool = spool_open(&spool, &err);
    if (recorder.spool != NULL)
        bench->recorder = recorder_new(&recorder, &err);
    if (bench->recorder == NULL)
        die("setup", err.msg);
}

static void
print(const struct one *one)
{
    (void)printf("%s %s %lld %d", one->check.name,
        measure_status_name(one->seen.status),
        (long long)(one->late_ns / NS_PER_US), one->lagged);
    for (int phase = PHASE_DNS; phase <= PHASE_TOTAL; phase++)
        (void)printf(" %lld", (long long)one->seen.phase_us[phase]);
    (void)printf("\n");
}

int
main(int argc, char **argv)
{
    struct bench bench = {0};
    long rate;

    if (argc != 7)
        die("usage", "see the head of bench_fidelity.c");
    rate = strtol(argv[5], NULL, 10);
    bench.count = (int)strtol(argv[6], NULL, 10);
    if (rate < 1 || rate > 10000 || bench.count < 1)
        die("usage", "RATE and COUNT are numbers from 1");
    make_checks(&bench, argv);
    open_all(&bench, argv[4]);
    bench.period_ns = NS_PER_SEC / rate;
    timer_init(&bench.next, on_next, &bench);
    bench.first_ns = loop_now_ns(bench.env.loop) + NS_PER_SEC;
    loop_timer_start_at(bench.env.loop, &bench.next, bench.first_ns);
    loop_run(bench.env.loop);
    for (int i = 0; i < bench.count; i++)
        print(&bench.all[i]);
    return 0; /* all else goes with the process */
}
