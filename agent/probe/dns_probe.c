#include "dns_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dial.h"
#include "dns_auth.h"
#include "dns_compare.h"
#include "dns_judge.h"
#include "dns_lookup.h"

static const char authoritative_word[] = "authoritative";

/* One server that is asked, or the system's as one. */
struct target {
    struct dns_probe *probe;       /* borrowed */
    struct dns_seen *seen;         /* borrowed; its place in probe->seen */
    struct dns_lookup *lookup;     /* owned; NULL when not under way */
    struct dns_lookup *soa_lookup; /* owned; of the zone; NULL */
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
    struct timer soon;      /* tells what failed before anything was asked */
    struct dns_auth *auth;  /* owned; NULL when not under way */
    struct target *targets; /* owned */
    struct dns_seen *seen;  /* owned; of each target */
    size_t target_count;
    int waiting;
    struct dns_facts *dns; /* owned; of the target that tells most so far */
    enum measure_reason dns_reason; /* of that target */
    struct measure measure;
};

static void
cancel_target(struct target *target)
{
    dns_lookup_cancel(target->lookup);
    dns_lookup_cancel(target->soa_lookup);
}

static void
free_dns(struct dns_facts *dns)
{
    if (dns != NULL) {
        free(dns->answers);
        free(dns->servers);
    }
    free(dns);
}

