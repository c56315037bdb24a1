#include "http_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dial.h"
#include "http_chain.h"
#include "http_evidence.h"
#include "http_hop.h"
#include "http_judge.h"
#include "http_reason.h"
#include "http_trace.h"
#include "resolve.h"
#include "tls_ctx.h"

/*
 *            ____________ redirect _____________
 *           v                                   \
 * RESOLVING --> EXCHANGING ----------------------+--> finished
 *      \______________\__________________________/
 *       any failure, or the deadline
 */
enum state { RESOLVING, EXCHANGING };

struct http_probe {
    struct probe_env env;      /* all borrowed */
    const struct check *check; /* borrowed */
    enum check_family family;
    probe_done_fn *done;
    void *ctx;
    enum state state;
    struct resolve *resolve;     /* owned; NULL unless RESOLVING */
    struct http_hop *hop;        /* owned; NULL unless EXCHANGING */
    struct x509_store_st *trust; /* owned; a reference */
    struct http_chain chain;
    struct resolve_answer addresses;
    struct buf body;
    char trace_parent[HTTP_TRACE_PARENT_BYTES];
    int64_t started_ns;
    int64_t hop_us[PHASE_COUNT];
    int64_t hop_sum_us;
    struct timer deadline;
    struct measure measure;
};

static void
probe_free(struct http_probe *probe)
{
    resolve_cancel(probe->resolve);
    http_hop_cancel(probe->hop);
    loop_timer_stop(probe->env.loop, &probe->deadline);
    tls_ctx_drop_trust(probe->trust);
    http_chain_free(&probe->chain);
    buf_free(&probe->body);
    measure_free_facts(&probe->measure);
    free(probe);
}

static void
say(struct http_probe *probe, const char *words)
{
    text_put_harmless(words, strlen(words), probe->measure.facts->detail,
        sizeof(probe->measure.facts->detail));
}

/*
 * The only way out.  The probe is gone when this returns.  `failed` is an enum
 * phase, or -1 where the exchange itself went well.
 */
static void
finish(struct http_probe *probe, enum measure_reason reason, int failed)
{
    probe_done_fn *done = probe->done;
    const struct check *check = probe->check;
    void *ctx = probe->ctx;
    struct measure measure;

    if (probe->measure.phase_us[PHASE_REQUEST] == PHASE_NOT_REACHED) {
        /* nothing was asked, so there is nothing to tell of it */
        free(probe->measure.facts->http);
        probe->measure.facts->http = NULL;
    }
    measure = probe->measure;
    measure.status = MEASURE_UP;
    if (reason != REASON_NONE) {
        measure.status = dial_is_ours(reason) ? MEASURE_ERROR : MEASURE_DOWN;
        measure.failed_phase = (int8_t)failed;
    }
    measure.reason = reason;
    probe_set_total(&measure,
        (loop_now_ns(probe->env.loop) - probe->started_ns) / NS_PER_US);
    probe->measure.facts = NULL; /* handed on */
    probe_free(probe);
    probe_judge_slow(&measure, check);
    done(ctx, &measure);
    measure_free_facts(&measure);
}

/* A span of this hop, which counts for the whole too. */
static void
add_phase(struct http_probe *probe, enum phase phase, int64_t us)
{
    int64_t *sum_us = &probe->measure.phase_us[phase];

    if (us == PHASE_NOT_REACHED)
        return;
    probe->hop_us[phase] = us;
    probe->hop_sum_us += us;
    *sum_us = (*sum_us == PHASE_NOT_REACHED ? 0 : *sum_us) + us;
}

