#include "mail_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"
#include "hist.h"
#include "history.h"
#include "leg_walk.h"
#include "mail_advice.h"
#include "raw.h"
#include "registry.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
static const int64_t hour_ms = INT64_C(3600) * 1000;

enum {
    P95_MILLIONTHS = 950000,
    INTERVALS_BACK = 3,
    EVIDENCE_BACK_MS = 600000,
    PRESENT_MS = 90000 /* as AGENT_PRESENT_MS of query/agents.h */
};

struct collecting {
    struct store_txn *txn;
    const struct mail_facts_query *query;
    struct mail_facts *facts;
    uint32_t region_numbers[CONF_REGIONS_MAX]; /* 0: never heard of */
    struct hist *hists; /* owned; one a region, then one a region of the
                           last hour */
    uint32_t failure_agent;
    uint32_t failure_region;
    uint32_t scope_region; /* 0: the whole */
};

/* ---- the check ---- */

/* One option behind the others; left out where it cannot be typed. */
static void
add_option(struct mail_facts *facts, const char *name, const char *value)
{
    char *out = facts->probe_as;
    size_t used = strlen(out);

    if (mail_advice_is_typable(value) &&
        used + strlen(name) + strlen(value) + 5 < sizeof(facts->probe_as))
        (void)snprintf(out + used, sizeof(facts->probe_as) - used, " %s '%s'",
            name, value);
}

/* Without these a probe by hand asks others, and finds something else. */
static void
take_options(struct mail_facts *facts, const struct check *check)
{
    if (check->kind == CHECK_PAGE)
        add_option(facts, "--kind", "page");
    if (check->server != NULL)
        add_option(facts, "--server", check->server);
    for (size_t i = 0; i < check->resolve.count; i++)
        add_option(facts, "--resolve", check->resolve.items[i]);
}

static void
take_check(struct mail_facts *facts, const struct conf_check *conf)
{
    const struct check *check = &conf->check;

    (void)snprintf(facts->kind, sizeof(facts->kind), "%s",
        check_kind_name((int)check->kind));
    if (check->url != NULL)
        (void)snprintf(facts->target, sizeof(facts->target), "%s", check->url);
    else if (check->host != NULL && check->port != 0)
        (void)snprintf(facts->target, sizeof(facts->target), "%s://%s:%d",
            check_kind_name((int)check->kind), check->host, (int)check->port);
    else if (check->host != NULL)
        (void)snprintf(facts->target, sizeof(facts->target), "%s", check->host);
    take_options(facts, check);
    facts->interval_ms = check->interval_ms;
    facts->target_millionths = conf->target_millionths;
    facts->region_count = conf->regions.count;
    for (size_t i = 0; i < facts->region_count; i++) {
        facts->regions[i] = (struct mail_region){.verdict = VERDICT_PENDING,
            .last_us = -1,
            .p95_us = -1,
            .p95_hour_us = -1};
        (void)snprintf(facts->regions[i].name, sizeof(facts->regions[i].name),
            "%s", conf->regions.names[i]);
    }
}

static int
find_regions(struct collecting *at, struct err *err)
{
    const struct mail_facts *facts = at->facts;

    for (size_t i = 0; i < facts->region_count; i++) {
        if (registry_find(at->txn, REGISTRY_REGION, facts->regions[i].name,
                &at->region_numbers[i], err) < 0)
            return -1;
    }
    if (strcmp(facts->incident.scope, "global") != 0 &&
        registry_find(at->txn, REGISTRY_REGION, facts->incident.scope,
            &at->scope_region, err) < 0)
        return -1;
    return 0;
}

/* ---- verdicts: where it is down, and since when; the month ---- */

static struct mail_region *
region_named(struct mail_facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->region_count; i++) {
        if (strcmp(facts->regions[i].name, name) == 0)
            return &facts->regions[i];
    }
    return NULL;
}

