#include "dns_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dial.h"
#include "dns_auth.h"
#include "dns_judge.h"
#include "dns_lookup.h"

static const char authoritative_word[] = "authoritative";

enum { DETAIL_PART_BYTES = 512 };

/* One server that is asked, or the system's as one. */
struct target {
    struct dns_probe *probe;        /* borrowed */
    char name[DNS_AUTH_NAME_BYTES]; /* of the NS record; "" if none */
    struct dns_server server;
    struct dns_lookup *lookup; /* owned; NULL when not under way */
    bool answered;
    int64_t elapsed_us;
    struct dns_verdict verdict;
};

/*
 * [FINDING the authoritative servers -->] ASKING each target --> finished
 *       \_________________________________\______________________/
 *        no server can be found or asked
 */
struct dns_probe {
    const struct probe_env *env; /* borrowed */
    const struct check *check;   /* borrowed */
    probe_done_fn *done;
    void *ctx; /* borrowed */
    enum check_family family;
    char reverse[DNS_REVERSE_BYTES]; /* of an IP whose PTR is asked for */
    const char *host;                /* what is asked for */
    bool authoritative;
    int64_t started_ns;
    struct timer soon;     /* tells what failed before anything was asked */
    struct dns_auth *auth; /* owned; NULL when not under way */
    struct target targets[DNS_AUTH_SERVERS_MAX];
    size_t target_count;
    int waiting;
    struct dns_facts *dns; /* owned; of the target that tells most so far */
    enum measure_reason dns_reason; /* of that target */
    struct measure measure;
};

static void
probe_free(struct dns_probe *probe)
{
    dns_auth_cancel(probe->auth);
    for (size_t i = 0; i < probe->target_count; i++)
        dns_lookup_cancel(probe->targets[i].lookup);
    loop_timer_stop(probe->env->loop, &probe->soon);
    if (probe->dns != NULL)
        free(probe->dns->answers);
    free(probe->dns);
    measure_free_facts(&probe->measure);
    free(probe);
}

/* The only way out.  The probe is gone when this returns. */
static void
finish(struct dns_probe *probe)
{
    probe_done_fn *done = probe->done;
    void *ctx = probe->ctx;
    struct measure measure;

    if (probe->measure.phase_us[PHASE_TOTAL] == PHASE_NOT_REACHED)
        probe->measure.phase_us[PHASE_TOTAL] =
            (loop_now_ns(probe->env->loop) - probe->started_ns) / NS_PER_US;
    probe_judge_slow(&probe->measure, probe->check);
    probe->measure.facts->dns = probe->dns;
    probe->dns = NULL; /* handed on */
    measure = probe->measure;
    probe->measure.facts = NULL; /* handed on */
    probe_free(probe);
    done(ctx, &measure);
    measure_free_facts(&measure);
}

static void
finish_soon(void *ctx)
{
    finish(ctx);
}

static void
set_reason(
    struct dns_probe *probe, enum measure_reason reason, const char *detail)
{
    struct measure *measure = &probe->measure;

    measure->reason = reason;
    measure->status = MEASURE_DOWN;
    if (reason == REASON_NONE)
        measure->status = MEASURE_UP;
    else if (dial_is_ours(reason))
        measure->status = MEASURE_ERROR;
    measure->failed_phase = reason == REASON_NONE ? -1 : (int8_t)PHASE_DNS;
    (void)snprintf(
        measure->facts->detail, sizeof(measure->facts->detail), "%s", detail);
}

/* Among several: a wrong answer, then a right one, then any of the target's. */
static int
rank(enum measure_reason reason)
{
    if (reason == REASON_DNS_MISMATCH)
        return 0;
    if (reason == REASON_NONE)
        return 1;
    return dial_is_ours(reason) ? 3 : 2;
}

/* "ns1.acme.example (192.0.2.1): words; " */
static void
append_words(struct buf *out, const struct target *target, const char *words)
{
    char server[DNS_SERVER_TEXT_BYTES];
    struct err full; /* what does not fit is left out */

    dns_server_put(&target->server, server);
    (void)buf_printf(out, &full, "%s%s (%s): %s", out->len > 0 ? "; " : "",
        target->name, server, words);
}

/* Which of several servers fail, or disagree with the one that speaks. */
static void
put_quarrel(const struct dns_probe *probe, const struct target *speaker,
    char detail[FACTS_TEXT_BYTES])
{
    struct buf words;
    struct err ignored;
    const char *text;

    buf_init(&words, DETAIL_PART_BYTES);
    for (size_t i = 0; i < probe->target_count; i++) {
        const struct target *target = &probe->targets[i];
        const struct dns_verdict *verdict = &target->verdict;

        if (verdict->reason == REASON_AGENT_NO_ROUTE &&
            speaker->verdict.reason != REASON_AGENT_NO_ROUTE)
            continue; /* of a family this machine does not have */
        if (verdict->reason != REASON_NONE)
            append_words(&words, target,
                verdict->detail[0] != '\0'
                    ? verdict->detail
                    : measure_reason_words(verdict->reason));
        else if (verdict->answers_hash != speaker->verdict.answers_hash)
            append_words(&words, target, "answers differ from the others'");
    }
    text = buf_text(&words, &ignored);
    (void)snprintf(detail, FACTS_TEXT_BYTES, "%.*s", FACTS_TEXT_BYTES - 1,
        text != NULL ? text : "");
    buf_free(&words);
}

