#include "attempt.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "clock.h"

enum { LAG_MAX_MS = 5 };

/*
 * WAITING --> PROBING --> told
 *    |           | down, of a kind that confirms
 *    |           v
 *    |        DOUBTING --5 s--> WAITING for the second attempt
 *    v
 *   told as skipped
 */
enum state { WAITING, PROBING, DOUBTING };

struct attempt {
    struct attempt_pool *pool; /* borrowed */
    TAILQ_ENTRY(attempt) all;
    TAILQ_ENTRY(attempt) waiting;
    struct attempt_job job;
    enum state state;
    struct probe_run run;
    struct probe *probe; /* owned; NULL unless PROBING */
    struct timer timer;  /* WAITING: patience; DOUBTING: the second attempt */
    struct self_check_ask ask;
    struct measure held; /* the first result, until the self-check answered */
    bool holds;
    bool isolated;
    bool lagged;
};

TAILQ_HEAD(attempt_list, attempt);

struct attempt_pool {
    struct attempt_pool_spec spec;
    struct attempt_list all;
    struct attempt_list waiting;
    size_t count; /* of all */
    size_t waiting_count;
    size_t running;
    size_t held_count;
    struct timer pump; /* starts what waits, in the loop's next turn */
    bool winding_up;
};

/* Whatever state it is in, it is gone afterwards. */
static void
attempt_free(struct attempt *attempt)
{
    struct attempt_pool *pool = attempt->pool;

    switch (attempt->state) {
    case WAITING:
        TAILQ_REMOVE(&pool->waiting, attempt, waiting);
        pool->waiting_count--;
        break;
    case PROBING:
        probe_cancel(attempt->probe);
        pool->running--;
        break;
    case DOUBTING:
        self_check_ask_stop(pool->spec.self_check, &attempt->ask);
        if (attempt->holds) {
            measure_free_facts(&attempt->held);
            pool->held_count--;
        }
        break;
    }
    loop_timer_stop(pool->spec.loop, &attempt->timer);
    TAILQ_REMOVE(&pool->all, attempt, all);
    pool->count--;
    free(attempt);
}

/* A leg's results are told apart by family even where nothing was reached. */
static void
set_family(struct measure *measure, enum check_family family)
{
    if (measure->family != FAMILY_NONE)
        return;
    if (family == CHECK_FAMILY_4)
        measure->family = FAMILY_V4;
    else if (family == CHECK_FAMILY_6)
        measure->family = FAMILY_V6;
}

static void
fill_unmeasured(struct measure *measure, const struct check *check,
    const struct probe_run *run, enum measure_reason reason)
{
    probe_begin_measure(measure, check, run);
    measure->status = MEASURE_ERROR;
    measure->reason = reason;
    set_family(measure, run->family);
}

void
attempt_skipped_measure(const struct attempt_job *job, struct measure *measure)
{
    struct probe_run run = {
        .ts_unix_ms = job->ts_unix_ms,
        .slot_unix_ms = job->slot_unix_ms,
        .family = job->family,
    };

    fill_unmeasured(measure, job->check, &run, REASON_AGENT_SKIPPED);
}

/* Tells the last result, which is ours.  The attempt is gone when it does. */
static void
finish(struct attempt *attempt, struct measure *measure)
{
    attempt_told_fn *told = attempt->job.told;
    void *ctx = attempt->job.ctx;

    attempt_free(attempt);
    told(ctx, measure, true);
    measure_free_facts(measure);
}

static void
finish_unmeasured(struct attempt *attempt, enum measure_reason reason)
{
    struct measure measure;

    fill_unmeasured(&measure, attempt->job.check, &attempt->run, reason);
    measure.isolated = attempt->isolated;
    finish(attempt, &measure);
}

static bool
loop_lags(const struct attempt_pool *pool)
{
    return loop_lag_ns(pool->spec.loop) > LAG_MAX_MS * NS_PER_MS;
}

static void
on_patience_over(void *ctx)
{
    finish_unmeasured(ctx, REASON_AGENT_SKIPPED);
}

