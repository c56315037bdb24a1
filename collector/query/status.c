#include "status.h"

#include <string.h>

#include "agents.h"
#include "facts_json.h"
#include "history.h"
#include "maintenance.h"
#include "p95.h"
#include "raw.h"
#include "registry.h"
#include "sla.h"
#include "status_hours.h"
#include "store_hurt.h"
#include "zone.h"

static const int64_t day_ms = 86400000;

/* Verdicts are kept no longer: a state that is older is told as this old. */
static const int64_t look_back_ms = INT64_C(400) * 86400000;

/* The last thing a region measured. */
struct last_result {
    char region[CONF_NAME_BYTES];
    uint32_t region_number; /* 0: it has never measured anything */
    struct measure measure;
    bool seen;
};

struct last_results {
    struct last_result rows[CONF_REGIONS_MAX];
    size_t count;
    bool any; /* something was seen, of whomever */
};

enum { LAST_DAYS_MAX = 7 };

static int
take_last(void *ctx, const struct raw_result *result, struct err *err)
{
    struct last_results *last = ctx;

    (void)err;
    for (size_t i = 0; i < last->count; i++) {
        struct last_result *row = &last->rows[i];

        if (row->region_number != result->region)
            continue;
        if (!row->seen || result->measure.ts_unix_ms >= row->measure.ts_unix_ms)
            row->measure = result->measure;
        row->seen = true;
        last->any = true;
    }
    return 0;
}

static size_t
count_seen(const struct last_results *last)
{
    size_t seen = 0;

    for (size_t i = 0; i < last->count; i++)
        seen += last->rows[i].seen || last->rows[i].region_number == 0;
    return seen;
}

/*
 * What fell silent is looked for further back: a region for a day, for raw of
 * the others is read on the way; where all are silent for a week, for then
 * there is nothing to read.
 */
static int
look_back(const struct query_env *env, uint32_t check, int64_t to_unix_ms,
    struct last_results *last, struct err *err)
{
    for (int day = 0; day < LAST_DAYS_MAX; day++) {
        size_t seen = count_seen(last);

        if (seen == last->count || (day > 0 && last->any))
            return 0;
        if (raw_each(env->txn, check, to_unix_ms - day_ms, to_unix_ms,
                take_last, last, err) != 0)
            return -1;
        to_unix_ms -= day_ms;
    }
    return 0;
}

static int
read_last(const struct query_env *env, const struct conf_check *check,
    struct last_results *last, struct err *err)
{
    int64_t from_unix_ms =
        env->now_unix_ms - 4 * check->check.interval_ms - RAW_BUCKET_MS;

    *last = (struct last_results){.count = check->regions.count};
    for (size_t i = 0; i < last->count; i++) {
        struct last_result *row = &last->rows[i];

        memcpy(row->region, check->regions.names[i], sizeof(row->region));
        if (registry_find(env->txn, REGISTRY_REGION, row->region,
                &row->region_number, err) < 0)
            return -1;
    }
    if (raw_each(env->txn, check->check.id, from_unix_ms,
            env->now_unix_ms + check->check.interval_ms, take_last, last,
            err) != 0)
        return -1;
    return look_back(env, check->check.id, from_unix_ms, last, err);
}

static const char *
state_of(uint8_t verdict)
{
    switch ((enum verdict)verdict) {
    case VERDICT_UP:
        return "up";
    case VERDICT_PARTIAL:
        return "partial";
    case VERDICT_DOWN:
        return "down";
    case VERDICT_MAINT:
        return "maint";
    case VERDICT_UNKNOWN:
    case VERDICT_PENDING:
        break;
    }
    return "unknown";
}

/* The newest judged slot's state, and since when it has been so. */
static const char *
newest_state(const struct history_scope *scope, int64_t *since_unix_ms)
{
    size_t last = scope->count;
    uint8_t verdict;

    *since_unix_ms = 0;
    while (last > 0 && scope->slots[last - 1].verdict == VERDICT_PENDING)
        last--;
    if (last == 0)
        return "unknown";
    verdict = scope->slots[last - 1].verdict;
    while (last > 0 && scope->slots[last - 1].verdict == verdict)
        *since_unix_ms = scope->slots[--last].start_unix_ms;
    return state_of(verdict);
}

/*
 * Follows a state that fills all of a span that begins at `from_unix_ms` back
 * to its beginning, a day at a time: a year at once would fill the memory.
 */