/* The newest judged verdict, and the beginning of its run. */
static void
take_verdict(struct mail_region *region, const struct history_scope *scope)
{
    size_t last = scope->count;

    while (last > 0 && scope->slots[last - 1].verdict == VERDICT_PENDING)
        last--;
    if (last == 0)
        return;
    region->verdict = scope->slots[last - 1].verdict;
    while (last > 0 && scope->slots[last - 1].verdict == region->verdict) {
        region->since_unix_ms = scope->slots[last - 1].start_unix_ms;
        last--;
    }
    if (last == 0)
        region->since_unix_ms = 0;
}

static int
take_history(struct collecting *at, struct err *err)
{
    const struct mail_facts_query *query = at->query;
    struct mail_facts *facts = at->facts;
    struct history history = {0};
    struct uptime_window window = {.to_unix_ms = query->now_unix_ms};
    int64_t year;
    int64_t month;
    int64_t month_end;

    zone_month_of(query->zone, query->now_unix_ms, &year, &month);
    zone_month_bounds(
        query->zone, year, month, &window.from_unix_ms, &month_end);
    if (history_read(at->txn, query->conf,
            &(struct history_query){
                .check = facts->incident.check,
                .from_unix_ms =
                    window.from_unix_ms < query->now_unix_ms - day_ms
                        ? window.from_unix_ms
                        : query->now_unix_ms - day_ms,
                .to_unix_ms = query->now_unix_ms,
                .now_unix_ms = query->now_unix_ms,
            },
            &history, err) != 0)
        return -1;
    for (size_t i = 0; i < history.count; i++) {
        const struct history_scope *scope = &history.scopes[i];
        struct mail_region *region =
            i == 0 ? NULL : region_named(facts, scope->name);

        if (region != NULL)
            take_verdict(region, scope);
        for (size_t k = 0; i == 0 && k < scope->count; k++)
            uptime_add(&facts->month, &window, scope->slots[k].start_unix_ms,
                scope->slots[k].end_unix_ms,
                (enum verdict)scope->slots[k].verdict);
    }
    history_free(&history);
    return 0;
}

/* ---- a day of results: last ones, and p95 ---- */

static int
take_leg(void *ctx, const struct leg *leg, struct err *err)
{
    struct collecting *at = ctx;
    size_t place = 0;
    struct mail_region *region;

    (void)err;
    while (place < at->facts->region_count &&
           at->region_numbers[place] != leg->region)
        place++;
    if (place == at->facts->region_count)
        return 0;
    region = &at->facts->regions[place];
    if (leg_is_served(leg) && leg->last->phase_us[PHASE_TOTAL] >= 0) {
        hist_add(&at->hists[place], leg->last->phase_us[PHASE_TOTAL]);
        if (leg->last->ts_unix_ms > at->query->now_unix_ms - hour_ms)
            hist_add(&at->hists[at->facts->region_count + place],
                leg->last->phase_us[PHASE_TOTAL]);
    }
    if (leg->last->ts_unix_ms < region->last_unix_ms)
        return 0;
    region->last_unix_ms = leg->last->ts_unix_ms;
    region->last_status = leg->last->status;
    region->last_us = leg->last->phase_us[PHASE_TOTAL];
    return 0;
}

static int64_t
p95_of(const struct hist *hist)
{
    if (hist->n < MAIL_P95_MIN_COUNT)
        return -1;
    return (int64_t)hist_at_rank_us(hist, hist_rank(hist->n, P95_MILLIONTHS));
}

static int
take_legs(struct collecting *at, struct err *err)
{
    struct mail_facts *facts = at->facts;
    const struct leg_span span = {
        .check = facts->incident.check,
        .from_unix_ms = at->query->now_unix_ms - day_ms,
        .to_unix_ms = at->query->now_unix_ms + 1,
    };
    int rc;

    at->hists = calloc(2 * facts->region_count + 1, sizeof(*at->hists));
    if (at->hists == NULL)
        return err_set(
            err, ERR_NOMEM, "histograms of %zu regions", facts->region_count);
    rc = leg_walk(at->txn, at->query->conf, &span, take_leg, at, err);
    for (size_t i = 0; rc == 0 && i < facts->region_count; i++) {
        facts->regions[i].p95_us = p95_of(&at->hists[i]);
        facts->regions[i].p95_hour_us =
            p95_of(&at->hists[facts->region_count + i]);
    }
    free(at->hists);
    return rc;
}

