/*
 * attempt.h - one leg of one slot measured: an attempt, and after a `down`
 * the confirming one, of which only so many run at once.
 *
 * A measurement that finds no room waits a little, then is told as skipped.
 * After a `down` of a kind that confirms, the self-check is asked at once and
 * the second attempt starts 5 s after the first ended; the first result is
 * held until the self-check has answered, because a result is never changed
 * after it was told, and its answer marks both.
 */
#ifndef AGENT_ATTEMPT_H
#define AGENT_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "err.h"
#include "grid_clock.h"
#include "loop.h"
#include "measure.h"
#include "probe.h"
#include "self_check.h"

enum {
    ATTEMPT_AT_ONCE = 64,
    ATTEMPT_QUEUE_MAX = 4096, /* that wait for room */
    ATTEMPT_MAX = 8192,       /* in all, 400 bytes each: 3.3 MB */

    /*
     * First results that wait for the self-check, with facts of up to 30 kB:
     * 4 MB.  Of more than that the oldest is told as the last round said.
     */
    ATTEMPT_HELD_MAX = 128,
    ATTEMPT_PATIENCE_MS = 5000,
    ATTEMPT_CONFIRM_AFTER_MS = 5000
};

struct attempt_pool;

/* All borrowed. */
struct attempt_pool_spec {
    struct loop *loop;
    const struct probe_env *env;
    const struct grid_clock *clock;
    struct self_check *self_check;
    size_t at_once_max; /* 0: ATTEMPT_AT_ONCE */
};

struct attempt_pool *attempt_pool_new(
    const struct attempt_pool_spec *spec, struct err *err);

/* Drops what is going on without a word.  NULL is allowed. */
void attempt_pool_free(struct attempt_pool *pool);

/*
 * One result: `measure` is good only during the call, its facts too.  `last`:
 * nothing follows for this slot and leg, and the attempt is already gone.
 */
typedef void attempt_told_fn(
    void *ctx, const struct measure *measure, bool last);

struct attempt_job {
    const struct check *check; /* borrowed until the last result */
    int64_t slot_unix_ms;
    int64_t ts_unix_ms;
    enum check_family family; /* ANY, 4 or 6: one leg */
    attempt_told_fn *told;
    void *ctx; /* borrowed */
};

/*
 * Starts it, now or as soon as there is room.  `told` comes once or twice,
 * from the loop and never from inside this call.  Fails when memory is out or
 * there are too many; `told` is then not called.
 */
int attempt_start(
    struct attempt_pool *pool, const struct attempt_job *job, struct err *err);

/* Drops all that goes on for this check; nothing more is told of it. */
void attempt_cancel(struct attempt_pool *pool, const struct check *check);

/*
 * The end is near: tells at once what is held, and as skipped what waits for
 * its first attempt; drops what waits for its second.  What runs runs on, and
 * will not be confirmed.
 */
void attempt_pool_wind_up(struct attempt_pool *pool);

/*
 * Nothing runs any more: a first attempt is told as skipped, a second one is
 * dropped.
 */
void attempt_pool_give_up(struct attempt_pool *pool);

size_t attempt_pool_running(const struct attempt_pool *pool);

/* The result of a slot that was not measured: `error`, agent_skipped. */
void attempt_skipped_measure(
    const struct attempt_job *job, struct measure *measure);

#endif
