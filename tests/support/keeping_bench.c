#include "keeping_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "fake_loop.h"
#include "fake_probe.h"

enum { MINUTE_MS = 60000, TIMEOUT_MS = 10000 };

static const int64_t retention_ms = INT64_C(48) * 60 * MINUTE_MS;

static void
on_synced(void *ctx)
{
    struct keeping_bench *bench = ctx;

    bench->synced++;
}

static void
on_result(void *ctx, const struct measure *measure, bool with_facts)
{
    struct keeping_bench *bench = ctx;

    recorder_take(bench->recorder, measure, with_facts);
    if (bench->told != NULL)
        bench->told(bench->ctx, measure);
}

void
keeping_start(struct keeping_bench *bench)
{
    struct spool_spec spool = {
        .dir = bench->spool_dir,
        .retention_ms = retention_ms,
    };
    struct recorder_spec recorder = {
        .loop = bench->loop,
        .synced = on_synced,
        .ctx = bench,
    };
    struct runner_spec runner = {
        .loop = bench->loop,
        .env = &bench->env,
        .clock = &bench->clock,
        .sink = on_result,
        .ctx = bench,
    };
    struct assignment_spec assignment = {.conf = &bench->conf};
    struct err err;

    bench->spool = spool_open(&spool, &err);
    assert_made(bench->spool, err);
    recorder.spool = bench->spool;
    bench->recorder = recorder_new(&recorder, &err);
    assert_made(bench->recorder, err);
    bench->runner = runner_new(&runner, &err);
    assert_made(bench->runner, err);
    recorder_follow(bench->recorder, bench->runner);
    assignment.spool = bench->spool;
    assignment.runner = bench->runner;
    bench->assignment = assignment_new(&assignment, &err);
    assert_made(bench->assignment, err);
}

void
keeping_stop(struct keeping_bench *bench)
{
    runner_free(bench->runner);
    assignment_free(bench->assignment);
    recorder_free(bench->recorder);
    spool_close(bench->spool);
}

void
keeping_open(struct keeping_bench *bench, int64_t now_unix_ms)
{
    struct grid_reading reading = {
        .mono_ns = NS_PER_SEC,
        .boot_ns = NS_PER_SEC,
        .wall_unix_ms = now_unix_ms,
    };
    struct err err;

    (void)snprintf(bench->dir, sizeof(bench->dir), "/tmp/keeping-XXXXXX");
    assert_non_null(mkdtemp(bench->dir));
    (void)snprintf(
        bench->spool_dir, sizeof(bench->spool_dir), "%s/spool", bench->dir);
    bench->loop = loop_new(&err);
    assert_made(bench->loop, err);
    bench->env.loop = bench->loop;
    grid_clock_init(&bench->clock, &reading);
    keeping_start(bench);
}

void
keeping_close(struct keeping_bench *bench)
{
    char command[2 * KEEPING_PATH_BYTES];

    keeping_stop(bench);
    loop_free(bench->loop);
    fake_probe_reset();
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", bench->dir);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of our own */
    strlist_free(&bench->conf.self_check_targets);
}

void
keeping_make_config(struct wire_config *config, uint64_t version, size_t count)
{
    *config = (struct wire_config){
        .cfg_version = version,
        .check_count = count,
        .region_count = 1,
        .agent_count = 1,
    };
    config->checks = calloc(count + 1, sizeof(*config->checks));
    assert_non_null(config->checks);
    for (size_t i = 0; i < count; i++) {
        struct check *check = &config->checks[i];

        check_init(check);
        (void)snprintf(check->name, sizeof(check->name), "acme/c%zu", i);
        check->id = check_id_of(check->name);
        check->kind = CHECK_TCP;
        check->interval_ms = MINUTE_MS;
        check->timeout_ms = TIMEOUT_MS;
        check->host = strdup("acme.example");
        check->port = 443;
    }
    assert_int_equal(
        strlist_add(&config->self_check.targets, "192.0.2.1:443"), 0);
    assert_int_equal(
        strlist_add(&config->self_check.resolvers, "192.0.2.1"), 0);
}

void
keeping_assign(struct keeping_bench *bench, uint64_t version, size_t count)
{
    struct wire_config config;
    struct err err;

    keeping_make_config(&config, version, count);
    assert_ok(assignment_take(bench->assignment, &config, &err), err);
    assert_null(config.checks);
}