/* ---- single results: the newest, and one that shows the failure ---- */

static int
name_result(struct collecting *at, uint32_t region, uint32_t agent,
    char region_name[INCIDENT_SCOPE_BYTES],
    char agent_name[REGISTRY_NAME_BYTES], struct err *err)
{
    char name[REGISTRY_NAME_BYTES] = "";

    if (registry_name(at->txn, REGISTRY_REGION, region, name, err) < 0)
        return -1;
    (void)snprintf(region_name, INCIDENT_SCOPE_BYTES, "%.*s",
        INCIDENT_SCOPE_BYTES - 1, name);
    agent_name[0] = '\0';
    return registry_name(at->txn, REGISTRY_AGENT, agent, agent_name, err) < 0
               ? -1
               : 0;
}

static int
keep_newest(
    struct collecting *at, const struct raw_result *result, struct err *err)
{
    struct mail_facts *facts = at->facts;
    const struct measure *measure = &result->measure;
    size_t place = facts->result_count;
    struct mail_result kept = {
        .ts_unix_ms = measure->ts_unix_ms,
        .status = measure->status,
        .isolated = measure->isolated,
        .reason = measure->reason,
        .http_status = measure->http_status,
        .total_us = measure->phase_us[PHASE_TOTAL],
    };

    while (
        place > 0 && facts->results[place - 1].ts_unix_ms < measure->ts_unix_ms)
        place--;
    if (place == MAIL_RESULTS_MAX)
        return 0;
    if (name_result(at, result->region, result->agent, kept.region, kept.agent,
            err) != 0)
        return -1;
    if (facts->result_count < MAIL_RESULTS_MAX)
        facts->result_count++;
    memmove(&facts->results[place + 1], &facts->results[place],
        (facts->result_count - place - 1) * sizeof(kept));
    facts->results[place] = kept;
    return 0;
}

static int
take_recent(void *ctx, const struct raw_result *result, struct err *err)
{
    return keep_newest(ctx, result, err);
}

/*
 * An incident is shown by one that is down.  A condition by the newest that is
 * not up, as far as there is one: a certificate, say, ends while all is up.
 */
static bool
shows_more(const struct mail_facts *facts, const struct measure *measure)
{
    const struct measure *kept = facts->has_failure ? &facts->failure : NULL;

    if (!facts->is_condition && measure->status != MEASURE_DOWN)
        return false;
    if (measure->status == MEASURE_ERROR)
        return false;
    if (kept == NULL)
        return true;
    if ((kept->status == MEASURE_UP) != (measure->status == MEASURE_UP))
        return kept->status == MEASURE_UP;
    return measure->ts_unix_ms >= kept->ts_unix_ms;
}

static int
take_failure(void *ctx, const struct raw_result *result, struct err *err)
{
    struct collecting *at = ctx;
    struct mail_facts *facts = at->facts;
    const struct measure *measure = &result->measure;

    (void)err;
    if (measure->isolated ||
        (at->scope_region != 0 && result->region != at->scope_region) ||
        !shows_more(facts, measure))
        return 0;
    facts->has_failure = true;
    facts->failure = *measure;
    at->failure_agent = result->agent;
    at->failure_region = result->region;
    return 0;
}

static int
take_results(struct collecting *at, struct err *err)
{
    struct mail_facts *facts = at->facts;
    const struct incident_row *incident = &facts->incident;
    int64_t now = at->query->now_unix_ms;
    int64_t back = facts->interval_ms * INTERVALS_BACK;
    int64_t to = incident->end_unix_ms != 0 ? incident->end_unix_ms : now;
    int64_t from = incident->start_unix_ms;

    if (back < hour_ms)
        back = hour_ms;
    if (raw_each(at->txn, incident->check, now - back, now + 1, take_recent, at,
            err) != 0)
        return -1;
    if (facts->is_condition && to - from < back)
        from = to - back;
    if (to <= from)
        to = from + 1;
    if (to - from > day_ms)
        from = to - day_ms;
    return raw_each(
        at->txn, incident->check, from, to + 1, take_failure, at, err);
}