static int
follow_back(const struct query_env *env, uint32_t check, int64_t from_unix_ms,
    const char *state, int64_t *since_unix_ms, struct err *err)
{
    struct history_query query = {
        .check = check, .now_unix_ms = env->now_unix_ms};
    struct history history;

    while (*since_unix_ms != 0 && *since_unix_ms <= from_unix_ms &&
           from_unix_ms > env->now_unix_ms - look_back_ms) {
        const char *before = "";
        int64_t begin_unix_ms = 0;

        query.to_unix_ms = *since_unix_ms;
        query.from_unix_ms = *since_unix_ms - day_ms;
        if (history_read(env->txn, env->conf, &query, &history, err) != 0)
            return -1;
        if (history.count > 0 && history.scopes[0].count > 0)
            before = newest_state(&history.scopes[0], &begin_unix_ms);
        history_free(&history);
        if (strcmp(before, state) != 0 || begin_unix_ms == 0)
            return 0;
        from_unix_ms = query.from_unix_ms;
        *since_unix_ms = begin_unix_ms;
    }
    return 0;
}

static json_t *
regions_json(const struct history *history, const struct last_results *last)
{
    json_t *regions = json_object();

    for (size_t i = 0; i < last->count; i++) {
        const struct last_result *row = &last->rows[i];
        const char *state = "unknown";
        int64_t since_unix_ms;
        bool served = row->seen && measure_votes_up(&row->measure);

        for (size_t s = 1; s < history->count; s++) {
            if (strcmp(history->scopes[s].name, row->region) == 0)
                state = newest_state(&history->scopes[s], &since_unix_ms);
        }
        (void)json_object_set_new(regions, row->region,
            json_pack("{s:s, s:o, s:o}", "state", state, "last_us",
                served &&
                        row->measure.phase_us[PHASE_TOTAL] != PHASE_NOT_REACHED
                    ? json_integer(row->measure.phase_us[PHASE_TOTAL])
                    : json_null(),
                "last_at",
                row->seen ? moment_json(row->measure.ts_unix_ms)
                          : json_null()));
    }
    return regions;
}

static json_t *
p95_of_day(const struct query_env *env, uint32_t check, struct err *err)
{
    struct p95_spec spec = {
        .check = check,
        .from_unix_ms = env->now_unix_ms - day_ms,
        .to_unix_ms = env->now_unix_ms,
        .quantile_millionths = P95_QUANTILE_DEFAULT,
        .now_unix_ms = env->now_unix_ms,
    };
    struct p95 p95;
    json_t *value;

    if (p95_query(env->txn, env->conf, &spec, &p95, err) != 0)
        return NULL;
    value = p95.count > 0 && p95.rows[0].has_value
                ? json_real(p95.rows[0].value_us)
                : json_null();
    p95_free(&p95);
    return value;
}

static json_t *
uptime_of_month(const struct query_env *env, const struct config *config,
    uint32_t check, struct err *err)
{
    struct zone *zone = zone_open(config->timezone, err);
    struct sla_spec spec = {
        .check = check,
        .now_unix_ms = env->now_unix_ms,
        .target_millionths = SLA_OWN_TARGET,
    };
    struct sla sla;
    json_t *whole;
    json_t *uptime;
    int64_t year;
    int64_t month;

    if (zone == NULL)
        return NULL;
    zone_month_of(zone, env->now_unix_ms, &year, &month);
    zone_month_bounds(zone, year, month, &spec.from_unix_ms, &spec.to_unix_ms);
    zone_close(zone);
    if (sla_query(env->txn, env->conf, &spec, &sla, err) != 0)
        return NULL;
    whole = sla_to_json(&sla);
    sla_free(&sla);
    uptime = json_incref(
        json_object_get(json_object_get(whole, "global"), "uptime"));
    json_decref(whole);
    return uptime != NULL ? uptime : json_null();
}

struct open_incident {
    uint32_t check;
    char id[INCIDENT_ID_BYTES];
    bool global;
};

/* The open incident that says most: the whole's before a region's. */
static int
take_incident(void *ctx, const struct incident_row *row, struct err *err)
{
    struct open_incident *open = ctx;
    bool global = strcmp(row->scope, "global") == 0;

    (void)err;
    if (row->state != INCIDENT_OPEN || (open->id[0] != '\0' && !global))
        return 0;
    memcpy(open->id, row->id, sizeof(open->id));
    open->global = global;
    return 0;
}

