#include "query.h"

#include <string.h>

#include "agents.h"
#include "alerts.h"
#include "blind.h"
#include "export.h"
#include "facts_json.h"
#include "incidents.h"
#include "maintenance.h"
#include "p95.h"
#include "p95_json.h"
#include "place.h"
#include "registry.h"
#include "replay_json.h"
#include "results.h"
#include "sla.h"
#include "span.h"
#include "status.h"
#include "text.h"

static const int64_t day_ms = 86400000;
static const int64_t month_ms = INT64_C(30) * 86400000;

static const char *
arg(const json_t *args, const char *name)
{
    return json_string_value(json_object_get(args, name));
}

static const struct config *
newest(const struct query_env *env)
{
    return env->conf->versions[env->conf->count - 1].config;
}

/* A percentage into millionths: "99.9" -> 999000. */
static int
take_target(const json_t *args, int64_t *millionths, struct err *err)
{
    const char *text = arg(args, "target");

    *millionths = SLA_OWN_TARGET;
    if (text == NULL)
        return 0;
    if (text_take_decimal_millionths(text, millionths, err) != 0)
        return err_wrap(err, "--target");
    if (*millionths > INT64_C(100000000) || *millionths % 100 != 0)
        return err_set(err, ERR_PARSE,
            "--target %.20s: a percentage of at most 100, with four decimals "
            "at most",
            text);
    *millionths /= 100;
    return 0;
}

/* A moment of an answer; null is the beginning of 1970. */
static int
moment_of(
    const json_t *answer, const char *name, int64_t *unix_ms, struct err *err)
{
    const char *text = arg(answer, name);

    *unix_ms = 0;
    return text == NULL ? 0 : text_take_moment(text, 0, unix_ms, err);
}

static int
add_blind_span(void *ctx, const struct blind_span *span, struct err *err)
{
    json_t *one = json_pack("{s:o, s:o}", "from",
        moment_json(span->from_unix_ms), "to", moment_json(span->to_unix_ms));

    return json_array_append_new(ctx, one) == 0
               ? 0
               : err_set(err, ERR_NOMEM, "blind spans");
}

/* When the collector itself was away; only where it was. */
static int
add_blind(const struct query_env *env, json_t *answer, int64_t from_unix_ms,
    int64_t to_unix_ms, struct err *err)
{
    json_t *spans = json_array();
    int rc = blind_each(
        env->txn, from_unix_ms, to_unix_ms, add_blind_span, spans, err);

    if (rc == 0 && json_array_size(spans) > 0 &&
        json_object_set(answer, "blind", spans) != 0)
        rc = err_set(err, ERR_NOMEM, "blind spans");
    json_decref(spans);
    return rc;
}

/* Tells what touches what a check's answer is about: windows, absence. */
static int
add_windows_to(const struct query_env *env, json_t *answer, struct err *err)
{
    const char *name = arg(answer, "check");
    const struct conf_check *check = NULL;
    int64_t from_unix_ms;
    int64_t to_unix_ms;

    if (name != NULL)
        check =
            conf_history_check(env->conf, check_id_of(name), env->now_unix_ms);
    if (check == NULL || moment_of(answer, "from", &from_unix_ms, err) != 0 ||
        moment_of(answer, "to", &to_unix_ms, err) != 0)
        return err_set(err, ERR_STATE, "an answer without check or range");
    if (add_blind(env, answer, from_unix_ms, to_unix_ms, err) != 0)
        return -1;
    if (json_object_set_new(answer, "maintenance",
            maintenance_of_check(env, check, from_unix_ms, to_unix_ms)) == 0)
        return 0;
    return err_set(err, ERR_NOMEM, "maintenance");
}

/* To an answer of one check, or to each of {"checks": [...]}. */
static int
add_windows(const struct query_env *env, json_t **answer, struct err *err)
{
    json_t *checks = json_object_get(*answer, "checks");
    json_t *one;
    size_t i;
    int rc = 0;

    if (checks == NULL)
        rc = add_windows_to(env, *answer, err);
    json_array_foreach(checks, i, one)
    {
        if (rc == 0)
            rc = add_windows_to(env, one, err);
    }
    if (rc == 0)
        return 0;
    json_decref(*answer);
    *answer = NULL;
    return -1;
}

static int
run_sla(const struct query_env *env, const json_t *args, json_t **answer,
    int *exit_code, struct err *err)
{
    struct query_span span;
    struct sla_spec spec = {.now_unix_ms = env->now_unix_ms,
        .verdicts = json_is_true(json_object_get(args, "verdicts"))};
    const char *by = arg(args, "by");

    if (by != NULL && strcmp(by, "region") != 0)
        return err_set(err, ERR_PARSE,
            "--by %.40s: sla is by region; it always shows them", by);
    if (take_target(args, &spec.target_millionths, err) != 0 ||
        query_span_take(
            args, 0, newest(env)->timezone, env->now_unix_ms, &span, err) != 0)
        return -1;
    spec.from_unix_ms = span.from_unix_ms;
    spec.to_unix_ms = span.to_unix_ms;
    if (sla_answer(env->txn, env->conf, arg(args, "check"), &spec, answer,
            exit_code, err) != 0)
        return -1;
    return add_windows(env, answer, err);
}

