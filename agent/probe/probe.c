#include "probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

struct probe {
    struct loop *loop;             /* borrowed */
    const struct probe_kind *kind; /* NULL: a kind that is not built yet */
    void *self;                    /* owned by its kind; NULL with no kind */
    probe_done_fn *done;
    void *ctx; /* borrowed */
    struct timer refuse;
    struct measure measure; /* only of a kind that is not built yet */
};

static const struct probe_kind *
kind_of(enum check_kind kind)
{
    switch (kind) {
    case CHECK_DNS:
        return &dns_probe_kind;
    case CHECK_TCP:
        return &tcp_probe_kind;
    case CHECK_TLS:
        return &tls_probe_kind;
    case CHECK_HTTP:
        return &http_probe_kind;
    case CHECK_PAGE:
        return &page_probe_kind;
    case CHECK_MAIL:
    case CHECK_FORM:
    case CHECK_KIND_COUNT:
        return NULL;
    }
    return NULL;
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
    if (run->family == CHECK_FAMILY_4)
        measure->family = FAMILY_V4;
    else if (run->family == CHECK_FAMILY_6)
        measure->family = FAMILY_V6;
}

void
probe_set_total(struct measure *measure, int64_t spent_us)
{
    int64_t sum_us = 0;

    for (int i = PHASE_DNS; i < PHASE_TOTAL; i++) {
        if (measure->phase_us[i] != PHASE_NOT_REACHED)
            sum_us += measure->phase_us[i];
    }
    if (measure->failed_phase >= 0 && spent_us > sum_us)
        sum_us = spent_us;
    measure->phase_us[PHASE_TOTAL] = sum_us;
}

void
probe_judge_slow(struct measure *measure, const struct check *check)
{
    int64_t total_us = measure->phase_us[PHASE_TOTAL];

    if (measure->status == MEASURE_UP && check->slow_ms > 0 &&
        total_us > check->slow_ms * (NS_PER_MS / NS_PER_US))
        measure->status = MEASURE_SLOW;
}

/* The kind's own object is gone already. */
static void
on_done(void *ctx, struct measure *measure)
{
    struct probe *probe = ctx;
    probe_done_fn *done = probe->done;
    void *done_ctx = probe->ctx;

    free(probe);
    done(done_ctx, measure);
}

/* A collector newer than this agent may ask for what this one cannot do. */
static void
refuse(void *ctx)
{
    struct probe *probe = ctx;
    struct measure measure = probe->measure;

    on_done(probe, &measure);
    measure_free_facts(&measure);
}

static void
start_refusing(
    struct probe *probe, const struct check *check, const struct probe_run *run)
{
    struct measure *measure = &probe->measure;

    probe_begin_measure(measure, check, run);
    measure->status = MEASURE_ERROR;
    measure->reason = REASON_AGENT_SKIPPED;
    measure->facts = facts_new();
    if (measure->facts != NULL)
        (void)snprintf(measure->facts->detail, sizeof(measure->facts->detail),
            "this version cannot measure checks of kind %s",
            check_kind_name((int)check->kind));
    timer_init(&probe->refuse, refuse, probe);
    loop_timer_start(probe->loop, &probe->refuse, 0);
}

struct probe *
probe_start(const struct probe_env *env, const struct check *check,
    const struct probe_run *run, probe_done_fn *done, void *ctx,
    struct err *err)
{
    struct probe *probe = calloc(1, sizeof(*probe));

    if (probe == NULL) {
        err_set(err, ERR_NOMEM, "probe");
        return NULL;
    }
    probe->loop = env->loop;
    probe->kind = kind_of(check->kind);
    probe->done = done;
    probe->ctx = ctx;
    if (probe->kind == NULL) {
        start_refusing(probe, check, run);
        return probe;
    }
    probe->self = probe->kind->start(env, check, run, on_done, probe, err);
    if (probe->self == NULL) {
        free(probe);
        return NULL;
    }
    return probe;
}

void
probe_cancel(struct probe *probe)
{
    if (probe == NULL)
        return;
    if (probe->kind != NULL) {
        probe->kind->cancel(probe->self);
    } else {
        loop_timer_stop(probe->loop, &probe->refuse);
        measure_free_facts(&probe->measure);
    }
    free(probe);
}
