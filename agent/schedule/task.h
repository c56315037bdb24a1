/*
 * task.h - one check, measured slot after slot.
 *
 * A task arms a timer for its next start, starts an attempt for each leg,
 * and says of each result whether its facts are news.
 */
#ifndef AGENT_TASK_H
#define AGENT_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "attempt.h"
#include "check.h"
#include "err.h"
#include "grid_clock.h"
#include "log.h"
#include "loop.h"
#include "measure.h"
#include "schedule.h"

enum { TASK_SKIPS_TOLD_MAX = 5 };

/*
 * A result; good only during the call.  `with_facts`: they are worth sending.
 */
typedef void task_sink_fn(
    void *ctx, const struct measure *measure, bool with_facts);

/*
 * Called before a start: whoever keeps the clock looks at it, because the
 * machine may have slept until just now.  May call task_clock_moved().
 */
typedef void task_look_fn(void *ctx);

struct task;

/* What the tasks of a runner share. */
struct task_host {
    struct loop *loop;              /* borrowed */
    const struct grid_clock *clock; /* borrowed */
    struct attempt_pool *attempts;  /* borrowed */
    task_sink_fn *sink;
    task_look_fn *look; /* may be NULL */
    void *ctx;          /* borrowed */
    uint64_t skipped;   /* slots not measured */
    bool has_run;       /* a slot was started; for others to reset */
    /* Owned: replaced, still finishing; each has an attempt (ATTEMPT_MAX). */
    struct task *retired;
    struct log_limit skipped_limit;
};

/* Frees the retired. */
void task_host_free(struct task_host *host);

/* Without a check yet.  The host is borrowed. */
struct task *task_new(struct task_host *host, struct err *err);

/* Drops what is going on.  NULL is allowed. */
void task_free(struct task *task);

/*
 * Takes the check over by emptying it, and plans its first start; see
 * schedule_join() for the moment.
 */
void task_begin(struct task *task, struct check *check,
    const struct schedule_place *place, int64_t not_before_unix_ms);

/*
 * The same, going on where `old`, an earlier form of the check, was.  `old`
 * is retired: it finishes what runs and is then freed.
 */
void task_replace(struct task *task, struct check *check,
    const struct schedule_place *place, struct task *old);

/* This agent stands elsewhere among the others. */
void task_place(struct task *task, const struct schedule_place *place);

/*
 * The clock was moved.  A start that would no longer fall into its slot is
 * planned anew; `slept`: time has passed, and slots with it.
 */
void task_clock_moved(struct task *task, bool slept);

/* No further starts. */
void task_stop(struct task *task);

const struct check *task_check(const struct task *task);

/* End of the last slot started; 0: none. */
int64_t task_measured_until(const struct task *task);

#endif
