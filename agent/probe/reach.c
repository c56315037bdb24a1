#include "reach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"
#include "resolve.h"
#include "text.h"

/*
 * RESOLVING --> CONNECTING (each address in turn) --> done
 *      \_____________\________________________________/
 *       a failure that no other address can mend, or the deadline
 */
struct reach {
    struct probe_env env;     /* all borrowed */
    struct reach_query query; /* what it points to is borrowed */
    reach_done_fn *done;
    void *ctx;
    struct resolve *resolve; /* owned; NULL when CONNECTING */
    struct sockaddr_storage addrs[RESOLVE_ADDRS_MAX];
    socklen_t addr_lens[RESOLVE_ADDRS_MAX];
    size_t addr_count;
    size_t at; /* the address being tried */
    struct loop_watch socket;
    struct timer deadline;
    struct timer turn; /* ends the share of one address */
    int64_t connecting_ns;
    struct reach_answer answer; /* its fd is owned until it is told */
};

static void
close_socket(struct reach *reach)
{
    loop_watch_stop(reach->env.loop, &reach->socket);
    loop_timer_stop(reach->env.loop, &reach->turn);
    if (reach->answer.fd != -1)
        (void)close(reach->answer.fd);
    reach->answer.fd = -1;
}

void
reach_cancel(struct reach *reach)
{
    if (reach == NULL)
        return;
    resolve_cancel(reach->resolve);
    close_socket(reach);
    loop_timer_stop(reach->env.loop, &reach->deadline);
    free(reach);
}

/* The only way out.  The reach is gone when this returns. */
static void
finish(struct reach *reach)
{
    struct reach_answer answer = reach->answer;
    reach_done_fn *done = reach->done;
    void *ctx = reach->ctx;

    loop_watch_stop(reach->env.loop, &reach->socket);
    reach->answer.fd = -1; /* handed on */
    reach_cancel(reach);
    done(ctx, &answer);
}

static void
fail(struct reach *reach, enum measure_reason reason, enum phase phase,
    const char *words)
{
    close_socket(reach);
    reach->answer.reason = reason;
    reach->answer.failed = phase;
    text_put_harmless(words, strlen(words), reach->answer.detail,
        sizeof(reach->answer.detail));
}

/* What this address failed with, unless an earlier one says more. */
static void
note_failure(struct reach *reach, enum measure_reason reason, const char *words)
{
    char detail[FACTS_TEXT_BYTES];

    close_socket(reach);
    if (dial_is_ours(reason) && reach->answer.reason != REASON_NONE &&
        !dial_is_ours(reach->answer.reason))
        return;
    (void)snprintf(detail, sizeof(detail), "%s port %d: %s", reach->answer.ip,
        (int)reach->query.check->port, words);
    fail(reach, reason, PHASE_CONNECT, detail);
}

/* False, with the failure noted, if this address cannot even be tried. */
static bool
begin_connect(struct reach *reach)
{
    const struct sockaddr_storage *addr = &reach->addrs[reach->at];
    struct dial dial = {
        .socktype = SOCK_STREAM,
        .addr = addr,
        .addr_len = reach->addr_lens[reach->at],
        .bind_ip4 = reach->env.bind_ip4,
        .bind_ip6 = reach->env.bind_ip6,
    };
    int sys_errno;
    struct err err;

    dial_put_address(addr, reach->answer.ip);
    reach->answer.family = dial_family(addr);
    reach->answer.fd = dial_start(&dial, &sys_errno);
    if (reach->answer.fd == -1) {
        note_failure(reach, dial_reason(addr->ss_family, sys_errno),
            strerror(sys_errno));
        return false;
    }
    if (loop_watch_start(reach->env.loop, &reach->socket, reach->answer.fd,
            LOOP_WRITE, &err) != 0) {
        note_failure(reach, REASON_AGENT_LIMIT, err.msg);
        return false;
    }
    return true;
}

