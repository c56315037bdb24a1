#include "mail_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

enum {
    TEN_MINUTES_MS = 600 * 1000,
    MINUTE_MS = 60 * 1000,
    SEEN_AFTER_MS = 127 * 1000,
    LASTED_MS = 750 * 1000,
    FAILED_US = 1876000,
    HOUR_MS = 3600 * 1000
};

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
static const int64_t month_ms = INT64_C(20) * 24 * 3600 * 1000;

static void
put_regions(struct mail_facts *facts, bool down, int64_t began_unix_ms)
{
    static const struct {
        const char *name;
        bool fails;
        int64_t usual_us;
    } regions[] = {
        {"eu", true, 84000}, {"us", true, 121000}, {"ap", false, 205000}};

    facts->region_count = sizeof(regions) / sizeof(regions[0]);
    for (size_t i = 0; i < facts->region_count; i++) {
        struct mail_region *region = &facts->regions[i];
        bool bad = down && regions[i].fails;

        (void)snprintf(
            region->name, sizeof(region->name), "%s", regions[i].name);
        region->verdict = bad ? VERDICT_DOWN : VERDICT_UP;
        if (bad)
            region->since_unix_ms = began_unix_ms;
        else if (regions[i].fails)
            region->since_unix_ms = began_unix_ms + LASTED_MS;
        region->last_unix_ms = facts->now_unix_ms - MINUTE_MS / 2;
        region->last_status = bad ? MEASURE_DOWN : MEASURE_UP;
        region->last_us = bad ? FAILED_US : regions[i].usual_us;
        region->p95_us = regions[i].usual_us * 5 / 4;
        region->p95_hour_us = regions[i].usual_us * 6 / 5;
    }
}

static void
put_failure(struct mail_facts *facts, int64_t began_unix_ms)
{
    struct measure *failure = &facts->failure;

    facts->has_failure = true;
    measure_init(failure);
    failure->ts_unix_ms = began_unix_ms + MINUTE_MS;
    failure->status = MEASURE_DOWN;
    failure->reason = REASON_HTTP_STATUS;
    failure->failed_phase = PHASE_WAIT;
    failure->http_status = 503;
    failure->phase_us[PHASE_DNS] = 1200;
    failure->phase_us[PHASE_CONNECT] = 10100;
    failure->phase_us[PHASE_TLS] = 22400;
    failure->phase_us[PHASE_REQUEST] = 90;
    failure->phase_us[PHASE_WAIT] = 1842000;
    failure->phase_us[PHASE_TOTAL] = FAILED_US;
    (void)snprintf(facts->failure_region, sizeof(facts->failure_region), "eu");
    (void)snprintf(facts->failure_agent, sizeof(facts->failure_agent), "eu1");
}

static void
put_tls(struct tls_facts *tls, int64_t began_unix_ms)
{
    static const char *const names[] = {"acme.example", "www.acme.example"};

    (void)snprintf(tls->version, sizeof(tls->version), "TLSv1.3");
    (void)snprintf(tls->cipher, sizeof(tls->cipher), "TLS_AES_256_GCM_SHA384");
    for (size_t i = 0; i < 2; i++)
        (void)snprintf(tls->names[i], sizeof(tls->names[i]), "%s", names[i]);
    tls->name_count = 2;
    tls->chain_count = 2;
    for (size_t i = 0; i < 2; i++) {
        struct cert_fact *cert = &tls->chain[i];

        (void)snprintf(cert->subject, sizeof(cert->subject), "%s",
            i == 0 ? "CN=acme.example" : "CN=Example Issuing CA 3");
        (void)snprintf(cert->issuer, sizeof(cert->issuer), "%s",
            i == 0 ? "CN=Example Issuing CA 3" : "CN=Example Root CA");
        cert->not_before_unix_ms = began_unix_ms - 81 * day_ms;
        cert->not_after_unix_ms =
            began_unix_ms + (i == 0 ? 9 : 700) * day_ms + 9 * HOUR_MS;
        for (size_t k = 0; k < 64; k++)
            cert->fingerprint_sha256[k] =
                "0123456789abcdef"[(k * 7 + i * 5 + k / 3) % 16];
    }
}

static void
put_http(struct http_facts *http)
{
    static const char *const headers[] = {
        "server: nginx", "content-type: text/html", "retry-after: 30"};

    http->status = 503;
    (void)snprintf(http->version, sizeof(http->version), "1.1");
    (void)snprintf(
        http->request_id, sizeof(http->request_id), "b7f1c0a2-77e4-4a11");
    http->header_count = sizeof(headers) / sizeof(headers[0]);
    for (size_t i = 0; i < http->header_count; i++)
        (void)snprintf(
            http->headers[i], sizeof(http->headers[i]), "%s", headers[i]);
}

