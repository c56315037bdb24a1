#include "real_bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "curl_loop.h"
#include "resolve.h"
#include "tls_ctx.h"

enum { PEM_BYTES = 16384 };

static void
run_command(const char *const *argv)
{
    pid_t pid = fork();
    int status;

    assert_true(pid != -1);
    if (pid == 0) {
        /* execv() changes nothing of it */
        (void)execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    while (waitpid(pid, &status, 0) == -1)
        assert_int_equal(errno, EINTR);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void
take_port(struct real_bench *bench, const char *line)
{
    const char *space = strchr(line, ' ');
    uint16_t port;

    assert_non_null(space);
    port = (uint16_t)strtoul(space, NULL, 10);
    if (strncmp(line, "http ", 5) == 0)
        bench->http = port;
    else if (strncmp(line, "https ", 6) == 0)
        bench->https = port;
    else if (strncmp(line, "https1 ", 7) == 0)
        bench->https1 = port;
}

static void
read_ports(struct real_bench *bench)
{
    char path[128];
    char line[64];
    FILE *in;

    (void)snprintf(path, sizeof(path), "%s/ports", bench->dir);
    in = fopen(path, "re");
    assert_non_null(in);
    while (fgets(line, sizeof(line), in) != NULL)
        take_port(bench, line);
    (void)fclose(in);
}

static void
read_ca(struct real_bench *bench)
{
    char path[128];
    FILE *in;

    bench->ca_pem = calloc(1, PEM_BYTES);
    assert_non_null(bench->ca_pem);
    (void)snprintf(path, sizeof(path), "%s/ca.pem", bench->dir);
    in = fopen(path, "re");
    assert_non_null(in);
    assert_true(fread(bench->ca_pem, 1, PEM_BYTES - 1, in) > 0);
    (void)fclose(in);
}

void
real_bench_init(struct real_bench *bench, const char *script)
{
    struct resolver_spec spec = {
        .resolv_conf = "/dev/null", .hosts_file = "/dev/null"};
    const char *start[] = {script, "start", bench->dir, NULL};
    struct err err;

    *bench = (struct real_bench){.script = script};
    (void)snprintf(bench->dir, sizeof(bench->dir), "/tmp/nginx-site.XXXXXX");
    assert_non_null(mkdtemp(bench->dir));
    run_command(start);
    read_ports(bench);
    read_ca(bench);
    bench->loop = loop_new(&err);
    assert_made(bench->loop, err);
    spec.loop = bench->loop;
    bench->env = (struct probe_env){
        .loop = bench->loop,
        .resolver = resolver_new(&spec, &err),
        .tls = tls_ctx_new(NULL, &err),
        .curl = curl_loop_new(bench->loop, &err),
        .build = "leadline/test",
    };
    assert_non_null(bench->env.resolver);
    assert_non_null(bench->env.tls);
    assert_non_null(bench->env.curl);
}

void
real_bench_free(struct real_bench *bench)
{
    const char *stop[] = {bench->script, "stop", bench->dir, NULL};
    const char *clean[] = {"/bin/rm", "-rf", bench->dir, NULL};

    curl_loop_free(bench->env.curl);
    tls_ctx_free(bench->env.tls);
    resolver_free(bench->env.resolver);
    loop_free(bench->loop);
    free(bench->ca_pem);
    run_command(stop);
    run_command(clean);
}

void
real_bench_check(const struct real_bench *bench, struct check *check,
    const char *name, uint16_t port, const char *path)
{
    static const uint16_t none = 0;
    const uint16_t ports[] = {bench->http, bench->https, bench->https1, none};
    static const char *const names[] = {"ok", "www", "expired"};
    char text[256];

    check_init(check);
    check->timeout_ms = 5000;
    check->ca_pem = strdup(bench->ca_pem);
    (void)snprintf(
        text, sizeof(text), "%s.test:%u:127.0.0.1", name, (unsigned)port);
    assert_int_equal(strlist_add(&check->resolve, text), 0);
    for (size_t i = 0; ports[i] != none; i++) {
        for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
            (void)snprintf(text, sizeof(text), "%s.test:%u:127.0.0.1", names[j],
                (unsigned)ports[i]);
            assert_int_equal(strlist_add(&check->resolve, text), 0);
        }
    }
    (void)snprintf(text, sizeof(text), "%s.test", name);
    check->kind = path == NULL ? CHECK_TLS : CHECK_HTTP;
    check->host = strdup(text);
    check->port = port;
    if (path == NULL)
        return;
    (void)snprintf(text, sizeof(text), "%s://%s.test:%u%s",
        port == bench->http ? "http" : "https", name, (unsigned)port, path);
    check->url = strdup(text);
}

struct one_run {
    struct loop *loop;
    struct measure seen;
    bool done;
};

static void
on_done(void *ctx, struct measure *measure)
{
    struct one_run *one = ctx;

    one->seen = *measure;
    one->done = true;
    measure->facts = NULL; /* taken */
    loop_stop(one->loop);
}

struct measure
real_bench_run(struct real_bench *bench, const struct check *check)
{
    struct one_run one = {.loop = bench->loop};
    struct probe_run run = {.ts_unix_ms = clock_unix_ms()};
    struct err err;
    struct probe *probe =
        probe_start(&bench->env, check, &run, on_done, &one, &err);

    assert_made(probe, err);
    loop_run(bench->loop);
    assert_true(one.done);
    return one.seen;
}

/* ---- one bench for a program ---- */

static const char *group_script;

int
real_bench_take_args(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s .../nginx_site.py\n", argv[0]);
        return 2;
    }
    group_script = argv[1];
    return 0;
}

int
real_bench_setup(void **state)
{
    static struct real_bench bench;

    real_bench_init(&bench, group_script);
    *state = &bench;
    return 0;
}

int
real_bench_teardown(void **state)
{
    real_bench_free(*state);
    return 0;
}

void
real_bench_assert_reason(const struct measure *seen, enum measure_reason reason)
{
    if (seen->reason != reason)
        fail_msg("%s (%s) instead of %s",
            measure_reason_name((int)seen->reason), seen->facts->detail,
            measure_reason_name((int)reason));
}