static const struct target *
find_speaker(const struct dns_probe *probe)
{
    const struct target *speaker = &probe->targets[0];

    for (size_t i = 1; i < probe->target_count; i++) {
        if (rank(probe->targets[i].verdict.reason) <
            rank(speaker->verdict.reason))
            speaker = &probe->targets[i];
    }
    return speaker;
}

/* The slowest of those that answered as the speaker did, or at all. */
static int64_t
span_us(const struct dns_probe *probe, const struct target *speaker)
{
    int64_t longest = PHASE_NOT_REACHED;

    for (size_t i = 0; i < probe->target_count; i++) {
        const struct target *target = &probe->targets[i];

        if (target->answered && target->elapsed_us > longest &&
            (target->verdict.reason == REASON_NONE ||
                speaker->verdict.reason != REASON_NONE))
            longest = target->elapsed_us;
    }
    return longest;
}

/* All targets have answered or failed. */
static void
conclude(struct dns_probe *probe)
{
    const struct target *speaker = find_speaker(probe);
    char detail[FACTS_TEXT_BYTES];
    int64_t span = span_us(probe, speaker);

    if (probe->target_count == 1)
        (void)snprintf(detail, sizeof(detail), "%s", speaker->verdict.detail);
    else
        put_quarrel(probe, speaker, detail);
    set_reason(probe, speaker->verdict.reason, detail);
    dial_put_address(&speaker->server.addr, probe->measure.facts->ip);
    probe->measure.family = dial_family(&speaker->server.addr);
    probe->measure.phase_us[PHASE_DNS] = span;
    probe->measure.phase_us[PHASE_TOTAL] = span;
    finish(probe);
}

static void
keep_facts(struct dns_probe *probe, const struct target *target,
    const struct dns_lookup_result *result)
{
    if (probe->dns != NULL &&
        rank(target->verdict.reason) >= rank(probe->dns_reason))
        return;
    if (probe->dns != NULL)
        free(probe->dns->answers);
    free(probe->dns);
    probe->dns = dns_judge_facts(result);
    probe->dns_reason = target->verdict.reason;
}

static void
on_answers(void *ctx, const struct dns_lookup_result *result)
{
    struct target *target = ctx;
    struct dns_probe *probe = target->probe;

    target->lookup = NULL;
    target->server = result->server;
    target->elapsed_us = result->elapsed_us;
    for (int type = 0; type < DNS_TYPE_COUNT; type++)
        target->answered = target->answered || result->of[type].answered;
    dns_judge(probe->check, result, probe->authoritative, &target->verdict);
    keep_facts(probe, target, result);
    if (--probe->waiting == 0)
        conclude(probe);
}

static void
ask(struct dns_probe *probe, struct target *target, const struct dns_conf *conf)
{
    int64_t timeout_ns = probe->check->timeout_ms * NS_PER_MS;
    int64_t spent_ns = loop_now_ns(probe->env->loop) - probe->started_ns;
    struct dns_lookup_spec spec = {
        .servers = &conf->servers,
        .name = probe->host,
        .types = probe->check->dns_types,
        .recurse = !probe->authoritative,
        .bind_ip4 = probe->env->bind_ip4,
        .bind_ip6 = probe->env->bind_ip6,
        .timeout_ns = timeout_ns - spent_ns,
        .try_ns = dns_lookup_try_ns(
            timeout_ns - spent_ns, &conf->servers, conf->timeout_ns),
        .rounds = conf->attempts,
    };
    struct err err;

    target->lookup =
        dns_lookup_start(probe->env->loop, &spec, on_answers, target, &err);
    if (target->lookup != NULL) {
        probe->waiting++;
        return;
    }
    target->verdict.reason = REASON_AGENT_LIMIT;
    text_put_harmless(err.msg, strlen(err.msg), target->verdict.detail,
        sizeof(target->verdict.detail));
}

static void
on_servers(void *ctx, const struct dns_auth_answer *answer)
{
    struct dns_probe *probe = ctx;

    probe->auth = NULL;
    if (answer->reason != REASON_NONE) {
        set_reason(probe, answer->reason, answer->detail);
        finish(probe);
        return;
    }
    for (size_t i = 0; i < answer->server_count; i++) {
        const struct dns_auth_server *from = &answer->servers[i];
        struct target *target = &probe->targets[probe->target_count++];
        struct dns_conf conf = {.servers = {.count = 1}};

        (void)snprintf(target->name, sizeof(target->name), "%s", from->name);
        target->server = from->server;
        target->verdict.reason = from->reason;
        conf.servers.items[0] = from->server;
        if (from->reason == REASON_NONE)
            ask(probe, target, &conf);
    }
    if (probe->waiting == 0)
        conclude(probe);
}