static void
put_evidence(struct mail_facts *facts, int64_t began_unix_ms)
{
    struct facts *seen = facts_new();

    if (seen == NULL)
        return;
    facts->facts = seen;
    (void)snprintf(seen->ip, sizeof(seen->ip), "203.0.113.7");
    seen->http = calloc(1, sizeof(*seen->http));
    seen->tls = calloc(1, sizeof(*seen->tls));
    if (seen->http != NULL)
        put_http(seen->http);
    if (seen->tls != NULL)
        put_tls(seen->tls, began_unix_ms);
}

static void
put_results(struct mail_facts *facts)
{
    facts->result_count = MAIL_RESULTS_MAX;
    for (size_t i = 0; i < facts->result_count; i++) {
        const struct mail_region *region =
            &facts->regions[i % facts->region_count];
        struct mail_result *result = &facts->results[i];
        bool down = region->last_status == MEASURE_DOWN;

        *result = (struct mail_result){
            .ts_unix_ms = region->last_unix_ms - (int64_t)i * MINUTE_MS / 3,
            .status = region->last_status,
            .reason = down ? REASON_HTTP_STATUS : REASON_NONE,
            .http_status = down ? 503 : 200,
            .total_us = region->last_us + (int64_t)i * 3000,
        };
        memcpy(result->region, region->name, sizeof(result->region));
        (void)snprintf(
            result->agent, sizeof(result->agent), "%.60s1", region->name);
    }
}

void
mail_sample(struct mail_facts *facts, enum mail_state state,
    int64_t began_unix_ms, const struct zone *zone)
{
    bool down = state == MAIL_FIRING;
    struct incident_row *incident = &facts->incident;

    *facts = (struct mail_facts){
        .state = state,
        .sample = true,
        .now_unix_ms = began_unix_ms + (down ? SEEN_AFTER_MS + 5000
                                             : LASTED_MS + TEN_MINUTES_MS / 5),
        .zone = zone,
        .severity = SEVERITY_PAGE,
        .interval_ms = MINUTE_MS,
        .target_millionths = 999000,
        .month = {.up_ms = month_ms, .down_ms = down ? MINUTE_MS : LASTED_MS},
    };
    (void)snprintf(facts->kind, sizeof(facts->kind), "http");
    (void)snprintf(
        facts->target, sizeof(facts->target), "https://acme.example/");
    (void)snprintf(
        incident->check_name, sizeof(incident->check_name), "acme/home");
    (void)snprintf(incident->scope, sizeof(incident->scope), "global");
    incident_make_id(0, "test", began_unix_ms, incident->id);
    incident->state = down ? INCIDENT_OPEN : INCIDENT_CLOSED;
    incident->start_unix_ms = began_unix_ms;
    incident->noticed_unix_ms = began_unix_ms + SEEN_AFTER_MS;
    incident->end_unix_ms = down ? 0 : began_unix_ms + LASTED_MS;
    incident->reason = REASON_HTTP_STATUS;
    put_regions(facts, down, began_unix_ms);
    put_failure(facts, began_unix_ms);
    put_evidence(facts, began_unix_ms);
    put_results(facts);
}

/* ---- of every kind ---- */

static const char *const names[SAMPLE_COUNT] = {
    [SAMPLE_DOWN] = "down",
    [SAMPLE_REMINDER] = "reminder",
    [SAMPLE_RESOLVED] = "resolved",
    [SAMPLE_WAS_DOWN] = "was_down",
    [SAMPLE_WITHDRAWN] = "withdrawn",
    [SAMPLE_FLAPPING] = "flapping",
    [SAMPLE_GROUP] = "group",
    [SAMPLE_GROUP_RESOLVED] = "group_resolved",
    [SAMPLE_SUMMARY] = "summary",
    [SAMPLE_DIGEST] = "digest",
    [SAMPLE_DIGEST_QUIET] = "digest_quiet",
    [SAMPLE_AGENT_OFFLINE] = "agent_offline",
    [SAMPLE_AGENT_BACK] = "agent_back",
    [SAMPLE_CERT] = "cert",
    [SAMPLE_REGIONAL] = "regional",
    [SAMPLE_FORM] = "form_failing",
    [SAMPLE_COLLECTOR_ISOLATED] = "collector_isolated",
    [SAMPLE_REGION_BLIND] = "region_blind",
    [SAMPLE_AGENT_NETWORK] = "agent_network",
    [SAMPLE_REGION_NETWORK] = "region_network",
    [SAMPLE_SLOW] = "slow",
    [SAMPLE_P95] = "p95",
    [SAMPLE_BUDGET_HALF] = "budget_half",
    [SAMPLE_BUDGET_USED] = "budget_used",
    [SAMPLE_CERT_CHANGED] = "cert_changed",
    [SAMPLE_CERT_DIFFERS] = "cert_differs",
    [SAMPLE_DNS] = "dns",
    [SAMPLE_DNS_CHANGED] = "dns_changed",
    [SAMPLE_DNS_DIFFERS] = "dns_differs",
    [SAMPLE_FAMILY] = "family",
    [SAMPLE_MAIL] = "mail",
    [SAMPLE_STORE_FULL] = "store_full",
    [SAMPLE_AGENT_CLOCK] = "agent_clock",
    [SAMPLE_CONFIG_REJECTED] = "config_rejected",
    [SAMPLE_DUPLICATE_AGENT] = "duplicate_agent",
    [SAMPLE_STORE_DAMAGED] = "store_damaged",
    [SAMPLE_BACKUP_FAILED] = "backup_failed",
};