static int
take_evidence(struct collecting *at, struct err *err)
{
    struct mail_facts *facts = at->facts;
    const struct measure *measure = &facts->failure;
    const struct evidence_key key = {
        .check = facts->incident.check,
        .agent = at->failure_agent,
        .ts_unix_ms = measure->ts_unix_ms,
        .attempt = measure->attempt,
        .family = measure->family,
    };
    struct evidence_key found;
    int rc;

    if (!facts->has_failure)
        return 0;
    if (name_result(at, at->failure_region, at->failure_agent,
            facts->failure_region, facts->failure_agent, err) != 0)
        return -1;
    rc = evidence_get(at->txn, &key, &facts->facts, err);
    if (rc == 0)
        rc = evidence_latest(
            at->txn, &key, EVIDENCE_BACK_MS, &found, &facts->facts, err);
    if (rc != 1)
        facts->facts = NULL;
    return rc < 0 ? -1 : 0;
}

/* ---- the fleet ---- */

/* The silent ones stand first, each in the order of names. */
static void
keep_agent(struct mail_facts *facts, const struct mail_agent *agent)
{
    size_t place = facts->agent_count;

    while (!agent->present && place > 0 && facts->agents[place - 1].present)
        place--;
    if (place == MAIL_AGENTS_MAX)
        return;
    if (facts->agent_count < MAIL_AGENTS_MAX)
        facts->agent_count++;
    memmove(&facts->agents[place + 1], &facts->agents[place],
        (facts->agent_count - place - 1) * sizeof(*agent));
    facts->agents[place] = *agent;
}

static int
take_agent(void *ctx, const struct agent_row *row, struct err *err)
{
    struct collecting *at = ctx;
    struct mail_facts *facts = at->facts;
    const struct condition_claim *claim = &facts->condition.claim;
    struct mail_agent agent = {.last_seen_unix_ms = row->last_seen_unix_ms};

    (void)err;
    if (row->revoked || row->suspended || row->key_count == 0)
        return 0;
    agent.present =
        row->last_seen_unix_ms > at->query->now_unix_ms - PRESENT_MS;
    facts->agents_expected++;
    facts->agents_present += agent.present;
    if (claim->on == CONDITION_ON_REGION &&
        strcmp(claim->subject, row->region) != 0)
        return 0;
    memcpy(agent.name, row->name, sizeof(agent.name));
    memcpy(agent.region, row->region, sizeof(agent.region));
    memcpy(agent.address, row->address, sizeof(agent.address));
    keep_agent(facts, &agent);
    return 0;
}

/* ---- all of it ---- */

static int
collect_check(struct collecting *at, struct err *err)
{
    const struct mail_facts_query *query = at->query;
    struct mail_facts *facts = at->facts;
    const struct conf_check *check = conf_history_check(
        query->conf, facts->incident.check, query->now_unix_ms);

    if (check == NULL)
        return 0;
    take_check(facts, check);
    if (find_regions(at, err) != 0 || take_history(at, err) != 0 ||
        take_legs(at, err) != 0 || take_results(at, err) != 0)
        return -1;
    return take_evidence(at, err);
}

int
mail_facts_collect(struct store_txn *txn, const struct mail_facts_query *query,
    struct mail_facts *facts, struct err *err)
{
    struct collecting at = {.txn = txn, .query = query, .facts = facts};
    int rc;

    *facts = (struct mail_facts){
        .state = query->state,
        .was_down = query->was_down,
        .now_unix_ms = query->now_unix_ms,
        .zone = query->zone,
        .severity = query->severity,
        .incident = *query->incident,
    };
    if (query->condition != NULL) {
        facts->is_condition = true;
        facts->condition = *query->condition;
    }
    rc = facts->is_condition && facts->condition.claim.on != CONDITION_ON_CHECK
             ? agent_each(txn, take_agent, &at, err)
             : collect_check(&at, err);
    if (rc == 0)
        return 0;
    mail_facts_free(facts);
    return err_wrap(err, "facts of incident %s", facts->incident.id);
}