/* "authoritative", "authoritative#5300". */
static bool
is_authoritative(const char *server, uint16_t *port)
{
    size_t len = sizeof(authoritative_word) - 1;
    struct err ignored;
    int64_t number = DNS_PORT;

    if (server == NULL || strncmp(server, authoritative_word, len) != 0)
        return false;
    if (server[len] == '#' &&
        text_take_int(server + len + 1, 1, UINT16_MAX, &number, &ignored) != 0)
        return false;
    if (server[len] != '#' && server[len] != '\0')
        return false;
    *port = (uint16_t)number;
    return true;
}

static int
find_servers(struct dns_probe *probe, uint16_t port, struct err *err)
{
    struct dns_auth_spec spec = {
        .loop = probe->env->loop,
        .resolver = probe->env->resolver,
        .host = probe->host,
        .port = port,
        .family = probe->family,
        .overrides = &probe->check->resolve,
        .bind_ip4 = probe->env->bind_ip4,
        .bind_ip6 = probe->env->bind_ip6,
        .timeout_ns = dns_lookup_share_ns(probe->check->timeout_ms * NS_PER_MS),
    };

    probe->authoritative = true;
    probe->auth = dns_auth_start(&spec, on_servers, probe, err);
    return probe->auth != NULL ? 0 : -1;
}

/* Leaves only servers of the leg's family. */
static void
keep_family(struct dns_servers *servers, enum check_family family)
{
    size_t kept = 0;

    for (size_t i = 0; i < servers->count; i++) {
        int is = servers->items[i].addr.ss_family;

        if ((family == CHECK_FAMILY_4 && is != AF_INET) ||
            (family == CHECK_FAMILY_6 && is != AF_INET6))
            continue;
        servers->items[kept++] = servers->items[i];
    }
    servers->count = kept;
}

static void
fail_soon(
    struct dns_probe *probe, enum measure_reason reason, const char *detail)
{
    set_reason(probe, reason, detail);
    loop_timer_start(probe->env->loop, &probe->soon, 0);
}

static int
begin(struct dns_probe *probe, struct err *err)
{
    const struct check *check = probe->check;
    struct dns_conf conf;
    struct err why;
    uint16_t port;

    if (!dns_is_name(probe->host)) {
        fail_soon(probe, REASON_DNS_NXDOMAIN, "this cannot be a domain name");
        return 0;
    }
    if (is_authoritative(check->server, &port))
        return find_servers(probe, port, err);
    if (resolver_conf(probe->env->resolver, check->server, &conf, &why) != 0) {
        fail_soon(probe, REASON_AGENT_SKIPPED, why.msg);
        return 0;
    }
    keep_family(&conf.servers, probe->family);
    if (conf.servers.count == 0) {
        fail_soon(probe, REASON_AGENT_NO_ROUTE,
            "there is no name server of that address family");
        return 0;
    }
    probe->target_count = 1;
    ask(probe, &probe->targets[0], &conf);
    if (probe->waiting == 0)
        return err_set(err, ERR_NOMEM, "dns probe");
    return 0;
}

struct dns_probe *
dns_probe_start(const struct probe_env *env, const struct check *check,
    const struct probe_run *run, probe_done_fn *done, void *ctx,
    struct err *err)
{
    struct dns_probe *probe = calloc(1, sizeof(*probe));

    if (probe == NULL) {
        err_set(err, ERR_NOMEM, "dns probe");
        return NULL;
    }
    probe->env = env;
    probe->check = check;
    probe->done = done;
    probe->ctx = ctx;
    probe->family = run->family;
    probe->host = check->host;
    if (check->dns_types == UINT32_C(1) << DNS_TYPE_PTR &&
        dns_put_reverse(check->host, probe->reverse))
        probe->host = probe->reverse;
    probe->started_ns = loop_now_ns(env->loop);
    timer_init(&probe->soon, finish_soon, probe);
    for (size_t i = 0; i < DNS_AUTH_SERVERS_MAX; i++)
        probe->targets[i].probe = probe;
    probe_begin_measure(&probe->measure, check, run);
    probe->measure.facts = facts_new();
    if (probe->measure.facts == NULL)
        err_set(err, ERR_NOMEM, "dns probe");
    if (probe->measure.facts == NULL || begin(probe, err) != 0) {
        probe_free(probe);
        return NULL;
    }
    return probe;
}

void
dns_probe_cancel(struct dns_probe *probe)
{
    if (probe != NULL)
        probe_free(probe);
}

static void *
start_kind(const struct probe_env *env, const struct check *check,
    const struct probe_run *run, probe_done_fn *done, void *ctx,
    struct err *err)
{
    return dns_probe_start(env, check, run, done, ctx, err);
}

static void
cancel_kind(void *self)
{
    dns_probe_cancel(self);
}

const struct probe_kind dns_probe_kind = {start_kind, cancel_kind};
