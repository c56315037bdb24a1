#include "mail_sample.h"

#include <stdio.h>
#include <string.h>

#include "verdict.h"

enum {
    TEN_MINUTES_MS = 600 * 1000,
    MINUTE_MS = 60 * 1000,
    SEEN_AFTER_MS = 127 * 1000,
    LASTED_MS = 750 * 1000,
    TIMEOUT_US = 10 * 1000000
};

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
        region->last_us = bad ? TIMEOUT_US : regions[i].usual_us;
        region->p95_us = regions[i].usual_us * 5 / 4;
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
    failure->reason = REASON_CONNECT_TIMEOUT;
    failure->failed_phase = PHASE_CONNECT;
    failure->phase_us[PHASE_DNS] = 1200;
    failure->phase_us[PHASE_TOTAL] = TIMEOUT_US;
    (void)snprintf(facts->failure_region, sizeof(facts->failure_region), "eu");
    (void)snprintf(facts->failure_agent, sizeof(facts->failure_agent), "eu1");
}

static void
put_results(struct mail_facts *facts)
{
    facts->result_count = facts->region_count;
    for (size_t i = 0; i < facts->result_count; i++) {
        const struct mail_region *region = &facts->regions[i];
        struct mail_result *result = &facts->results[i];

        *result = (struct mail_result){
            .ts_unix_ms = region->last_unix_ms,
            .status = region->last_status,
            .reason = region->last_status == MEASURE_DOWN
                          ? REASON_CONNECT_TIMEOUT
                          : REASON_NONE,
            .total_us = region->last_us,
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
    incident->reason = REASON_CONNECT_TIMEOUT;
    put_regions(facts, down, began_unix_ms);
    put_failure(facts, began_unix_ms);
    put_results(facts);
}