/* What the last hop showed replaces what those before it did. */
static void
absorb(struct http_probe *probe, struct http_hop_seen *seen)
{
    struct facts *facts = probe->measure.facts;
    struct http_facts *http = facts->http;
    struct redirect_fact *redirects = http->redirects;
    size_t redirect_count = http->redirect_count;
    char sent[sizeof(http->sent_request_id)];

    for (int phase = PHASE_CONNECT; phase <= PHASE_TRANSFER; phase++)
        add_phase(probe, (enum phase)phase, seen->phase_us[phase]);
    memcpy(sent, http->sent_request_id, sizeof(sent));
    *http = seen->http;
    memcpy(http->sent_request_id, sent, sizeof(sent));
    http->redirects = redirects;
    http->redirect_count = redirect_count;
    memcpy(facts->ip, seen->ip, sizeof(facts->ip));
    probe->measure.family = seen->family;
    probe->measure.http_status = http->status;
    if (seen->tls != NULL) {
        free(facts->tls);
        facts->tls = seen->tls;
        seen->tls = NULL; /* taken */
    }
    if (seen->reason != REASON_NONE)
        say(probe, seen->detail);
}

/* The answer that no redirect follows. */
static void
judge(struct http_probe *probe)
{
    struct err err = {0};
    enum measure_reason reason = http_judge(probe->check, &probe->chain.url,
        probe->measure.facts->http, buf_bytes(&probe->body), &err);

    if (reason != REASON_NONE)
        say(probe, err.msg);
    finish(probe, reason, -1);
}

/* Resolves the host of the chain's URL, the beginning of each hop. */
static int begin_hop(struct http_probe *probe, struct err *err);

static void
follow(struct http_probe *probe, const char *location)
{
    enum measure_reason reason;
    struct err err = {0};

    probe->hop_us[PHASE_TOTAL] = probe->hop_sum_us;
    reason = http_chain_follow(&probe->chain, location, probe->hop_us,
        probe->measure.facts->http, &err);
    if (reason != REASON_NONE) {
        say(probe, err.msg);
        finish(probe, reason, -1);
        return;
    }
    if (begin_hop(probe, &err) != 0) {
        say(probe, err.msg);
        finish(probe, REASON_AGENT_LIMIT, PHASE_DNS);
    }
}

static void
on_hop(void *ctx, struct http_hop_seen *seen)
{
    struct http_probe *probe = ctx;

    probe->hop = NULL;
    absorb(probe, seen);
    if (seen->reason != REASON_NONE)
        finish(probe, seen->reason, (int)seen->failed_phase);
    else if (http_chain_leads_on(
                 &probe->chain, probe->measure.http_status, seen->location))
        follow(probe, seen->location);
    else
        judge(probe);
}

static void
exchange(struct http_probe *probe)
{
    struct http_hop_spec spec = {
        .env = &probe->env,
        .check = probe->check,
        .url = &probe->chain.url,
        .origin = &probe->chain.origin,
        .method = probe->chain.method,
        .send_body = probe->chain.send_body,
        .tell_all = http_url_may_tell(&probe->chain.origin, &probe->chain.url),
        .jar = probe->chain.jar,
        .request_id = probe->measure.facts->http->sent_request_id,
        .traceparent = probe->trace_parent,
        .trust = probe->trust,
        .addresses = &probe->addresses,
        .deadline_ns = probe->deadline.due_ns,
        .body = probe->check->expect_body == NULL ? NULL : &probe->body,
    };
    struct err err;

    buf_clear(&probe->body);
    probe->state = EXCHANGING;
    probe->hop = http_hop_start(&spec, on_hop, probe, &err);
    if (probe->hop != NULL)
        return;
    say(probe, err.msg);
    finish(probe, REASON_AGENT_LIMIT, PHASE_CONNECT);
}

static void
on_resolved(void *ctx, const struct resolve_answer *answer)
{
    struct http_probe *probe = ctx;

    probe->resolve = NULL;
    if (answer->reason != REASON_NONE) {
        say(probe, answer->detail);
        finish(probe, answer->reason, PHASE_DNS);
        return;
    }
    if (answer->asked)
        add_phase(probe, PHASE_DNS, answer->elapsed_us);
    probe->addresses = *answer;
    exchange(probe);
}

static int
begin_hop(struct http_probe *probe, struct err *err)
{
    int64_t now_ns = loop_now_ns(probe->env.loop);
    struct resolve_query query = {
        .host = probe->chain.url.host,
        .port = probe->chain.url.port,
        .family = probe->family,
        .server = probe->check->server,
        .overrides = &probe->check->resolve,
        .timeout_ns = probe->deadline.due_ns - now_ns,
    };

    if (query.timeout_ns < 1)
        query.timeout_ns = 1;
    for (int i = 0; i < PHASE_COUNT; i++)
        probe->hop_us[i] = PHASE_NOT_REACHED;
    probe->hop_sum_us = 0;
    probe->state = RESOLVING;
    probe->resolve =
        resolve_start(probe->env.resolver, &query, on_resolved, probe, err);
    return probe->resolve == NULL ? -1 : 0;
}