static void
stand_in_line(struct attempt *attempt)
{
    struct attempt_pool *pool = attempt->pool;

    attempt->state = WAITING;
    TAILQ_INSERT_TAIL(&pool->waiting, attempt, waiting);
    pool->waiting_count++;
    timer_init(&attempt->timer, on_patience_over, attempt);
    loop_timer_start(
        pool->spec.loop, &attempt->timer, ATTEMPT_PATIENCE_MS * NS_PER_MS);
    loop_timer_start(pool->spec.loop, &pool->pump, 0);
}

/* Tells the first result, now that it is known whose fault it may be. */
static void
tell_held(struct attempt *attempt, enum self_check_state state, bool last)
{
    struct measure measure = attempt->held;
    attempt_told_fn *told = attempt->job.told;
    void *ctx = attempt->job.ctx;

    attempt->holds = false;
    attempt->pool->held_count--;
    attempt->held.facts = NULL;
    attempt->isolated = state == SELF_CHECK_FAILING;
    measure.isolated = attempt->isolated;
    if (last)
        attempt_free(attempt);
    told(ctx, &measure, last);
    measure_free_facts(&measure);
}

static void
on_self_checked(void *ctx, enum self_check_state state)
{
    tell_held(ctx, state, false);
}

static void
on_confirm(void *ctx)
{
    struct attempt *attempt = ctx;
    struct attempt_pool *pool = attempt->pool;
    int64_t now_ns = loop_now_ns(pool->spec.loop);

    attempt->run.attempt = 1;
    attempt->run.ts_unix_ms = grid_clock_unix_ms(pool->spec.clock, now_ns);
    self_check_ask_stop(pool->spec.self_check, &attempt->ask);
    stand_in_line(attempt);
    if (attempt->holds) /* a self-check that says nothing for 5 s is no news */
        tell_held(attempt, self_check_state(pool->spec.self_check), false);
}

/* Has waited longest, or nearly: it was the first to be started. */
static struct attempt *
oldest_held(struct attempt_pool *pool)
{
    struct attempt *attempt = TAILQ_FIRST(&pool->all);

    while (attempt != NULL && !attempt->holds)
        attempt = TAILQ_NEXT(attempt, all);
    return attempt;
}

static void
hold_no_more_than_allowed(struct attempt_pool *pool)
{
    struct attempt *oldest;

    if (pool->held_count < ATTEMPT_HELD_MAX)
        return;
    oldest = oldest_held(pool);
    self_check_ask_stop(pool->spec.self_check, &oldest->ask);
    tell_held(oldest, self_check_state(pool->spec.self_check), false);
}

/* Takes the facts over. */
static void
doubt(struct attempt *attempt, struct measure *measure)
{
    struct attempt_pool *pool = attempt->pool;

    hold_no_more_than_allowed(pool);
    attempt->state = DOUBTING;
    attempt->held = *measure;
    attempt->holds = true;
    pool->held_count++;
    measure->facts = NULL;
    attempt->ask = (struct self_check_ask){
        .fn = on_self_checked,
        .ctx = attempt,
    };
    timer_init(&attempt->timer, on_confirm, attempt);
    loop_timer_start(
        pool->spec.loop, &attempt->timer, ATTEMPT_CONFIRM_AFTER_MS * NS_PER_MS);
    self_check_ask(pool->spec.self_check, &attempt->ask);
}

static void
on_measured(void *ctx, struct measure *measure)
{
    struct attempt *attempt = ctx;
    struct attempt_pool *pool = attempt->pool;
    struct measure own;

    attempt->probe = NULL;
    attempt->state = DOUBTING; /* no longer among those that run */
    pool->running--;
    loop_timer_start(pool->spec.loop, &pool->pump, 0);
    measure->lagged = measure->lagged || attempt->lagged || loop_lags(pool);
    measure->isolated = attempt->isolated;
    set_family(measure, attempt->run.family);
    if (measure->status == MEASURE_DOWN && attempt->run.attempt == 0 &&
        check_kind_confirms(attempt->job.check->kind) && !pool->winding_up) {
        doubt(attempt, measure);
        return;
    }
    own = *measure;
    measure->facts = NULL;
    finish(attempt, &own);
}

