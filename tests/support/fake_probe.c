#include "fake_probe.h"

#include <assert.h>
#include <stdlib.h>

enum { RUNNING_MAX = 256 };

struct probe {
    const struct check *check;
    struct probe_run run;
    probe_done_fn *done;
    void *ctx;
};

static struct probe *running[RUNNING_MAX];
static size_t running_count;
static size_t started;
static bool fails;

void
fake_probe_reset(void)
{
    assert(running_count == 0);
    started = 0;
    fails = false;
}

size_t
fake_probe_running(void)
{
    return running_count;
}

size_t
fake_probe_started(void)
{
    return started;
}

const struct probe_run *
fake_probe_run(size_t i)
{
    assert(i < running_count);
    return &running[i]->run;
}

const struct check *
fake_probe_check(size_t i)
{
    assert(i < running_count);
    return running[i]->check;
}

void
fake_probe_fail_starts(bool fail)
{
    fails = fail;
}

static struct probe *
take(size_t i)
{
    struct probe *probe;

    assert(i < running_count);
    probe = running[i];
    running_count--;
    for (; i < running_count; i++)
        running[i] = running[i + 1];
    return probe;
}

void
fake_probe_end(size_t i, enum measure_status status, enum measure_reason reason,
    struct facts *facts)
{
    struct probe *probe = take(i);
    struct probe own = *probe;
    struct measure measure;

    free(probe);
    probe_begin_measure(&measure, own.check, &own.run);
    measure.status = (uint8_t)status;
    measure.reason = reason;
    measure.facts = facts;
    own.done(own.ctx, &measure);
    measure_free_facts(&measure);
}

struct probe *
probe_start(const struct probe_env *env, const struct check *check,
    const struct probe_run *run, probe_done_fn *done, void *ctx,
    struct err *err)
{
    struct probe *probe;

    (void)env;
    assert(running_count < RUNNING_MAX);
    probe = fails ? NULL : calloc(1, sizeof(*probe));
    if (probe == NULL) {
        err_set(err, ERR_NOMEM, "fake probe");
        return NULL;
    }
    *probe = (struct probe){
        .check = check,
        .run = *run,
        .done = done,
        .ctx = ctx,
    };
    running[running_count++] = probe;
    started++;
    return probe;
}

void
probe_cancel(struct probe *probe)
{
    if (probe == NULL)
        return;
    for (size_t i = 0; i < running_count; i++) {
        if (running[i] != probe)
            continue;
        free(take(i));
        return;
    }
    assert(0 && "cancelled a probe that does not run");
}

void
probe_begin_measure(struct measure *measure, const struct check *check,
    const struct probe_run *run)
{
    measure_init(measure);
    measure->check_id = check->id;
    measure->ts_unix_ms = run->ts_unix_ms;
    measure->slot_unix_ms = run->slot_unix_ms;
    measure->attempt = run->attempt;
}
