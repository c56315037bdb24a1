/*
 * runner.h - runs the checks: each slot on time, its results to a sink.
 *
 * Open-loop: a slow probe never delays the next slot.  A slot that could not
 * be measured is told as `error`, agent_skipped, never dropped silently; of a
 * long absence only the newest few are told, all are counted.  New checks
 * leave what runs for unchanged ones alone.
 */
#ifndef AGENT_RUNNER_H
#define AGENT_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "check.h"
#include "err.h"
#include "grid_clock.h"
#include "loop.h"
#include "measure.h"
#include "probe.h"
#include "schedule.h"
#include "self_check.h"
#include "task.h"

/*
 * A task takes 530 bytes, and its check's words: 2000 of them 1.1 MB, and 0.7
 * where each has a ca_pem.
 */
enum { RUNNER_CHECKS_MAX = 4096 };

struct runner;

struct runner_spec {
    struct loop *loop;              /* borrowed */
    const struct probe_env *env;    /* borrowed */
    const struct grid_clock *clock; /* borrowed */
    struct self_check *self_check;  /* borrowed */
    size_t at_once_max;             /* probes; 0: ATTEMPT_AT_ONCE */
    task_sink_fn *sink;
    task_look_fn *look; /* may be NULL */
    void *ctx;          /* borrowed */
};

/* Without checks. */
struct runner *runner_new(const struct runner_spec *spec, struct err *err);

/* Drops what is going on.  NULL is allowed. */
void runner_free(struct runner *runner);

/*
 * What an earlier process measured last, from runner_put_last_runs(); before
 * the first runner_configure().
 */
int runner_take_last_runs(
    struct runner *runner, struct bytes bytes, struct err *err);

/*
 * A result of an earlier process is on disk, perhaps later than the above.
 * Fails when memory is out, or for more checks than EARLIER_MAX.
 */
int runner_take_result(
    struct runner *runner, const struct measure *measure, struct err *err);

/* Appends up to where each check has been measured. */
int runner_put_last_runs(
    struct runner *runner, struct buf *out, struct err *err);

/* True if that has changed since runner_put_last_runs() was called. */
bool runner_has_run(const struct runner *runner);

struct runner_work {
    struct check *checks; /* owned, as is what they own */
    size_t check_count;
    struct schedule_place place;
};

/*
 * These are the checks from now on.  Takes over the checks and leaves *work
 * empty.  A changed check goes on where it was; what runs of its old form is
 * finished.  What runs of a removed one is dropped.  Fails when memory is out,
 * when there are too many or when two have one id; *work is then still the
 * caller's, and what is measured has not changed.
 */
int runner_configure(
    struct runner *runner, struct runner_work *work, struct err *err);

/*
 * The clock was moved.  Starts that would no longer fall into their slot are
 * planned anew; `slept`: time has passed, and slots with it.
 */
void runner_clock_moved(struct runner *runner, bool slept);

/* No new starts; see attempt_pool_wind_up(). */
void runner_wind_up(struct runner *runner);

/* Cancels what still runs; see attempt_pool_give_up(). */
void runner_give_up(struct runner *runner);

/* Probes that run now. */
size_t runner_running(const struct runner *runner);

/* Checks that are measured: those not paused and of a kind we know. */
size_t runner_checks(const struct runner *runner);

/* Slots not measured since the start. */
uint64_t runner_skipped(const struct runner *runner);

#endif
