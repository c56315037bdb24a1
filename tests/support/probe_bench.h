/*
 * probe_bench.h - a fake loop, a resolver that reads a hosts file of the
 * test's own, and what a probe needs besides, in one.
 */
#ifndef TESTS_PROBE_BENCH_H
#define TESTS_PROBE_BENCH_H

#include <stdbool.h>

#include "fake_loop.h"
#include "measure.h"
#include "probe.h"
#include "resolve.h"

struct probe_bench {
    struct loop *loop; /* owned, as all that follows */
    struct resolver *resolver;
    struct probe_env env;
    struct check check;
    struct probe_run run;
    struct probe *probe; /* running */
    int calls;
    struct measure seen; /* with its facts */
    char hosts_path[64];
};

/* `hosts` is the text of the hosts file.  Asserts on any failure. */
void probe_bench_init(struct probe_bench *bench, const char *hosts);
void probe_bench_free(struct probe_bench *bench);

/* Starts the check; the measure will be in `seen`. */
void probe_bench_start(struct probe_bench *bench);

/*
 * Lets things happen until the probe is done: descriptors, and fake time in
 * steps of 1 ms.  Gives up after 10 s of real time and fails the test.
 */
void probe_bench_run(struct probe_bench *bench);

/* Lets things happen for `ms` steps of 1 ms, done or not. */
void probe_bench_settle(struct probe_bench *bench, int ms);

#endif