static json_t *
check_json(const struct query_env *env, const struct config *config,
    const struct conf_check *check, struct err *err)
{
    struct history_query query = {
        .check = check->check.id,
        .from_unix_ms = env->now_unix_ms - day_ms,
        .to_unix_ms = env->now_unix_ms,
        .now_unix_ms = env->now_unix_ms,
    };
    struct open_incident open = {.check = check->check.id};
    struct last_results last;
    struct history history;
    const char *state = "unknown";
    int64_t since_unix_ms = 0;
    json_t *p95;
    json_t *uptime;
    json_t *out;

    if (read_last(env, check, &last, err) != 0)
        return NULL;
    p95 = p95_of_day(env, check->check.id, err);
    if (p95 == NULL)
        return NULL;
    uptime = uptime_of_month(env, config, check->check.id, err);
    if (uptime == NULL ||
        history_incidents(
            env->txn, env->conf, &query, take_incident, &open, err) != 0 ||
        history_read(env->txn, env->conf, &query, &history, err) != 0) {
        json_decref(p95);
        json_decref(uptime);
        return NULL;
    }
    if (history.count > 0)
        state = newest_state(&history.scopes[0], &since_unix_ms);
    if (follow_back(env, check->check.id, query.from_unix_ms, state,
            &since_unix_ms, err) != 0) {
        history_free(&history);
        json_decref(p95);
        json_decref(uptime);
        return NULL;
    }
    out = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "check", check->check.name, "kind",
        check_kind_name((int)check->check.kind), "state",
        check->check.paused ? "paused" : state, "since",
        moment_json(since_unix_ms), "regions", regions_json(&history, &last),
        "p95_24h_us", p95, "uptime_month", uptime, "incident",
        open.id[0] != '\0' ? json_string(open.id) : json_null(), "paused",
        pause_of_check(env, check), "maintenance",
        maintenance_of_check(
            env, check, env->now_unix_ms, env->now_unix_ms + 1));
    history_free(&history);
    return out;
}

static int
add_hours(
    const struct query_env *env, uint32_t check, json_t *one, struct err *err)
{
    json_t *hours = status_hours(env, check, err);

    if (hours == NULL)
        return -1;
    if (json_object_set_new(one, "p95_hours_us", hours) != 0)
        return err_set(err, ERR_NOMEM, "hours");
    return 0;
}

static json_t *
checks_json(const struct query_env *env, const struct config *config,
    const struct status_spec *spec, struct err *err)
{
    const char *site = spec->site;
    json_t *checks = json_array();
    bool known = site == NULL;

    for (size_t i = 0; i < config->check_count; i++) {
        const struct conf_check *check = &config->checks[i];
        json_t *one;

        if (site != NULL && strcmp(check->site, site) != 0 &&
            strcmp(check->check.name, site) != 0)
            continue;
        known = true;
        one = check_json(env, config, check, err);
        if (one == NULL) {
            json_decref(checks);
            return NULL;
        }
        (void)json_array_append_new(checks, one);
        if (spec->hours && add_hours(env, check->check.id, one, err) != 0) {
            json_decref(checks);
            return NULL;
        }
    }
    if (!known) {
        json_decref(checks);
        err_set(err, ERR_PARSE, "no site \"%.80s\" is configured", site);
        return NULL;
    }
    return checks;
}

json_t *
status_query(const struct query_env *env, const struct status_spec *spec,
    struct err *err)
{
    const struct config *config =
        env->conf->versions[env->conf->count - 1].config;
    json_t *agents = agents_count(env->txn, env->now_unix_ms, err);
    json_t *checks;
    size_t hurt;

    if (agents == NULL)
        return NULL;
    if (store_count_hurt(env->txn, &hurt, err) != 0) {
        json_decref(agents);
        return NULL;
    }
    checks = checks_json(env, config, spec, err);
    if (checks == NULL) {
        json_decref(agents);
        return NULL;
    }
    return json_pack("{s:o, s:o, s:{s:o, s:I}, s:{s:s?}}", "checks", checks,
        "agents", agents, "store", "used_ratio",
        env->store_used_ratio >= 0.0 ? json_real(env->store_used_ratio)
                                     : json_null(),
        "rows_set_aside", (json_int_t)hurt, "config", "refused", env->refused);
}