const char *
mail_sample_name(int kind)
{
    return kind >= 0 && kind < SAMPLE_COUNT ? names[kind] : NULL;
}

int
mail_sample_from(const char *name)
{
    for (int i = 0; i < SAMPLE_COUNT; i++) {
        if (strcmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

/* Seen from one region alone. */
static void
make_regional(struct mail_facts *facts)
{
    facts->severity = SEVERITY_NOTIFY;
    (void)snprintf(facts->incident.scope, sizeof(facts->incident.scope), "eu");
    facts->regions[1].verdict = VERDICT_UP;
    facts->regions[1].since_unix_ms = 0;
    facts->regions[1].last_status = MEASURE_UP;
    facts->regions[1].last_us = facts->regions[1].p95_hour_us;
    facts->month.down_ms = 0;
    put_results(facts);
}

static void
make_form(struct mail_facts *facts)
{
    (void)snprintf(facts->incident.check_name,
        sizeof(facts->incident.check_name), "acme/lead-form");
    (void)snprintf(facts->kind, sizeof(facts->kind), "form");
    (void)snprintf(
        facts->target, sizeof(facts->target), "https://acme.example/contact");
    facts->interval_ms = INT64_C(15) * MINUTE_MS;
    facts->incident.reason = REASON_FORM_NO_SUCCESS;
    facts->failure.reason = REASON_FORM_NO_SUCCESS;
    facts->failure.failed_phase = -1;
    facts->failure.http_status = 200;
    facts->region_count = 0;
    facts->result_count = 0;
    facts_free(facts->facts);
    facts->facts = NULL;
}

static void
make_facts(const struct mail_sample_spec *spec, struct mail_facts *facts)
{
    enum mail_sample_kind kind = spec->kind;
    bool over = kind == SAMPLE_RESOLVED || kind == SAMPLE_WAS_DOWN;
    int64_t hour_ms = HOUR_MS;

    if (kind == SAMPLE_FLAPPING ||
        (kind >= SAMPLE_AGENT_OFFLINE && kind != SAMPLE_REGIONAL &&
            kind != SAMPLE_FORM)) {
        mail_sample_condition(facts, spec);
        return;
    }
    mail_sample(facts, over ? MAIL_RESOLVED : MAIL_FIRING, spec->began_unix_ms,
        spec->zone);
    facts->was_down = kind == SAMPLE_WAS_DOWN;
    if (kind == SAMPLE_WITHDRAWN)
        facts->state = MAIL_WITHDRAWN;
    if (kind == SAMPLE_REGIONAL)
        make_regional(facts);
    if (kind == SAMPLE_FORM)
        make_form(facts);
    if (kind == SAMPLE_REMINDER) {
        facts->state = MAIL_REMINDER;
        facts->now_unix_ms += 4 * hour_ms;
        facts->month.down_ms += 4 * hour_ms;
        for (size_t i = 0; i < facts->region_count; i++)
            facts->regions[i].last_unix_ms += 4 * hour_ms;
        facts->failure.ts_unix_ms += 4 * hour_ms;
        put_results(facts);
    }
}

int
mail_sample_write(const struct mail_sample_spec *spec,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    struct mail_facts *facts;
    int rc;

    if (spec->kind >= SAMPLE_GROUP && spec->kind <= SAMPLE_DIGEST_QUIET)
        return mail_sample_many(spec, envelope, out, err);
    facts = calloc(1, sizeof(*facts));
    if (facts == NULL)
        return err_set(err, ERR_NOMEM, "sample");
    make_facts(spec, facts);
    facts->sample = !spec->real;
    rc = mail_text_write(facts, envelope, out, err);
    mail_facts_free(facts);
    free(facts);
    return rc;
}
