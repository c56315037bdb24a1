#include "tcp_probe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"
#include "reach.h"

struct tcp_probe {
    struct loop *loop;         /* borrowed */
    const struct check *check; /* borrowed */
    probe_done_fn *done;
    void *ctx;           /* borrowed */
    struct reach *reach; /* owned; NULL when it is over */
    int64_t started_ns;
    struct measure measure;
};

static void
probe_free(struct tcp_probe *probe)
{
    reach_cancel(probe->reach);
    measure_free_facts(&probe->measure);
    free(probe);
}

static void
take_answer(struct measure *measure, const struct reach_answer *answer)
{
    if (answer->family != FAMILY_NONE)
        measure->family = answer->family;
    measure->phase_us[PHASE_DNS] = answer->dns_us;
    measure->phase_us[PHASE_CONNECT] = answer->connect_us;
    measure->reason = answer->reason;
    measure->status = MEASURE_UP;
    if (answer->reason != REASON_NONE) {
        measure->status =
            dial_is_ours(answer->reason) ? MEASURE_ERROR : MEASURE_DOWN;
        measure->failed_phase = (int8_t)answer->failed;
    }
    memcpy(measure->facts->ip, answer->ip, sizeof(measure->facts->ip));
    memcpy(
        measure->facts->detail, answer->detail, sizeof(measure->facts->detail));
}

/* The only way out.  The probe is gone when `done` is called. */
static void
on_reached(void *ctx, const struct reach_answer *answer)
{
    struct tcp_probe *probe = ctx;
    probe_done_fn *done = probe->done;
    void *done_ctx = probe->ctx;
    struct measure measure;

    probe->reach = NULL;
    if (answer->fd != -1)
        (void)close(answer->fd); /* that it was there is all we asked */
    take_answer(&probe->measure, answer);
    probe_set_total(&probe->measure,
        (loop_now_ns(probe->loop) - probe->started_ns) / NS_PER_US);
    probe_judge_slow(&probe->measure, probe->check);
    measure = probe->measure;
    probe->measure.facts = NULL; /* handed on */
    probe_free(probe);
    done(done_ctx, &measure);
    measure_free_facts(&measure);
}

struct tcp_probe *
tcp_probe_start(const struct probe_env *env, const struct check *check,
    const struct probe_run *run, probe_done_fn *done, void *ctx,
    struct err *err)
{
    struct tcp_probe *probe = calloc(1, sizeof(*probe));
    struct reach_query query = {.check = check, .family = run->family};

    if (probe == NULL) {
        err_set(err, ERR_NOMEM, "tcp probe");
        return NULL;
    }
    probe->loop = env->loop;
    probe->check = check;
    probe->done = done;
    probe->ctx = ctx;
    probe->started_ns = loop_now_ns(env->loop);
    query.deadline_ns = probe->started_ns + check->timeout_ms * NS_PER_MS;
    probe_begin_measure(&probe->measure, check, run);
    probe->measure.facts = facts_new();
    if (probe->measure.facts == NULL)
        err_set(err, ERR_NOMEM, "tcp probe");
    else
        probe->reach = reach_start(env, &query, on_reached, probe, err);
    if (probe->reach == NULL) {
        probe_free(probe);
        return NULL;
    }
    return probe;
}

void
tcp_probe_cancel(struct tcp_probe *probe)
{
    if (probe != NULL)
        probe_free(probe);
}

static void *
start_kind(const struct probe_env *env, const struct check *check,
    const struct probe_run *run, probe_done_fn *done, void *ctx,
    struct err *err)
{
    return tcp_probe_start(env, check, run, done, ctx, err);
}

static void
cancel_kind(void *self)
{
    tcp_probe_cancel(self);
}

const struct probe_kind tcp_probe_kind = {start_kind, cancel_kind};
