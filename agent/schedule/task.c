#include "task.h"

#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "notable.h"

static const int64_t facts_again_ns = 24 * 3600 * NS_PER_SEC;

/* One address family of a check that is measured apart. */
struct leg {
    struct task *task;        /* borrowed */
    enum check_family family; /* ANY, 4 or 6 */
    uint32_t mark;            /* of the last served result; 0: none yet */
    bool told;                /* facts, since the start */
    int64_t told_ns;          /* ... and when last */
    bool no_route;            /* as last told */
};

struct task {
    struct task_host *host; /* borrowed */
    struct check check;
    struct schedule_rule rule;
    struct schedule_plan plan;
    struct timer due;
    int64_t not_before_unix_ms; /* end of the last slot started; 0: none */
    struct leg legs[2];
    size_t leg_count;
    unsigned going;    /* attempts */
    struct task *next; /* among the retired */
};

static int64_t
grid_now(const struct task_host *host)
{
    return grid_clock_unix_ms(host->clock, loop_now_ns(host->loop));
}

void
task_free(struct task *task)
{
    if (task == NULL)
        return;
    attempt_cancel(task->host->attempts, &task->check);
    loop_timer_stop(task->host->loop, &task->due);
    check_free(&task->check);
    free(task);
}

static void
free_if_finished(struct task *task)
{
    struct task **at = &task->host->retired;

    while (*at != NULL && *at != task)
        at = &(*at)->next;
    if (*at == NULL || task->going > 0)
        return;
    *at = task->next;
    task_free(task);
}

/*
 * A family that this machine has no route for is told when that begins, not
 * once a slot.
 */
static bool
is_old_news(struct leg *leg, const struct measure *measure)
{
    bool no_route = measure->reason == REASON_AGENT_NO_ROUTE;
    bool was = leg->no_route;

    if (leg->task->check.family != CHECK_FAMILY_BOTH)
        return false;
    if (no_route || measure->status != MEASURE_ERROR)
        leg->no_route = no_route;
    return no_route && was;
}

/*
 * The first, what changed, what failed; and once a day what is as it was, so
 * that a collector whose store is new or restored comes to know when each
 * certificate ends.
 */
static bool
are_facts_news(struct leg *leg, const struct measure *measure)
{
    int64_t now_ns = loop_now_ns(leg->task->host->loop);
    bool news = !leg->told || now_ns - leg->told_ns >= facts_again_ns;

    if (measure->facts == NULL)
        return false;
    if (measure_votes_up(measure)) {
        uint32_t mark = notable_mark(measure);

        news = news || mark != leg->mark;
        leg->mark = mark;
    } else {
        news = true;
    }
    if (news)
        leg->told_ns = now_ns;
    leg->told = true;
    return news;
}

static void
on_told(void *ctx, const struct measure *measure, bool last)
{
    struct leg *leg = ctx;
    struct task *task = leg->task;
    struct task_host *host = task->host;

    if (measure->reason == REASON_AGENT_SKIPPED)
        host->skipped++;
    if (!is_old_news(leg, measure)) {
        host->sink(host->ctx, measure, are_facts_news(leg, measure));
    }
    if (last) {
        task->going--;
        free_if_finished(task);
    }
}

static struct attempt_job
job_of(struct leg *leg, const struct schedule_plan *plan)
{
    return (struct attempt_job){
        .check = &leg->task->check,
        .slot_unix_ms = plan->slot_unix_ms,
        .ts_unix_ms = plan->ts_unix_ms,
        .family = leg->family,
        .told = on_told,
        .ctx = leg,
    };
}

static void
tell_skipped(struct leg *leg, const struct schedule_plan *plan)
{
    struct task_host *host = leg->task->host;
    struct attempt_job job = job_of(leg, plan);
    struct measure measure;

    if (leg->no_route) /* as told when that began */
        return;
    attempt_skipped_measure(&job, &measure);
    host->sink(host->ctx, &measure, false);
    measure_free_facts(&measure);
}

static void
start_slot(struct task *task, const struct schedule_plan *plan)
{
    struct task_host *host = task->host;
    struct err err;

    for (size_t i = 0; i < task->leg_count; i++) {
        struct attempt_job job = job_of(&task->legs[i], plan);

        if (attempt_start(host->attempts, &job, &err) == 0) {
            task->going++;
        } else {
            host->skipped++;
            tell_skipped(&task->legs[i], plan);
        }
    }
    task->not_before_unix_ms = plan->slot_unix_ms + task->rule.interval_ms;
    host->has_run = true;
}

