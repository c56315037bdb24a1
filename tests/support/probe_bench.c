#include "probe_bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"

enum { STEPS_MAX = 10000, REAL_STEP_US = 1000 };

static void
write_hosts(struct probe_bench *bench, const char *hosts)
{
    int fd;

    (void)snprintf(
        bench->hosts_path, sizeof(bench->hosts_path), "/tmp/hosts.XXXXXX");
    fd = mkstemp(bench->hosts_path);
    assert_true(fd != -1);
    assert_int_equal(write(fd, hosts, strlen(hosts)), (ssize_t)strlen(hosts));
    (void)close(fd);
}

void
probe_bench_init(struct probe_bench *bench, const char *hosts)
{
    struct resolver_spec spec = {.resolv_conf = "/dev/null"};
    struct err err;

    /* As both programs do: a peer that is gone is an answer, not a death. */
    (void)signal(SIGPIPE, SIG_IGN);
    *bench = (struct probe_bench){0};
    write_hosts(bench, hosts);
    bench->loop = loop_new(&err);
    assert_made(bench->loop, err);
    spec.loop = bench->loop;
    spec.hosts_file = bench->hosts_path;
    bench->resolver = resolver_new(&spec, &err);
    assert_made(bench->resolver, err);
    bench->env.loop = bench->loop;
    bench->env.resolver = bench->resolver;
    bench->env.build = "leadline/test";
    check_init(&bench->check);
    bench->check.timeout_ms = 2000;
}

void
probe_bench_free(struct probe_bench *bench)
{
    probe_cancel(bench->probe);
    measure_free_facts(&bench->seen);
    check_free(&bench->check);
    resolver_free(bench->resolver);
    loop_free(bench->loop);
    (void)unlink(bench->hosts_path);
}

static void
on_done(void *ctx, struct measure *measure)
{
    struct probe_bench *bench = ctx;

    bench->probe = NULL;
    bench->calls++;
    measure_free_facts(&bench->seen);
    bench->seen = *measure;
    measure->facts = NULL; /* taken */
}

void
probe_bench_start(struct probe_bench *bench)
{
    struct err err;
    int calls = bench->calls;

    bench->probe = probe_start(
        &bench->env, &bench->check, &bench->run, on_done, bench, &err);
    assert_made(bench->probe, err);
    assert_int_equal(bench->calls, calls); /* never from inside start */
}

static void
step(struct probe_bench *bench)
{
    fake_loop_advance_ns(bench->loop, NS_PER_MS);
    if (fake_loop_poll(bench->loop) == 0)
        (void)usleep(REAL_STEP_US); /* the servers are threads */
}

void
probe_bench_settle(struct probe_bench *bench, int ms)
{
    for (int i = 0; i < ms; i++)
        step(bench);
}

void
probe_bench_run(struct probe_bench *bench)
{
    for (int i = 0; i < STEPS_MAX && bench->probe != NULL; i++)
        step(bench);
    assert_null(bench->probe);
}
