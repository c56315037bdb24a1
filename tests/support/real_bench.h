/*
 * real_bench.h - the real loop and what probes need besides, against the nginx
 * of nginx_site.py.
 */
#ifndef TESTS_REAL_BENCH_H
#define TESTS_REAL_BENCH_H

#include <stdint.h>

#include "loop.h"
#include "measure.h"
#include "probe.h"

struct real_bench {
    char dir[64];       /* of the site */
    const char *script; /* borrowed; nginx_site.py */
    uint16_t http;      /* ports */
    uint16_t https;
    uint16_t https1;
    char *ca_pem; /* owned, as what follows */
    struct loop *loop;
    struct probe_env env;
};

/* Makes the site and starts nginx; asserts on any failure. */
void real_bench_init(struct real_bench *bench, const char *script);
/* Ends nginx and removes what was made. */
void real_bench_free(struct real_bench *bench);

/*
 * For a program that has one bench for all of its tests: takes its arguments,
 * of which the only one is the script.  0, or an exit code, and said why.
 */
int real_bench_take_args(int argc, char **argv);
/* For cmocka, as the setup and teardown of the group. */
int real_bench_setup(void **state);
int real_bench_teardown(void **state);

/* Fails the test, with the details, if it is another one. */
void real_bench_assert_reason(
    const struct measure *seen, enum measure_reason reason);

/*
 * Makes `check` one of this kind at NAME.test ("ok"), trusting the site's
 * authority.  `url` is NULL for kind tls.
 */
void real_bench_check(const struct real_bench *bench, struct check *check,
    const char *name, uint16_t port, const char *path);

/* Runs the check once; the caller frees the facts. */
struct measure real_bench_run(
    struct real_bench *bench, const struct check *check);

#endif