static void
on_deadline(void *ctx)
{
    struct http_probe *probe = ctx;
    struct http_hop_seen seen;

    switch (probe->state) {
    case RESOLVING:
        say(probe, "no answer in time");
        finish(probe, REASON_DNS_TIMEOUT, PHASE_DNS);
        return;
    case EXCHANGING:
        http_hop_give_up(probe->hop, &seen);
        probe->hop = NULL;
        absorb(probe, &seen);
        http_hop_seen_free(&seen);
        finish(probe, seen.reason, (int)seen.failed_phase);
        return;
    }
}

/* A check that cannot be run is our own trouble, told from the loop. */
static void
on_unusable(void *ctx)
{
    finish(ctx, REASON_AGENT_SKIPPED, -1);
}

/* One id for the request and its trace, unless the check brings its own. */
static void
choose_ids(struct http_probe *probe)
{
    struct http_facts *http = probe->measure.facts->http;
    const struct strlist *own = &probe->check->headers;

    http_trace_put_id(http->sent_request_id);
    http_trace_put_parent(http->sent_request_id, probe->trace_parent);
    for (size_t i = 0; i < own->count; i++) {
        size_t len;
        const char *value = http_evidence_value(
            own->items[i], strlen(own->items[i]), "x-request-id", &len);

        if (value != NULL)
            text_put_harmless(value, len, http->sent_request_id,
                sizeof(http->sent_request_id));
    }
}

/* 0, or -1 with what is wrong with the check itself. */
static int
take_check(struct http_probe *probe, struct err *err)
{
    if (http_chain_begin(&probe->chain, probe->check, err) != 0)
        return -1;
    probe->trust = tls_ctx_trust(probe->env.tls, probe->check->ca_pem, err);
    return probe->trust == NULL ? -1 : 0;
}

static int
begin(struct http_probe *probe, struct err *err)
{
    struct facts *facts = facts_new();

    probe->measure.facts = facts;
    if (facts == NULL)
        return err_set(err, ERR_NOMEM, "facts");
    facts->http = calloc(1, sizeof(*facts->http));
    if (facts->http == NULL)
        return err_set(err, ERR_NOMEM, "facts");
    choose_ids(probe);
    if (take_check(probe, err) != 0) {
        if (err->code == ERR_NOMEM)
            return -1;
        say(probe, err->msg);
        timer_init(&probe->deadline, on_unusable, probe);
        loop_timer_start(probe->env.loop, &probe->deadline, 0);
        return 0;
    }
    loop_timer_start(probe->env.loop, &probe->deadline,
        probe->check->timeout_ms * NS_PER_MS);
    return begin_hop(probe, err);
}

static void *
http_probe_start(const struct probe_env *env, const struct check *check,
    const struct probe_run *run, probe_done_fn *done, void *ctx,
    struct err *err)
{
    struct http_probe *probe = calloc(1, sizeof(*probe));

    if (probe == NULL) {
        err_set(err, ERR_NOMEM, "http probe");
        return NULL;
    }
    probe->env = *env;
    probe->check = check;
    probe->family = run->family;
    probe->done = done;
    probe->ctx = ctx;
    probe->started_ns = loop_now_ns(env->loop);
    buf_init(&probe->body, CHECK_BODY_LIMIT_BYTES);
    timer_init(&probe->deadline, on_deadline, probe);
    probe_begin_measure(&probe->measure, check, run);
    if (begin(probe, err) != 0) {
        probe_free(probe);
        return NULL;
    }
    return probe;
}

static void
http_probe_cancel(void *self)
{
    if (self != NULL)
        probe_free(self);
}

const struct probe_kind http_probe_kind = {
    .start = http_probe_start,
    .cancel = http_probe_cancel,
};