static void
connect_next(struct reach *reach)
{
    for (; reach->at < reach->addr_count; reach->at++) {
        int64_t left_ns =
            reach->query.deadline_ns - loop_now_ns(reach->env.loop);
        int64_t turns = (int64_t)(reach->addr_count - reach->at);

        if (!begin_connect(reach))
            continue;
        if (turns > 1)
            loop_timer_start(reach->env.loop, &reach->turn, left_ns / turns);
        return;
    }
    finish(reach);
}

static void
on_ready(void *ctx, unsigned ready)
{
    struct reach *reach = ctx;
    int64_t now_ns = loop_now_ns(reach->env.loop);
    int sys_errno = dial_socket_error(reach->answer.fd);

    (void)ready;
    if (sys_errno != 0) {
        note_failure(reach,
            dial_reason(reach->addrs[reach->at].ss_family, sys_errno),
            strerror(sys_errno));
        reach->at++;
        connect_next(reach);
        return;
    }
    reach->answer.reason = REASON_NONE; /* an earlier address's */
    reach->answer.detail[0] = '\0';
    reach->answer.connected_ns = now_ns;
    reach->answer.connect_us = (now_ns - reach->connecting_ns) / NS_PER_US;
    finish(reach);
}

static void
on_turn_over(void *ctx)
{
    struct reach *reach = ctx;

    note_failure(
        reach, REASON_CONNECT_TIMEOUT, "no answer in its share of the time");
    reach->at++;
    connect_next(reach);
}

static void
on_deadline(void *ctx)
{
    struct reach *reach = ctx;

    if (reach->resolve != NULL)
        fail(reach, REASON_DNS_TIMEOUT, PHASE_DNS, "no answer in time");
    else
        note_failure(reach, REASON_CONNECT_TIMEOUT, "no answer in time");
    finish(reach);
}

static void
on_resolved(void *ctx, const struct resolve_answer *answer)
{
    struct reach *reach = ctx;

    reach->resolve = NULL;
    if (answer->asked && answer->reason == REASON_NONE)
        reach->answer.dns_us = answer->elapsed_us;
    if (answer->reason != REASON_NONE) {
        fail(reach, answer->reason, PHASE_DNS, answer->detail);
        finish(reach);
        return;
    }
    reach->addr_count = answer->addr_count;
    memcpy(reach->addrs, answer->addrs, sizeof(reach->addrs));
    memcpy(reach->addr_lens, answer->addr_lens, sizeof(reach->addr_lens));
    reach->connecting_ns = loop_now_ns(reach->env.loop);
    connect_next(reach);
}

static int
begin(struct reach *reach, struct err *err)
{
    const struct check *check = reach->query.check;
    struct resolve_query query = {
        .host = check->host,
        .port = (uint16_t)check->port,
        .family = reach->query.family,
        .server = check->server,
        .overrides = &check->resolve,
        .timeout_ns = reach->query.deadline_ns - loop_now_ns(reach->env.loop),
    };

    reach->resolve =
        resolve_start(reach->env.resolver, &query, on_resolved, reach, err);
    if (reach->resolve == NULL)
        return -1;
    loop_timer_start_at(
        reach->env.loop, &reach->deadline, reach->query.deadline_ns);
    return 0;
}

struct reach *
reach_start(const struct probe_env *env, const struct reach_query *query,
    reach_done_fn *done, void *ctx, struct err *err)
{
    struct reach *reach = calloc(1, sizeof(*reach));

    if (reach == NULL) {
        err_set(err, ERR_NOMEM, "reach");
        return NULL;
    }
    reach->env = *env;
    reach->query = *query;
    reach->done = done;
    reach->ctx = ctx;
    reach->answer = (struct reach_answer){
        .fd = -1, .dns_us = PHASE_NOT_REACHED, .connect_us = PHASE_NOT_REACHED};
    loop_watch_init(&reach->socket, on_ready, reach);
    timer_init(&reach->deadline, on_deadline, reach);
    timer_init(&reach->turn, on_turn_over, reach);
    if (begin(reach, err) != 0) {
        reach_cancel(reach);
        return NULL;
    }
    return reach;
}
