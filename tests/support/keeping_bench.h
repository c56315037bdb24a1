/*
 * keeping_bench.h - an agent without a line: its spool, recorder, runner and
 * assignment on a fake loop, measuring with fake probes.
 *
 * Failures end the test.
 */
#ifndef TESTS_KEEPING_BENCH_H
#define TESTS_KEEPING_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "agent_conf.h"
#include "assignment.h"
#include "grid_clock.h"
#include "loop.h"
#include "measure.h"
#include "probe.h"
#include "recorder.h"
#include "runner.h"
#include "spool.h"
#include "wire.h"

enum { KEEPING_PATH_BYTES = 64 };

struct keeping_bench {
    char dir[KEEPING_PATH_BYTES];
    char spool_dir[KEEPING_PATH_BYTES + 8];
    struct loop *loop;
    struct spool *spool;
    struct recorder *recorder;
    struct probe_env env;
    struct grid_clock clock;
    struct runner *runner;
    struct agent_conf conf;
    struct assignment *assignment;
    int synced; /* how often the recorder has told so */

    /* May be NULL; each result is also for whoever tests. */
    void (*told)(void *ctx, const struct measure *measure);
    void *ctx;
};

/* In an empty folder, at that date.  Zero it before. */
void keeping_open(struct keeping_bench *bench, int64_t now_unix_ms);
void keeping_close(struct keeping_bench *bench);

/*
 * As if killed, what is being written excepted; and a new process on the same
 * disk, without checks until assignment_resume().
 */
void keeping_stop(struct keeping_bench *bench);
void keeping_start(struct keeping_bench *bench);

/* Checks of kind tcp, every minute. */
void keeping_make_config(
    struct wire_config *config, uint64_t version, size_t count);
void keeping_assign(
    struct keeping_bench *bench, uint64_t version, size_t count);

#endif
