#include "tcp_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"
#include "resolve.h"

/*
 * RESOLVING --> CONNECTING (each address in turn) --> finished
 *      \_____________\________________________________/
 *       a failure that no other address can mend, or the deadline
 */
enum state { RESOLVING, CONNECTING };

struct tcp_probe {
    struct loop *loop;           /* borrowed */
    const struct probe_env *env; /* borrowed */
    const struct check *check;   /* borrowed */
    probe_done_fn *done;
    void *ctx; /* borrowed */
    enum state state;
    struct resolve *resolve; /* owned; NULL when not under way */
    int fd;                  /* owned; -1 when closed */
    struct loop_watch watch;
    struct timer deadline;  /* of the whole attempt */
    struct timer next_turn; /* ends the share of one address */
    int64_t started_ns;
    int64_t connecting_ns; /* since when addresses are tried */
    struct resolve_answer answer;
    size_t at; /* the address being tried */
    struct measure measure;
};

static void
close_socket(struct tcp_probe *probe)
{
    if (probe->fd == -1)
        return;
    loop_watch_stop(probe->loop, &probe->watch);
    (void)close(probe->fd);
    probe->fd = -1;
}

static void
probe_free(struct tcp_probe *probe)
{
    resolve_cancel(probe->resolve);
    close_socket(probe);
    loop_timer_stop(probe->loop, &probe->deadline);
    loop_timer_stop(probe->loop, &probe->next_turn);
    measure_free_facts(&probe->measure);
    free(probe);
}

static int64_t
spent_us(const struct tcp_probe *probe, int64_t since_ns)
{
    return (loop_now_ns(probe->loop) - since_ns) / NS_PER_US;
}

/* The only way out.  The probe is gone when this returns. */
static void
finish(struct tcp_probe *probe)
{
    probe_done_fn *done = probe->done;
    void *ctx = probe->ctx;
    struct measure measure;

    probe_set_total(&probe->measure, spent_us(probe, probe->started_ns));
    probe_judge_slow(&probe->measure, probe->check);
    measure = probe->measure;
    probe->measure.facts = NULL; /* handed on */
    probe_free(probe);
    done(ctx, &measure);
    measure_free_facts(&measure);
}

static void
set_reason(struct tcp_probe *probe, enum measure_reason reason,
    enum phase phase, const char *detail)
{
    struct measure *measure = &probe->measure;

    measure->reason = reason;
    measure->status = dial_is_ours(reason) ? MEASURE_ERROR : MEASURE_DOWN;
    measure->failed_phase = (int8_t)phase;
    (void)snprintf(
        measure->facts->detail, sizeof(measure->facts->detail), "%s", detail);
}

static void
succeed(struct tcp_probe *probe)
{
    struct measure *measure = &probe->measure;

    measure->phase_us[PHASE_CONNECT] = spent_us(probe, probe->connecting_ns);
    measure->status = MEASURE_UP;
    measure->reason = REASON_NONE;
    measure->failed_phase = -1;
    measure->facts->detail[0] = '\0';
    finish(probe);
}

/*
 * Keeps what this address failed with.  What the target did says more than
 * that this machine has no way to one of its addresses.
 */
static void
note_failure(
    struct tcp_probe *probe, enum measure_reason reason, const char *words)
{
    char ip[MEASURE_IP_BYTES];
    char detail[FACTS_TEXT_BYTES];

    if (dial_is_ours(reason) && probe->measure.reason != REASON_NONE &&
        !dial_is_ours(probe->measure.reason))
        return;
    dial_put_address(&probe->answer.addrs[probe->at], ip);
    (void)snprintf(detail, sizeof(detail), "%s port %d: %s", ip,
        (int)probe->check->port, words);
    set_reason(probe, reason, PHASE_CONNECT, detail);
}

static void try_address(struct tcp_probe *probe);

static void
try_next(struct tcp_probe *probe, enum measure_reason reason, const char *words)
{
    close_socket(probe);
    note_failure(probe, reason, words);
    if (reason == REASON_AGENT_LIMIT ||
        ++probe->at >= probe->answer.addr_count) {
        finish(probe);
        return;
    }
    try_address(probe);
}

