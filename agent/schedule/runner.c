#include "runner.h"

#include <stdlib.h>

#include "attempt.h"
#include "earlier.h"
#include "log.h"

struct runner {
    struct task_host host;
    struct attempt_pool *attempts; /* owned */
    struct task **tasks;           /* owned, by check id */
    size_t task_count;
    struct earlier earlier; /* owned */
};

struct runner *
runner_new(const struct runner_spec *spec, struct err *err)
{
    struct attempt_pool_spec pool = {
        .loop = spec->loop,
        .env = spec->env,
        .clock = spec->clock,
        .self_check = spec->self_check,
        .at_once_max = spec->at_once_max,
    };
    struct runner *runner = calloc(1, sizeof(*runner));

    if (runner == NULL) {
        err_set(err, ERR_NOMEM, "runner");
        return NULL;
    }
    runner->attempts = attempt_pool_new(&pool, err);
    if (runner->attempts == NULL) {
        runner_free(runner);
        return NULL;
    }
    runner->host = (struct task_host){
        .loop = spec->loop,
        .clock = spec->clock,
        .attempts = runner->attempts,
        .sink = spec->sink,
        .look = spec->look,
        .ctx = spec->ctx,
    };
    return runner;
}

void
runner_free(struct runner *runner)
{
    if (runner == NULL)
        return;
    for (size_t i = 0; i < runner->task_count; i++)
        task_free(runner->tasks[i]);
    task_host_free(&runner->host);
    attempt_pool_free(runner->attempts);
    free(runner->tasks);
    earlier_free(&runner->earlier);
    free(runner);
}