static int
take_phases(const char *text, uint16_t *phases, struct err *err)
{
    if (text == NULL)
        return 0;
    if (strcmp(text, "all") == 0) {
        *phases = P95_PHASES_ALL;
        return 0;
    }
    while (*text != '\0') {
        char name[32];
        size_t len = strcspn(text, ",");
        int phase;

        if (len >= sizeof(name))
            return err_set(err, ERR_PARSE, "--phase \"%.40s\"", text);
        memcpy(name, text, len);
        name[len] = '\0';
        phase = phase_from(name);
        if (phase < 0)
            return err_set(err, ERR_PARSE,
                "--phase \"%s\": dns, connect, tls, request, wait, transfer, "
                "total, or all",
                name);
        *phases |= (uint16_t)(1U << phase);
        text += len + (text[len] == ',');
    }
    return 0;
}

/* A check that is configured, or once was. */
static int
take_check(const struct query_env *env, const char *name, uint32_t *id,
    struct err *err)
{
    *id = check_id_of(name);
    if (conf_history_check(env->conf, *id, env->now_unix_ms) == NULL)
        return err_set(err, ERR_PARSE,
            "there is no check \"%.129s\"; leadline status lists them", name);
    return 0;
}

static int
take_p95(const struct query_env *env, const json_t *args, struct p95_spec *spec,
    struct err *err)
{
    const char *by = arg(args, "by");
    const char *quantile = arg(args, "quantile");
    struct query_span span;

    *spec = (struct p95_spec){.now_unix_ms = env->now_unix_ms,
        .quantile_millionths = P95_QUANTILE_DEFAULT,
        .strict = json_is_true(json_object_get(args, "strict"))};
    if (by != NULL && strcmp(by, "region") == 0)
        spec->by = P95_BY_REGION;
    else if (by != NULL && strcmp(by, "agent") == 0)
        spec->by = P95_BY_AGENT;
    else if (by != NULL)
        return err_set(err, ERR_PARSE, "--by %.40s: region or agent", by);
    if (quantile != NULL && (text_take_decimal_millionths(quantile,
                                 &spec->quantile_millionths, err) != 0 ||
                                spec->quantile_millionths > 1000000))
        return err_set(err, ERR_PARSE,
            "--quantile \"%.40s\": a number from 0 to 1, as 0.95", quantile);
    if (take_phases(arg(args, "phase"), &spec->phases, err) != 0 ||
        query_span_take(args, day_ms, newest(env)->timezone, env->now_unix_ms,
            &span, err) != 0)
        return -1;
    spec->from_unix_ms = span.from_unix_ms;
    spec->to_unix_ms = span.to_unix_ms;
    return 0;
}

static json_t *
p95_of(
    const struct query_env *env, const struct p95_spec *spec, struct err *err)
{
    struct p95 p95;
    json_t *answer;

    if (p95_query(env->txn, env->conf, spec, &p95, err) != 0)
        return NULL;
    answer = p95_to_json(&p95);
    p95_free(&p95);
    if (answer == NULL)
        err_set(err, ERR_NOMEM, "answer");
    return answer;
}

static int
run_p95(const struct query_env *env, const json_t *args, json_t **answer,
    struct err *err)
{
    const char *check = arg(args, "check");
    struct p95_spec spec;
    json_t *checks;

    if (take_p95(env, args, &spec, err) != 0)
        return -1;
    if (check != NULL) {
        if (take_check(env, check, &spec.check, err) != 0)
            return -1;
        *answer = p95_of(env, &spec, err);
        return *answer != NULL ? add_windows(env, answer, err) : -1;
    }
    checks = json_array();
    for (size_t i = 0; i < newest(env)->check_count; i++) {
        json_t *one;

        spec.check = newest(env)->checks[i].check.id;
        one = p95_of(env, &spec, err);
        if (one == NULL) {
            json_decref(checks);
            return -1;
        }
        (void)json_array_append_new(checks, one);
    }
    *answer = json_pack("{s:o}", "checks", checks);
    return add_windows(env, answer, err);
}

/* "global", or a region that is configured or ever sent a result. */
static int
check_scope(const struct query_env *env, const char *scope, struct err *err)
{
    const struct conf_region_set *regions = &newest(env)->regions;
    uint32_t number;
    int rc;

    if (scope == NULL || strcmp(scope, "global") == 0)
        return 0;
    for (size_t i = 0; i < regions->count; i++) {
        if (strcmp(regions->names[i], scope) == 0)
            return 0;
    }
    rc = registry_find(env->txn, REGISTRY_REGION, scope, &number, err);
    if (rc == 0)
        return err_set(err, ERR_PARSE, "no region \"%.64s\" is known", scope);
    return rc < 0 ? -1 : 0;
}

