#include "probe_series.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "clock.h"
#include "loop.h"

struct shot {
    struct probe_series *series; /* borrowed */
    int64_t number;
    int64_t started_ns;
    int64_t ts_unix_ms;
    struct measure legs[PROBE_LEGS_MAX]; /* facts owned */
    size_t leg_count;
    size_t legs_done;
    struct probe *probe; /* owned; NULL when none is under way */
    STAILQ_ENTRY(shot) entry;
};

struct probe_series {
    struct probe_series_spec spec;
    probe_shot_fn *told;
    probe_series_done_fn *done;
    void *ctx;
    int64_t began_ns;
    int64_t next; /* number of the shot to start */
    struct timer timer;
    STAILQ_HEAD(, shot) shots; /* in the order of their starts; owned */
    size_t under_way;
};

static void
shot_free(struct shot *shot)
{
    probe_cancel(shot->probe);
    for (size_t i = 0; i < PROBE_LEGS_MAX; i++)
        measure_free_facts(&shot->legs[i]);
    free(shot);
}

static bool
is_over(const struct probe_series *series)
{
    return series->spec.count > 0 && series->next > series->spec.count;
}

/* Tells those that are complete and have none before them that is not. */
static void
tell(struct probe_series *series)
{
    struct shot *shot;

    while ((shot = STAILQ_FIRST(&series->shots)) != NULL &&
           shot->legs_done == shot->leg_count) {
        STAILQ_REMOVE_HEAD(&series->shots, entry);
        series->under_way--;
        series->told(series->ctx, &(struct probe_shot){.number = shot->number,
                                      .legs = shot->legs,
                                      .leg_count = shot->leg_count});
        shot_free(shot);
    }
    if (STAILQ_EMPTY(&series->shots) && is_over(series))
        series->done(series->ctx); /* may free the series */
}

static enum check_family
family_of(const struct shot *shot)
{
    enum check_family family = shot->series->spec.check->family;

    if (family != CHECK_FAMILY_BOTH)
        return family;
    return shot->legs_done == 0 ? CHECK_FAMILY_4 : CHECK_FAMILY_6;
}

/* A leg that was not measured, by this machine's fault. */
static void
give_up_leg(struct shot *shot, enum measure_reason reason, const char *words)
{
    struct measure *leg = &shot->legs[shot->legs_done];
    struct probe_run run = {.ts_unix_ms = shot->ts_unix_ms,
        .slot_unix_ms = shot->ts_unix_ms,
        .family = family_of(shot)};

    probe_begin_measure(leg, shot->series->spec.check, &run);
    leg->status = MEASURE_ERROR;
    leg->reason = reason;
    leg->facts = facts_new();
    if (leg->facts != NULL)
        (void)snprintf(
            leg->facts->detail, sizeof(leg->facts->detail), "%s", words);
    shot->legs_done++;
}

static void on_leg(void *ctx, struct measure *measure);

static void
start_leg(struct shot *shot)
{
    struct probe_series *series = shot->series;
    struct probe_run run = {.ts_unix_ms = shot->ts_unix_ms,
        .slot_unix_ms = shot->ts_unix_ms,
        .family = family_of(shot)};
    struct err err;

    while (shot->legs_done < shot->leg_count) {
        run.family = family_of(shot);
        shot->probe = probe_start(
            series->spec.env, series->spec.check, &run, on_leg, shot, &err);
        if (shot->probe != NULL)
            return;
        give_up_leg(shot, REASON_AGENT_LIMIT, err.msg);
    }
}

static void
on_leg(void *ctx, struct measure *measure)
{
    struct shot *shot = ctx;

    shot->probe = NULL;
    shot->legs[shot->legs_done++] = *measure;
    measure->facts = NULL; /* taken */
    start_leg(shot);
    if (shot->legs_done == shot->leg_count)
        tell(shot->series);
}

static void
wait_for_next(struct probe_series *series)
{
    if (!is_over(series))
        loop_timer_start_at(series->spec.env->loop, &series->timer,
            series->began_ns + (series->next - 1) * series->spec.interval_ns);
}

static void
skip(struct shot *shot, const char *words)
{
    while (shot->legs_done < shot->leg_count)
        give_up_leg(shot, REASON_AGENT_SKIPPED, words);
}

static void
on_due(void *ctx)
{
    struct probe_series *series = ctx;
    int64_t now_ns = loop_now_ns(series->spec.env->loop);
    int64_t due_ns =
        series->began_ns + (series->next - 1) * series->spec.interval_ns;
    struct shot *shot = calloc(1, sizeof(*shot));

    if (shot == NULL) { /* said by the next that can be */
        loop_timer_start(series->spec.env->loop, &series->timer, NS_PER_SEC);
        return;
    }
    shot->series = series;
    shot->number = series->next++;
    shot->started_ns = now_ns;
    shot->ts_unix_ms = clock_unix_ms();
    shot->leg_count =
        series->spec.check->family == CHECK_FAMILY_BOTH ? PROBE_LEGS_MAX : 1;
    STAILQ_INSERT_TAIL(&series->shots, shot, entry);
    series->under_way++;
    if (shot->number > 1 && now_ns - due_ns >= series->spec.interval_ns)
        skip(shot, "this machine stood still at its moment");
    else if (series->under_way > PROBE_UNDER_WAY_MAX)
        skip(shot, "too many probes are under way: a longer interval or a "
                   "shorter timeout helps");
    else
        start_leg(shot);
    wait_for_next(series);
    tell(series);
}

struct probe_series *
probe_series_start(const struct probe_series_spec *spec, probe_shot_fn *told,
    probe_series_done_fn *done, void *ctx, struct err *err)
{
    struct probe_series *series = calloc(1, sizeof(*series));

    if (series == NULL) {
        err_set(err, ERR_NOMEM, "series of probes");
        return NULL;
    }
    series->spec = *spec;
    series->told = told;
    series->done = done;
    series->ctx = ctx;
    series->began_ns = loop_now_ns(spec->env->loop);
    series->next = 1;
    STAILQ_INIT(&series->shots);
    timer_init(&series->timer, on_due, series);
    loop_timer_start(spec->env->loop, &series->timer, 0);
    return series;
}

void
probe_series_free(struct probe_series *series)
{
    struct shot *shot;

    if (series == NULL)
        return;
    loop_timer_stop(series->spec.env->loop, &series->timer);
    while ((shot = STAILQ_FIRST(&series->shots)) != NULL) {
        STAILQ_REMOVE_HEAD(&series->shots, entry);
        shot_free(shot);
    }
    free(series);
}

size_t
probe_series_under_way(const struct probe_series *series)
{
    return series->under_way;
}

int64_t
probe_series_oldest_ns(const struct probe_series *series)
{
    const struct shot *shot = STAILQ_FIRST(&series->shots);

    return shot != NULL ? shot->started_ns : 0;
}
