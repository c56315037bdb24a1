/*
 * bench_https: what a probe of kind http costs, against the nginx of
 * nginx_site.py.  Prints figures; judges nothing.
 *
 *   bench_https .../nginx_site.py [PROBES [AT_ONCE [tls|http]]]
 */
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "cm.h"
#include "real_bench.h"

enum { PROBES = 2000, AT_ONCE = 8, AT_ONCE_MAX = 1000 };

struct load {
    struct real_bench bench;
    struct check check;
    struct probe_run run;
    int left; /* to start */
    int running;
    int failed;
};

static int64_t
cpu_us(void)
{
    struct rusage used;

    (void)getrusage(RUSAGE_SELF, &used);
    return ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
           used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

/* "RssAnon:   1234 kB" of /proc/self/status. */
static void
print_memory(const char *when)
{
    FILE *in = fopen("/proc/self/status", "re");
    char line[128];
    long anon_kb = 0;
    long file_kb = 0;

    while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
        if (strncmp(line, "RssAnon:", 8) == 0)
            anon_kb = strtol(line + 8, NULL, 10);
        if (strncmp(line, "RssFile:", 8) == 0)
            file_kb = strtol(line + 8, NULL, 10);
    }
    if (in != NULL)
        (void)fclose(in);
    printf("%-28s anonymous %ld kB, of files %ld kB\n", when, anon_kb, file_kb);
}

static void start_one(struct load *load);

static void
on_done(void *ctx, struct measure *measure)
{
    struct load *load = ctx;

    load->running--;
    load->failed += measure->status != MEASURE_UP;
    if (load->left > 0)
        start_one(load);
    else if (load->running == 0)
        loop_stop(load->bench.loop);
}

static void
start_one(struct load *load)
{
    struct err err;
    struct probe *probe = probe_start(
        &load->bench.env, &load->check, &load->run, on_done, load, &err);

    assert_made(probe, err);
    load->left--;
    load->running++;
}

static void
measure_kind(struct load *load, const char *words, const char *path, int probes,
    int at_once)
{
    int64_t began_us;
    int64_t began_ns;

    real_bench_check(&load->bench, &load->check, "ok", load->bench.https, path);
    load->left = probes;
    began_us = cpu_us();
    began_ns = clock_mono_ns();
    for (int i = 0; i < at_once; i++)
        start_one(load);
    loop_run(load->bench.loop);
    printf("%s: %d probes, %d at once: %.3f ms of CPU each, %.0f a second, "
           "%d failed\n",
        words, probes, at_once, (double)(cpu_us() - began_us) / 1000.0 / probes,
        probes / ((double)(clock_mono_ns() - began_ns) / 1e9), load->failed);
    check_free(&load->check);
}

int
main(int argc, char **argv)
{
    static struct load load;
    long probes = argc > 2 ? strtol(argv[2], NULL, 10) : PROBES;
    long at_once = argc > 3 ? strtol(argv[3], NULL, 10) : AT_ONCE;
    const char *kind = argc > 4 ? argv[4] : "both";

    if (argc < 2 || probes < 1 || probes > INT_MAX || at_once < 1 ||
        at_once > AT_ONCE_MAX || at_once > probes) {
        (void)fprintf(stderr,
            "usage: bench_https .../nginx_site.py [PROBES [AT_ONCE "
            "[tls|http]]]\n");
        return 2;
    }
    real_bench_init(&load.bench, argv[1]);
    print_memory("with authorities and nginx");
    if (strcmp(kind, "http") != 0)
        measure_kind(&load, "tls ", NULL, (int)probes, (int)at_once);
    print_memory("after kind tls");
    if (strcmp(kind, "tls") != 0)
        measure_kind(&load, "http", "/", (int)probes, (int)at_once);
    print_memory("after kind http");
    (void)malloc_trim(0);
    print_memory("after malloc_trim()");
    real_bench_free(&load.bench);
    return load.failed == 0 ? 0 : 1;
}