/* Counts all of them, tells the newest. */
static void
miss_slots(struct task *task, const struct schedule_step *step)
{
    uint64_t told = step->missed;

    if (told > TASK_SKIPS_TOLD_MAX)
        told = TASK_SKIPS_TOLD_MAX;
    for (uint64_t i = step->missed - told; i < step->missed; i++) {
        struct schedule_plan plan;

        plan.slot_unix_ms =
            step->missed_from_unix_ms + (int64_t)i * task->rule.interval_ms;
        plan.ts_unix_ms = plan.slot_unix_ms + task->rule.phase_ms;
        for (size_t leg = 0; leg < task->leg_count; leg++)
            tell_skipped(&task->legs[leg], &plan);
    }
    task->host->skipped += step->missed;
    /* After a sleep of the machine it is every check's turn. */
    log_limited(&task->host->skipped_limit, LOG_AT_WARN, "runner.skipped",
        "check=%s slots=%llu told=%llu", task->check.name,
        (unsigned long long)step->missed, (unsigned long long)told);
}

static void
arm(struct task *task)
{
    struct task_host *host = task->host;

    loop_timer_start_at(host->loop, &task->due,
        grid_clock_mono_ns(host->clock, task->plan.ts_unix_ms));
}

static void
run_due(struct task *task)
{
    struct schedule_step step =
        schedule_due(&task->rule, &task->plan, grid_now(task->host));

    if (step.start)
        start_slot(task, &task->plan);
    if (step.missed > 0)
        miss_slots(task, &step);
    task->plan = step.next;
    arm(task);
}

static void
on_due(void *ctx)
{
    struct task *task = ctx;
    struct task_host *host = task->host;

    if (host->look != NULL)
        host->look(host->ctx);
    run_due(task);
}

static void
plan_anew(struct task *task)
{
    task->plan = schedule_join(
        &task->rule, task->not_before_unix_ms, grid_now(task->host));
    arm(task);
}

struct task *
task_new(struct task_host *host, struct err *err)
{
    struct task *task = calloc(1, sizeof(*task));

    if (task == NULL) {
        err_set(err, ERR_NOMEM, "check");
        return NULL;
    }
    task->host = host;
    check_init(&task->check);
    timer_init(&task->due, on_due, task);
    return task;
}

static void
set_legs(struct task *task)
{
    bool both = task->check.family == CHECK_FAMILY_BOTH;

    task->leg_count = both ? 2 : 1;
    task->legs[0].family = both ? CHECK_FAMILY_4 : task->check.family;
    task->legs[1].family = CHECK_FAMILY_6;
    task->legs[0].task = task;
    task->legs[1].task = task;
}

static struct schedule_rule
rule_of(const struct task *task, const struct schedule_place *place)
{
    return schedule_rule_of(
        task->check.id, task->check.interval_ms, task->check.timeout_ms, place);
}

void
task_begin(struct task *task, struct check *check,
    const struct schedule_place *place, int64_t not_before_unix_ms)
{
    task->check = *check;
    check_init(check);
    set_legs(task);
    task->rule = rule_of(task, place);
    task->not_before_unix_ms = not_before_unix_ms;
    plan_anew(task);
}

/*
 * Slots of another length begin where the old one ends, so a slot that has
 * begun and was not measured yet is measured now, or never would be.
 */
static void
close_slot(struct task *old)
{
    int64_t now_unix_ms = grid_now(old->host);

    if (!old->due.armed || old->plan.slot_unix_ms > now_unix_ms)
        return;
    old->plan.ts_unix_ms = now_unix_ms;
    start_slot(old, &old->plan);
}

void
task_replace(struct task *task, struct check *check,
    const struct schedule_place *place, struct task *old)
{
    if (old->check.interval_ms != check->interval_ms)
        close_slot(old);
    task_begin(task, check, place, old->not_before_unix_ms);
    for (size_t i = 0; i < task->leg_count && i < old->leg_count; i++) {
        if (task->legs[i].family != old->legs[i].family)
            continue;
        task->legs[i].mark = old->legs[i].mark;
        task->legs[i].told = old->legs[i].told;
        task->legs[i].told_ns = old->legs[i].told_ns;
        task->legs[i].no_route = old->legs[i].no_route;
    }
    task_stop(old);
    old->next = old->host->retired;
    old->host->retired = old;
    free_if_finished(old);
}

void
task_place(struct task *task, const struct schedule_place *place)
{
    struct schedule_rule rule = rule_of(task, place);

    if (rule.phase_ms == task->rule.phase_ms)
        return;
    task->rule = rule;
    if (task->due.armed)
        plan_anew(task);
}

void
task_clock_moved(struct task *task, bool slept)
{
    struct task_host *host = task->host;
    int64_t due_unix_ms;

    if (!task->due.armed)
        return;
    due_unix_ms = grid_clock_unix_ms(host->clock, task->due.due_ns);
    if (schedule_may_stay(&task->rule, &task->plan, due_unix_ms))
        return;
    if (slept && task->plan.ts_unix_ms <= grid_now(host))
        run_due(task);
    else
        plan_anew(task);
}

void
task_stop(struct task *task)
{
    loop_timer_stop(task->host->loop, &task->due);
}

const struct check *
task_check(const struct task *task)
{
    return &task->check;
}

int64_t
task_measured_until(const struct task *task)
{
    return task->not_before_unix_ms;
}

void
task_host_free(struct task_host *host)
{
    struct task *task;

    while ((task = host->retired) != NULL) {
        host->retired = task->next;
        task_free(task);
    }
}