/* An address may take an equal share of the time that is left. */
static void
start_turn(struct tcp_probe *probe)
{
    int64_t left_ns = probe->deadline.due_ns - loop_now_ns(probe->loop);
    int64_t addresses = (int64_t)(probe->answer.addr_count - probe->at);

    if (addresses > 1)
        loop_timer_start(probe->loop, &probe->next_turn, left_ns / addresses);
}

static void
try_address(struct tcp_probe *probe)
{
    const struct sockaddr_storage *addr = &probe->answer.addrs[probe->at];
    struct dial dial = {
        .socktype = SOCK_STREAM,
        .addr = addr,
        .addr_len = probe->answer.addr_lens[probe->at],
        .bind_ip4 = probe->env->bind_ip4,
        .bind_ip6 = probe->env->bind_ip6,
    };
    int sys_errno;
    struct err err;

    loop_timer_stop(probe->loop, &probe->next_turn);
    dial_put_address(addr, probe->measure.facts->ip);
    probe->measure.family = dial_family(addr);
    probe->fd = dial_start(&dial, &sys_errno);
    if (probe->fd == -1) {
        try_next(probe, dial_reason(addr->ss_family, sys_errno),
            strerror(sys_errno));
        return;
    }
    if (loop_watch_start(
            probe->loop, &probe->watch, probe->fd, LOOP_WRITE, &err) != 0) {
        try_next(probe, REASON_AGENT_LIMIT, err.msg);
        return;
    }
    start_turn(probe);
}

static void
on_ready(void *ctx, unsigned ready)
{
    struct tcp_probe *probe = ctx;
    int failed = dial_socket_error(probe->fd);

    (void)ready;
    if (failed != 0)
        try_next(probe,
            dial_reason(probe->answer.addrs[probe->at].ss_family, failed),
            strerror(failed));
    else
        succeed(probe);
}

static void
on_turn_over(void *ctx)
{
    try_next(ctx, REASON_CONNECT_TIMEOUT, "no answer in its share of the time");
}

static void
on_deadline(void *ctx)
{
    struct tcp_probe *probe = ctx;

    if (probe->state == RESOLVING)
        set_reason(probe, REASON_DNS_TIMEOUT, PHASE_DNS, "no answer in time");
    else
        note_failure(probe, REASON_CONNECT_TIMEOUT, "no answer in time");
    finish(probe);
}

static void
on_resolved(void *ctx, const struct resolve_answer *answer)
{
    struct tcp_probe *probe = ctx;

    probe->resolve = NULL;
    probe->answer = *answer;
    if (answer->asked)
        probe->measure.phase_us[PHASE_DNS] = answer->elapsed_us;
    if (answer->reason != REASON_NONE) {
        set_reason(probe, answer->reason, PHASE_DNS, answer->detail);
        finish(probe);
        return;
    }
    probe->state = CONNECTING;
    probe->connecting_ns = loop_now_ns(probe->loop);
    try_address(probe);
}

struct tcp_probe *
tcp_probe_start(const struct probe_env *env, const struct check *check,
    const struct probe_run *run, probe_done_fn *done, void *ctx,
    struct err *err)
{
    struct tcp_probe *probe = calloc(1, sizeof(*probe));
    struct resolve_query query = {
        .host = check->host,
        .port = (uint16_t)check->port,
        .family = run->family,
        .server = check->server,
        .overrides = &check->resolve,
        .timeout_ns = check->timeout_ms * NS_PER_MS,
    };

    if (probe == NULL) {
        err_set(err, ERR_NOMEM, "tcp probe");
        return NULL;
    }
    probe->loop = env->loop;
    probe->env = env;
    probe->check = check;
    probe->done = done;
    probe->ctx = ctx;
    probe->fd = -1;
    probe->started_ns = loop_now_ns(env->loop);
    timer_init(&probe->deadline, on_deadline, probe);
    timer_init(&probe->next_turn, on_turn_over, probe);
    loop_watch_init(&probe->watch, on_ready, probe);
    probe_begin_measure(&probe->measure, check, run);
    probe->measure.facts = facts_new();
    if (probe->measure.facts == NULL)
        err_set(err, ERR_NOMEM, "tcp probe");
    else
        probe->resolve =
            resolve_start(env->resolver, &query, on_resolved, probe, err);
    if (probe->resolve == NULL) {
        probe_free(probe);
        return NULL;
    }
    loop_timer_start(env->loop, &probe->deadline, query.timeout_ns);
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
