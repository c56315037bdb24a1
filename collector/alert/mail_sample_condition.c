#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail_sample.h"
#include "verdict.h"

enum { MINUTE_MS = 60 * 1000, ON_AFTER_MS = 380 * 1000 };

/* What raise_*.c would claim, in its words. */
struct story {
    enum mail_sample_kind kind;
    enum alert_class class;
    enum conf_severity severity;
    enum condition_on on;
    const char *subject;
    const char *check_kind; /* of a check; NULL */
    const char *target;
    const char *key;
    bool event;
    const char *words;
};

static const struct story stories[] = {
    {SAMPLE_AGENT_OFFLINE, ALERT_AGENT_OFFLINE, SEVERITY_NOTIFY,
        CONDITION_ON_AGENT, "eu1", NULL, "", "", false,
        "agent eu1 in region eu is silent since 03:10:00 CET, last heard from "
        "203.0.113.9; what it measures meanwhile it keeps and sends when it is "
        "back"},
    {SAMPLE_FLAPPING, ALERT_FLAPPING, SEVERITY_PAGE, CONDITION_ON_CHECK,
        "acme/home", "http", "https://acme.example/", "", false,
        "it went up and down 8 times in its last 21 measurements; single "
        "outages are not told until it settles, but one of 5 bad measurements "
        "in a row is"},
    {SAMPLE_AGENT_BACK, ALERT_AGENT_OFFLINE, SEVERITY_NOTIFY,
        CONDITION_ON_AGENT, "eu1", NULL, "", "", false,
        "agent eu1 in region eu was silent, last heard from 203.0.113.9"},
    {SAMPLE_CERT, ALERT_CERT, SEVERITY_TICKET, CONDITION_ON_CHECK, "acme/cert",
        "tls", "tls://acme.example:443", "03a7c1e9:30", false,
        "acme/cert: the certificate of acme.example ends 2026-12-03 12:10 CET, "
        "in 9 d 9 h; fingerprint 07e5b2907e5c2907"},
    {SAMPLE_COLLECTOR_ISOLATED, ALERT_COLLECTOR_ISOLATED, SEVERITY_PAGE,
        CONDITION_ON_COLLECTOR, "", NULL, "", "", false,
        "all 3 agents that spoke (eu, us, ap) are silent since 03:10:00 CET: "
        "it is this collector that cannot be reached (its network, its "
        "firewall, its listening port); nothing is watched meanwhile"},
    {SAMPLE_REGION_BLIND, ALERT_REGION_BLIND, SEVERITY_NOTIFY,
        CONDITION_ON_REGION, "eu", NULL, "", "", false,
        "nobody measures from region eu since 03:10:00 CET: its 1 agent is "
        "silent; the region does not vote until one is back"},
    {SAMPLE_AGENT_NETWORK, ALERT_AGENT_NETWORK, SEVERITY_NOTIFY,
        CONDITION_ON_AGENT, "eu1", NULL, "", "", false,
        "agent eu1 in region eu fails its self-check since 03:10:00 CET: it "
        "reaches too few of self_check's targets, or no resolver; what it "
        "finds down meanwhile does not count"},
    {SAMPLE_REGION_NETWORK, ALERT_REGION_NETWORK, SEVERITY_NOTIFY,
        CONDITION_ON_REGION, "eu", NULL, "", "", false,
        "from region eu 14 of 20 checks fail since 03:10:00 CET while other "
        "regions see them up: it is the region's network, or the way from "
        "there; the sites are up"},
    {SAMPLE_SLOW, ALERT_SLOW, SEVERITY_TICKET, CONDITION_ON_CHECK, "acme/home",
        "http", "https://acme.example/", "", false,
        "acme/home takes longer than 2 s from eu, us since 03:10:00"},
    {SAMPLE_P95, ALERT_P95, SEVERITY_TICKET, CONDITION_ON_CHECK, "acme/home",
        "http", "https://acme.example/", "", false,
        "acme/home: p95 of the last hour is 1.92 s over 178 results, expected "
        "is at most 800 ms"},
    {SAMPLE_BUDGET_HALF, ALERT_BUDGET, SEVERITY_TICKET, CONDITION_ON_CHECK,
        "acme/home", "http", "https://acme.example/", "2026-11:50", false,
        "acme/home was down for 22 m this month; its target of 99.900 % allows "
        "43 m 12 s: half of the error budget is used"},
    {SAMPLE_BUDGET_USED, ALERT_BUDGET, SEVERITY_NOTIFY, CONDITION_ON_CHECK,
        "acme/home", "http", "https://acme.example/", "2026-11:100", false,
        "acme/home was down for 44 m this month; its target of 99.900 % allows "
        "43 m 12 s: the error budget is used up"},
    {SAMPLE_CERT_CHANGED, ALERT_CERT, SEVERITY_TICKET, CONDITION_ON_CHECK,
        "acme/cert", "tls", "tls://acme.example:443", "new:07e5b2907e5c2907",
        true,
        "acme/cert: the certificate was changed, seen first from eu: now "
        "07e5b2907e5c2907 issued by CN=Example Issuing CA 3, ends 2027-02-22; "
        "before 5a1f88d2c4e0b761"},
    {SAMPLE_CERT_DIFFERS, ALERT_CERT, SEVERITY_TICKET, CONDITION_ON_CHECK,
        "acme/cert", "tls", "tls://acme.example:443", "regions", false,
        "acme/cert: regions are served different certificates since 03:10: eu "
        "sees 07e5b2907e5c2907 by CN=Example Issuing CA 3, ap sees "
        "5a1f88d2c4e0b761 by CN=Example Issuing CA 2"},
    {SAMPLE_DNS, ALERT_DNS, SEVERITY_TICKET, CONDITION_ON_CHECK, "acme/dns",
        "dns", "acme.example", "servers", false,
        "acme/dns: its name servers disagree: ns2.acme.example still has "
        "serial 2026112301 (seen from eu, us since 03:10:00)"},
    {SAMPLE_DNS_CHANGED, ALERT_DNS, SEVERITY_TICKET, CONDITION_ON_CHECK,
        "acme/dns", "dns", "acme.example", "new:1f22aa01:1795486200000", true,
        "acme/dns: the answers were changed, seen first from eu: now A "
        "203.0.113.8; before A 203.0.113.7"},
    {SAMPLE_DNS_DIFFERS, ALERT_DNS, SEVERITY_TICKET, CONDITION_ON_CHECK,
        "acme/dns", "dns", "acme.example", "regions", false,
        "acme/dns: regions get different answers since 03:10: eu A "
        "203.0.113.7, ap A 198.51.100.20"},
    {SAMPLE_FAMILY, ALERT_FAMILY, SEVERITY_TICKET, CONDITION_ON_CHECK,
        "acme/home", "http", "https://acme.example/", "ipv6", false,
        "acme/home is down over IPv6 from eu, us since 03:10:00 "
        "(connect_timeout) and up over IPv4: whoever has only IPv6 cannot "
        "reach it"},
    {SAMPLE_MAIL, ALERT_MAIL, SEVERITY_TICKET, CONDITION_ON_CHECK, "acme/mail",
        "mail", "acme.example", "spf", false,
        "acme/mail: two SPF records where one may be (seen from eu since "
        "03:10:00)"},
    {SAMPLE_STORE_FULL, ALERT_STORE_FULL, SEVERITY_NOTIFY,
        CONDITION_ON_COLLECTOR, "", NULL, "", "", false,
        "the store is 86 % full (13.8 GiB of store_max 16 GiB); at 100 % no "
        "result is taken"},
    {SAMPLE_AGENT_CLOCK, ALERT_AGENT_CLOCK, SEVERITY_NOTIFY, CONDITION_ON_AGENT,
        "eu1", NULL, "", "", false,
        "the clock of agent eu1 is 95 s behind the collector's; its slots "
        "follow the collector's, certificates it judges by its own "
        "(timedatectl)"},
    {SAMPLE_CONFIG_REJECTED, ALERT_CONFIG_REJECTED, SEVERITY_NOTIFY,
        CONDITION_ON_COLLECTOR, "", NULL, "", "", false,
        "the collector's configuration was read again and refused; the one "
        "before stays in force: leadline.yaml:14:9: intervall: unknown key "
        "(did you mean interval?)"},
    {SAMPLE_DUPLICATE_AGENT, ALERT_DUPLICATE_AGENT, SEVERITY_NOTIFY,
        CONDITION_ON_AGENT, "eu1", NULL, "", "", false,
        "two processes have the key of agent eu1: one at 203.0.113.9 speaks, "
        "one at 198.51.100.4 is turned away; enrol the copy under a name of "
        "its own, or stop it"},
    {SAMPLE_STORE_DAMAGED, ALERT_STORE_DAMAGED, SEVERITY_NOTIFY,
        CONDITION_ON_COLLECTOR, "", NULL, "", "", false,
        "2 rows of the store have a wrong checksum; the figures that need them "
        "leave them out"},
    {SAMPLE_BACKUP_FAILED, ALERT_BACKUP_FAILED, SEVERITY_NOTIFY,
        CONDITION_ON_COLLECTOR, "", NULL, "", "", false,
        "the backup to /var/backups/leadline failed: No space left on device; "
        "the last good one is of 2026-11-24 01:10 UTC"},
};