/* From the loop only: where not even a probe can be made, that is told. */
static void
begin_probe(struct attempt *attempt)
{
    struct attempt_pool *pool = attempt->pool;
    struct err err;

    attempt->lagged = loop_lags(pool);
    attempt->probe = probe_start(pool->spec.env, attempt->job.check,
        &attempt->run, on_measured, attempt, &err);
    if (attempt->probe == NULL) {
        finish_unmeasured(attempt, REASON_AGENT_LIMIT);
        return;
    }
    TAILQ_REMOVE(&pool->waiting, attempt, waiting);
    pool->waiting_count--;
    loop_timer_stop(pool->spec.loop, &attempt->timer);
    attempt->state = PROBING;
    pool->running++;
}

static void
on_pump(void *ctx)
{
    struct attempt_pool *pool = ctx;

    while (
        pool->running < pool->spec.at_once_max && !TAILQ_EMPTY(&pool->waiting))
        begin_probe(TAILQ_FIRST(&pool->waiting));
}

struct attempt_pool *
attempt_pool_new(const struct attempt_pool_spec *spec, struct err *err)
{
    struct attempt_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL) {
        err_set(err, ERR_NOMEM, "attempts");
        return NULL;
    }
    pool->spec = *spec;
    if (pool->spec.at_once_max == 0)
        pool->spec.at_once_max = ATTEMPT_AT_ONCE;
    TAILQ_INIT(&pool->all);
    TAILQ_INIT(&pool->waiting);
    timer_init(&pool->pump, on_pump, pool);
    return pool;
}

void
attempt_pool_free(struct attempt_pool *pool)
{
    struct attempt *attempt;

    if (pool == NULL)
        return;
    while ((attempt = TAILQ_FIRST(&pool->all)) != NULL)
        attempt_free(attempt);
    loop_timer_stop(pool->spec.loop, &pool->pump);
    free(pool);
}

int
attempt_start(
    struct attempt_pool *pool, const struct attempt_job *job, struct err *err)
{
    struct attempt *attempt;

    if (pool->waiting_count >= ATTEMPT_QUEUE_MAX)
        return err_set(
            err, ERR_LIMIT, "%zu attempts wait already", pool->waiting_count);
    if (pool->count >= ATTEMPT_MAX)
        return err_set(err, ERR_LIMIT, "%zu attempts already", pool->count);
    attempt = calloc(1, sizeof(*attempt));
    if (attempt == NULL)
        return err_set(err, ERR_NOMEM, "attempt");
    attempt->pool = pool;
    attempt->job = *job;
    attempt->run = (struct probe_run){
        .ts_unix_ms = job->ts_unix_ms,
        .slot_unix_ms = job->slot_unix_ms,
        .family = job->family,
    };
    TAILQ_INSERT_TAIL(&pool->all, attempt, all);
    pool->count++;
    stand_in_line(attempt);
    return 0;
}

void
attempt_cancel(struct attempt_pool *pool, const struct check *check)
{
    struct attempt *attempt = TAILQ_FIRST(&pool->all);

    while (attempt != NULL) {
        struct attempt *next = TAILQ_NEXT(attempt, all);

        if (attempt->job.check == check)
            attempt_free(attempt);
        attempt = next;
    }
}

size_t
attempt_pool_running(const struct attempt_pool *pool)
{
    return pool->running;
}

void
attempt_pool_wind_up(struct attempt_pool *pool)
{
    struct attempt *attempt = TAILQ_FIRST(&pool->all);

    pool->winding_up = true;
    while (attempt != NULL) {
        struct attempt *next = TAILQ_NEXT(attempt, all);

        switch (attempt->state) {
        case WAITING:
            if (attempt->run.attempt == 0)
                finish_unmeasured(attempt, REASON_AGENT_SKIPPED);
            else
                attempt_free(attempt);
            break;
        case PROBING:
            break;
        case DOUBTING:
            if (attempt->holds)
                tell_held(
                    attempt, self_check_state(pool->spec.self_check), true);
            else
                attempt_free(attempt);
            break;
        }
        attempt = next;
    }
}

void
attempt_pool_give_up(struct attempt_pool *pool)
{
    struct attempt *attempt = TAILQ_FIRST(&pool->all);

    while (attempt != NULL) {
        struct attempt *next = TAILQ_NEXT(attempt, all);

        if (attempt->state == PROBING && attempt->run.attempt == 0)
            finish_unmeasured(attempt, REASON_AGENT_SKIPPED);
        else if (attempt->state == PROBING)
            attempt_free(attempt);
        attempt = next;
    }
}