static int
compare_ids(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int
compare_checks(const void *a, const void *b)
{
    const struct check *left = a;
    const struct check *right = b;

    return compare_ids(left->id, right->id);
}

int
runner_take_last_runs(
    struct runner *runner, struct bytes bytes, struct err *err)
{
    return earlier_take_noted(&runner->earlier, bytes, err);
}

int
runner_take_result(
    struct runner *runner, const struct measure *measure, struct err *err)
{
    return earlier_take_slot(
        &runner->earlier, measure->check_id, measure->slot_unix_ms, err);
}

int
runner_put_last_runs(struct runner *runner, struct buf *out, struct err *err)
{
    struct last_run *runs = calloc(runner->task_count + 1, sizeof(*runs));
    size_t count = 0;
    int rc;

    if (runs == NULL)
        return err_set(err, ERR_NOMEM, "last runs");
    for (size_t i = 0; i < runner->task_count; i++) {
        int64_t end_unix_ms = task_measured_until(runner->tasks[i]);

        if (end_unix_ms == 0)
            continue;
        runs[count++] = (struct last_run){
            .check_id = task_check(runner->tasks[i])->id,
            .end_unix_ms = end_unix_ms,
        };
    }
    rc = last_runs_encode(runs, count, out, err);
    free(runs);
    if (rc == 0)
        runner->host.has_run = false;
    return rc;
}

bool
runner_has_run(const struct runner *runner)
{
    return runner->host.has_run;
}

static bool
is_measured(const struct check *check)
{
    switch (check->kind) {
    case CHECK_DNS:
    case CHECK_TCP:
    case CHECK_TLS:
    case CHECK_HTTP:
    case CHECK_PAGE:
        return !check->paused;
    case CHECK_MAIL:
    case CHECK_FORM:
    case CHECK_KIND_COUNT:
        return false;
    }
    return false;
}

/* Drops the checks that are not for us, and orders the rest by id. */
static void
sort_out(struct runner_work *work)
{
    size_t kept = 0;

    for (size_t i = 0; i < work->check_count; i++) {
        if (!is_measured(&work->checks[i])) {
            if (!work->checks[i].paused)
                log_event(LOG_AT_WARN, "runner.unknown_kind", "check=%s",
                    work->checks[i].name);
            check_free(&work->checks[i]);
            continue;
        }
        work->checks[kept++] = work->checks[i];
    }
    work->check_count = kept;
    if (kept > 0)
        qsort(work->checks, kept, sizeof(*work->checks), compare_checks);
}

/* Fails if two checks have one id: their results could not be told apart. */
static int
refuse_doubles(const struct runner_work *work, struct err *err)
{
    if (work->check_count > RUNNER_CHECKS_MAX)
        return err_set(err, ERR_LIMIT, "%zu checks, %d at most",
            work->check_count, RUNNER_CHECKS_MAX);
    for (size_t i = 1; i < work->check_count; i++) {
        if (work->checks[i].id == work->checks[i - 1].id)
            return err_set(err, ERR_PARSE, "checks %s and %s have one id",
                work->checks[i - 1].name, work->checks[i].name);
    }
    return 0;
}

/* Empty tasks, so that nothing can fail once the first one is changed. */
static struct task **
new_tasks(struct runner *runner, size_t count, struct err *err)
{
    struct task **tasks = calloc(count + 1, sizeof(struct task *));

    if (tasks == NULL) {
        err_set(err, ERR_NOMEM, "%zu checks", count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        tasks[i] = task_new(&runner->host, err);
        if (tasks[i] != NULL)
            continue;
        while (i-- > 0)
            task_free(tasks[i]);
        free(tasks);
        return NULL;
    }
    return tasks;
}

/* One check that there was before; gives the task that goes on with it. */
static struct task *
keep_task(struct task *old, struct check *check, struct task *fresh,
    const struct schedule_place *place)
{
    if (!check_same(task_check(old), check)) {
        task_replace(fresh, check, place, old);
        return fresh;
    }
    task_place(old, place);
    task_free(fresh);
    check_free(check);
    return old;
}

/* Old and new are both in the order of ids, and are walked together. */
static void
merge(struct runner *runner, struct runner_work *work, struct task **fresh)
{
    size_t old = 0;

    for (size_t i = 0; i < work->check_count; i++) {
        struct check *check = &work->checks[i];
        uint32_t id = check->id;

        while (
            old < runner->task_count && task_check(runner->tasks[old])->id < id)
            task_free(runner->tasks[old++]);
        if (old < runner->task_count &&
            task_check(runner->tasks[old])->id == id) {
            fresh[i] =
                keep_task(runner->tasks[old++], check, fresh[i], &work->place);
            continue;
        }
        task_begin(fresh[i], check, &work->place,
            earlier_until(&runner->earlier, id, check->interval_ms));
    }
    while (old < runner->task_count)
        task_free(runner->tasks[old++]);
}

int
runner_configure(
    struct runner *runner, struct runner_work *work, struct err *err)
{
    struct task **fresh;

    sort_out(work);
    if (refuse_doubles(work, err) != 0)
        return -1;
    fresh = new_tasks(runner, work->check_count, err);
    if (fresh == NULL)
        return -1;
    merge(runner, work, fresh);
    free(runner->tasks);
    runner->tasks = fresh;
    runner->task_count = work->check_count;
    free(work->checks); /* emptied one by one */
    *work = (struct runner_work){0};
    return 0;
}

void
runner_clock_moved(struct runner *runner, bool slept)
{
    for (size_t i = 0; i < runner->task_count; i++)
        task_clock_moved(runner->tasks[i], slept);
}

void
runner_wind_up(struct runner *runner)
{
    for (size_t i = 0; i < runner->task_count; i++)
        task_stop(runner->tasks[i]);
    attempt_pool_wind_up(runner->attempts);
}

void
runner_give_up(struct runner *runner)
{
    attempt_pool_give_up(runner->attempts);
}

size_t
runner_running(const struct runner *runner)
{
    return attempt_pool_running(runner->attempts);
}

size_t
runner_checks(const struct runner *runner)
{
    return runner->task_count;
}

uint64_t
runner_skipped(const struct runner *runner)
{
    return runner->host.skipped;
}