static void
probe_free(struct dns_probe *probe)
{
    dns_auth_cancel(probe->auth);
    for (size_t i = 0; i < probe->target_count; i++)
        cancel_target(&probe->targets[i]);
    free(probe->targets);
    free(probe->seen);
    loop_timer_stop(probe->env->loop, &probe->soon);
    free_dns(probe->dns);
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

/* Ends what could not be asked. */
static void
set_failure(
    struct dns_probe *probe, enum measure_reason reason, const char *detail)
{
    struct measure *measure = &probe->measure;

    measure->reason = reason;
    measure->status = dial_is_ours(reason) ? MEASURE_ERROR : MEASURE_DOWN;
    measure->failed_phase = PHASE_DNS;
    (void)snprintf(
        measure->facts->detail, sizeof(measure->facts->detail), "%s", detail);
}

/* All targets have answered or failed. */
static void
conclude(struct dns_probe *probe)
{
    struct measure *measure = &probe->measure;
    const struct sockaddr_storage *addr;
    struct dns_outcome outcome;

    dns_compare(probe->seen, probe->target_count, &outcome);
    addr = &probe->seen[outcome.speaker].server.addr;
    measure->status = (uint8_t)outcome.status;
    measure->reason = outcome.reason;
    if (outcome.status != MEASURE_UP && outcome.status != MEASURE_SLOW)
        measure->failed_phase = PHASE_DNS;
    memcpy(measure->facts->detail, outcome.detail, sizeof(outcome.detail));
    dial_put_address(addr, measure->facts->ip);
    measure->family = dial_family(addr);
    measure->phase_us[PHASE_DNS] = outcome.span_us;
    measure->phase_us[PHASE_TOTAL] = outcome.span_us;
    if (probe->authoritative && probe->dns != NULL)
        dns_compare_facts(probe->seen, probe->target_count, probe->dns);
    finish(probe);
}

static void
keep_facts(struct dns_probe *probe, enum measure_reason reason,
    const struct dns_lookup_result *result)
{
    if (probe->dns != NULL &&
        dns_compare_rank(reason) >= dns_compare_rank(probe->dns_reason))
        return;
    free_dns(probe->dns);
    probe->dns = dns_judge_facts(result);
    probe->dns_reason = reason;
}

static void
on_answers(void *ctx, const struct dns_lookup_result *result)
{
    struct target *target = ctx;
    struct dns_probe *probe = target->probe;
    struct dns_seen *seen = target->seen;

    target->lookup = NULL;
    seen->server = result->server;
    seen->elapsed_us = result->elapsed_us;
    for (int type = 0; type < DNS_TYPE_COUNT; type++)
        seen->answered = seen->answered || (result->of[type] != NULL &&
                                               result->of[type]->answered);
    dns_judge(probe->check, result, probe->authoritative, &seen->verdict);
    keep_facts(probe, seen->verdict.reason, result);
    if (--probe->waiting == 0)
        conclude(probe);
}

static void
on_soa(void *ctx, const struct dns_lookup_result *result)
{
    struct target *target = ctx;
    struct dns_probe *probe = target->probe;

    target->soa_lookup = NULL;
    target->seen->has_serial = dns_judge_serial(result, &target->seen->serial);
    if (--probe->waiting == 0)
        conclude(probe);
}

static struct dns_lookup_spec
spec_of(const struct dns_probe *probe, const struct dns_conf *conf)
{
    int64_t timeout_ns = probe->check->timeout_ms * NS_PER_MS;
    int64_t spent_ns = loop_now_ns(probe->env->loop) - probe->started_ns;

    return (struct dns_lookup_spec){
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
}

static void
ask(struct dns_probe *probe, struct target *target, const struct dns_conf *conf)
{
    struct dns_lookup_spec spec = spec_of(probe, conf);
    struct dns_verdict *verdict = &target->seen->verdict;
    struct err err;

    target->lookup =
        dns_lookup_start(probe->env->loop, &spec, on_answers, target, &err);
    if (target->lookup != NULL) {
        probe->waiting++;
        return;
    }
    verdict->reason = REASON_AGENT_LIMIT;
    text_put_harmless(
        err.msg, strlen(err.msg), verdict->detail, sizeof(verdict->detail));
}

/* Without it the serial is not compared. */
static void
ask_serial(struct dns_probe *probe, struct target *target,
    const struct dns_conf *conf, const char *zone)
{
    struct dns_lookup_spec spec = spec_of(probe, conf);
    struct err ignored;

    spec.name = zone;
    spec.types = UINT32_C(1) << DNS_TYPE_SOA;
    target->soa_lookup =
        dns_lookup_start(probe->env->loop, &spec, on_soa, target, &ignored);
    if (target->soa_lookup != NULL)
        probe->waiting++;
}

/* -1 when memory is out. */
static int
make_targets(struct dns_probe *probe, size_t count)
{
    probe->targets = calloc(count, sizeof(*probe->targets));
    probe->seen = calloc(count, sizeof(*probe->seen));
    if (probe->targets == NULL || probe->seen == NULL)
        return -1;
    probe->target_count = count;
    for (size_t i = 0; i < count; i++) {
        probe->targets[i].probe = probe;
        probe->targets[i].seen = &probe->seen[i];
    }
    return 0;
}

static void
ask_each(struct dns_probe *probe, const struct dns_auth_answer *answer)
{
    for (size_t i = 0; i < answer->server_count; i++) {
        const struct dns_auth_server *from = &answer->servers[i];
        struct dns_seen *seen = &probe->seen[i];
        struct dns_conf conf = {.servers = {.count = 1}};

        (void)snprintf(seen->name, sizeof(seen->name), "%s", from->name);
        seen->server = from->server;
        seen->verdict.reason = from->reason;
        conf.servers.items[0] = from->server;
        if (from->reason != REASON_NONE) {
            (void)snprintf(seen->verdict.detail, sizeof(seen->verdict.detail),
                "its address: %s", measure_reason_words(from->reason));
            continue;
        }
        ask(probe, &probe->targets[i], &conf);
        ask_serial(probe, &probe->targets[i], &conf, answer->zone);
    }
}

static void
on_servers(void *ctx, const struct dns_auth_answer *answer)
{
    struct dns_probe *probe = ctx;

    probe->auth = NULL;
    if (answer->reason != REASON_NONE) {
        set_failure(probe, answer->reason, answer->detail);
        finish(probe);
        return;
    }
    if (make_targets(probe, answer->server_count) != 0) {
        set_failure(probe, REASON_AGENT_LIMIT, "out of memory");
        finish(probe);
        return;
    }
    ask_each(probe, answer);
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
    set_failure(probe, reason, detail);
    loop_timer_start(probe->env->loop, &probe->soon, 0);
}

static int
begin(struct dns_probe *probe, struct err *err)
{
    const struct check *check = probe->check;
    struct dns_conf conf;
    struct dns_name name;
    struct err why;
    uint16_t port;

    if (dns_name_take(probe->host, &name, &why) != 0) {
        fail_soon(probe, REASON_DNS_NXDOMAIN, why.msg);
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
    if (make_targets(probe, 1) != 0)
        return err_set(err, ERR_NOMEM, "dns probe");
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