static const struct story *
story_of(enum mail_sample_kind kind)
{
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        if (stories[i].kind == kind)
            return &stories[i];
    }
    return &stories[0];
}

static void
put_claim(const struct mail_sample_spec *spec, const struct story *story,
    struct condition *condition)
{
    struct condition_claim *claim = &condition->claim;

    *condition = (struct condition){
        .claim =
            {
                .class = story->class,
                .severity = story->severity,
                .on = story->on,
                .since_unix_ms = spec->began_unix_ms,
                .event = story->event,
            },
        .state = INCIDENT_OPEN,
        .noticed_unix_ms = spec->began_unix_ms + MINUTE_MS,
    };
    (void)snprintf(
        claim->subject, sizeof(claim->subject), "%s", story->subject);
    (void)snprintf(claim->key, sizeof(claim->key), "%s", story->key);
    (void)snprintf(claim->words, sizeof(claim->words), "%s", story->words);
    incident_make_id(
        (uint32_t)story->kind + 1, "test", spec->began_unix_ms, condition->id);
}

static void
put_agents(struct mail_facts *facts, const struct story *story)
{
    static const char *const regions[] = {"eu", "us", "ap"};
    bool silent = story->kind == SAMPLE_AGENT_OFFLINE ||
                  story->kind == SAMPLE_REGION_BLIND;
    bool all = story->kind == SAMPLE_COLLECTOR_ISOLATED;

    facts->agents_expected = 3;
    for (size_t i = 0; i < 3; i++) {
        struct mail_agent *agent = &facts->agents[facts->agent_count];

        *agent = (struct mail_agent){
            .present = !all && !(silent && i == 0),
            .last_seen_unix_ms = facts->now_unix_ms - 8000,
        };
        if (!agent->present)
            agent->last_seen_unix_ms =
                facts->condition.claim.since_unix_ms - (int64_t)i * 700;
        facts->agents_present += agent->present;
        (void)snprintf(agent->name, sizeof(agent->name), "%s1", regions[i]);
        (void)snprintf(agent->region, sizeof(agent->region), "%s", regions[i]);
        (void)snprintf(
            agent->address, sizeof(agent->address), "203.0.113.%zu", 9 + i);
        if (story->on != CONDITION_ON_REGION || i == 0)
            facts->agent_count++;
    }
}