static int
run_incidents(const struct query_env *env, const json_t *args, json_t **answer,
    int *exit_code, struct err *err)
{
    struct incidents_spec spec = {.check = arg(args, "check"),
        .scope = arg(args, "region"),
        .now_unix_ms = env->now_unix_ms,
        .only_open = json_is_true(json_object_get(args, "open"))};
    struct query_span span;
    uint32_t id;

    if ((spec.check != NULL && take_check(env, spec.check, &id, err) != 0) ||
        check_scope(env, spec.scope, err) != 0)
        return -1;
    if (query_span_take(args, month_ms, newest(env)->timezone, env->now_unix_ms,
            &span, err) != 0)
        return -1;
    spec.from_unix_ms = span.from_unix_ms;
    spec.to_unix_ms = span.to_unix_ms;
    return incidents_answer(env->txn, env->conf, &spec, answer, exit_code, err);
}

static int
run_incident(const struct query_env *env, const json_t *args, json_t **answer,
    struct err *err)
{
    const char *id = arg(args, "id");

    if (id == NULL)
        return err_set(err, ERR_PARSE, "which incident?");
    switch (alerts_condition(env, id, answer, err)) {
    case 1:
        return 0;
    case 0:
        return incidents_show(
            env->txn, env->conf, id, env->now_unix_ms, answer, err);
    default:
        return -1;
    }
}

/* 1 where a check is down. */
static int
run_status(const struct query_env *env, const json_t *args, json_t **answer,
    int *exit_code, struct err *err)
{
    const struct status_spec spec = {.site = arg(args, "site"),
        .hours = json_is_true(json_object_get(args, "hours"))};
    json_t *check;
    size_t i;

    *answer = status_query(env, &spec, err);
    json_array_foreach(json_object_get(*answer, "checks"), i, check)
    {
        const char *state = arg(check, "state");

        if (state != NULL && strcmp(state, "down") == 0)
            *exit_code = 1;
    }
    return *answer != NULL ? 0 : -1;
}

int
query_run(const struct query_env *env, const char *command, const json_t *args,
    json_t **answer, int *exit_code, struct err *err)
{
    *exit_code = 0;
    *answer = NULL;
    if (env->conf->count == 0)
        return err_set(err, ERR_STATE, "the store has no configuration");
    if (strcmp(command, "sla") == 0)
        return run_sla(env, args, answer, exit_code, err);
    if (strcmp(command, "p95") == 0)
        return run_p95(env, args, answer, err);
    if (strcmp(command, "incidents") == 0)
        return run_incidents(env, args, answer, exit_code, err);
    if (strcmp(command, "incidents.show") == 0)
        return run_incident(env, args, answer, err);
    if (strcmp(command, "status") == 0)
        return run_status(env, args, answer, exit_code, err);
    if (strcmp(command, "alerts.replay") == 0)
        return replay_answer(env, args, answer, err);
    if (strcmp(command, "agents") == 0)
        *answer = agents_query(env->txn, env->now_unix_ms, err);
    else if (strcmp(command, "alerts") == 0)
        *answer = alerts_query(env, err);
    else if (strcmp(command, "maintenance") == 0)
        *answer = maintenance_query(env, err);
    else if (strcmp(command, "results") == 0)
        *answer = results_query(env, args, err);
    else
        return err_set(err, ERR_PARSE, "unknown command \"%.64s\"", command);
    return *answer != NULL ? 0 : -1;
}

int
query_export_spec(const struct query_env *env, const json_t *args,
    struct export_spec *spec, struct err *err)
{
    const char *format = arg(args, "format");
    const char *check = arg(args, "check");
    struct query_span span;

    *spec = (struct export_spec){.now_unix_ms = env->now_unix_ms};
    if (format != NULL && strcmp(format, "csv") == 0)
        spec->format = EXPORT_CSV;
    else if (format != NULL && strcmp(format, "jsonl") != 0)
        return err_set(err, ERR_PARSE, "--format %.40s: jsonl or csv", format);
    /* Without a range: all that raw holds. */
    if (query_span_take(args, env->now_unix_ms, newest(env)->timezone,
            env->now_unix_ms, &span, err) != 0)
        return -1;
    spec->from_unix_ms = span.from_unix_ms;
    spec->to_unix_ms = arg(args, "to") != NULL || arg(args, "month") != NULL
                           ? span.to_unix_ms
                           : env->now_unix_ms + day_ms;
    if (query_place_take(env->txn, args, &spec->region, &spec->agent, err) != 0)
        return -1;
    if (check != NULL && take_check(env, check, &spec->check, err) != 0)
        return -1;
    return 0;
}

int
query_export(const struct query_env *env, const json_t *args, query_line_fn *fn,
    void *ctx, struct err *err)
{
    struct export_spec spec;

    if (query_export_spec(env, args, &spec, err) != 0)
        return -1;
    return export_lines(env->txn, env->conf, &spec, fn, ctx, err);
}