/* Of a check: the usual sample, up, and what belongs to another kind gone. */
static void
put_check(struct mail_facts *facts, const struct story *story)
{
    struct facts *seen = facts->facts;

    (void)snprintf(facts->kind, sizeof(facts->kind), "%s", story->check_kind);
    (void)snprintf(facts->target, sizeof(facts->target), "%s", story->target);
    for (size_t i = 0; i < facts->region_count; i++) {
        facts->regions[i].since_unix_ms = 0;
        facts->regions[i].last_unix_ms = facts->now_unix_ms - MINUTE_MS / 2;
        if (story->class == ALERT_SLOW || story->class == ALERT_P95) {
            facts->regions[i].last_us += INT64_C(1850000);
            facts->regions[i].p95_hour_us += INT64_C(1730000);
        }
    }
    for (size_t i = 0; i < facts->result_count; i++) {
        facts->results[i].ts_unix_ms =
            facts->now_unix_ms - MINUTE_MS / 2 - (int64_t)i * MINUTE_MS / 3;
        if (story->class == ALERT_SLOW) {
            facts->results[i].status = MEASURE_SLOW;
            facts->results[i].total_us += INT64_C(1850000);
        }
    }
    facts->has_failure = story->class == ALERT_CERT;
    facts->failure.status = MEASURE_UP;
    facts->failure.reason = REASON_NONE;
    facts->failure.failed_phase = -1;
    facts->failure.http_status = 0;
    facts->failure.phase_us[PHASE_WAIT] = PHASE_NOT_REACHED;
    facts->failure.phase_us[PHASE_REQUEST] = PHASE_NOT_REACHED;
    facts->failure.phase_us[PHASE_TOTAL] = 33700;
    if (seen == NULL)
        return;
    free(seen->http);
    seen->http = NULL;
    if (story->class != ALERT_CERT) {
        facts_free(seen);
        facts->facts = NULL;
    }
}

void
mail_sample_condition(
    struct mail_facts *facts, const struct mail_sample_spec *spec)
{
    const struct story *story = story_of(spec->kind);
    struct condition condition;
    struct incident_row *incident = &facts->incident;

    put_claim(spec, story, &condition);
    mail_sample(facts, MAIL_RESOLVED, spec->began_unix_ms, spec->zone);
    facts->now_unix_ms = spec->began_unix_ms + ON_AFTER_MS;
    facts->state = MAIL_FIRING;
    facts->severity = story->severity;
    if (spec->kind == SAMPLE_AGENT_BACK) {
        facts->state = MAIL_RESOLVED;
        condition.state = INCIDENT_CLOSED;
        condition.end_unix_ms = facts->now_unix_ms - MINUTE_MS / 2;
    }
    facts->is_condition = true;
    facts->condition = condition;
    *incident = (struct incident_row){
        .state = condition.state,
        .start_unix_ms = condition.claim.since_unix_ms,
        .noticed_unix_ms = condition.noticed_unix_ms,
        .end_unix_ms = condition.end_unix_ms,
    };
    memcpy(incident->id, condition.id, sizeof(incident->id));
    (void)snprintf(incident->check_name, sizeof(incident->check_name), "%s",
        story->subject);
    (void)snprintf(incident->scope, sizeof(incident->scope), "global");
    if (story->on == CONDITION_ON_CHECK) {
        put_check(facts, story);
        return;
    }
    mail_facts_free(facts);
    facts->kind[0] = '\0';
    facts->target[0] = '\0';
    facts->has_failure = false;
    facts->region_count = 0;
    facts->result_count = 0;
    facts->month = (struct uptime){0};
    put_agents(facts, story);
}
