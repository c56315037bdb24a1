#include "results.h"

#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "facts_json.h"
#include "place.h"
#include "raw.h"
#include "registry.h"
#include "span.h"
#include "text.h"

static const int64_t default_span_ms = 3600000;

struct gathering {
    struct raw_result *results; /* owned */
    size_t count;
    size_t capacity;
    uint32_t region; /* 0: all */
    uint32_t agent;  /* 0: all */
    int64_t after_unix_ms;
    struct query_span span; /* of the scheduled starts */
};

static int
gather(void *ctx, const struct raw_result *result, struct err *err)
{
    struct gathering *g = ctx;
    int64_t ts_unix_ms = result->measure.ts_unix_ms;

    if ((g->region != 0 && result->region != g->region) ||
        (g->agent != 0 && result->agent != g->agent) ||
        ts_unix_ms <= g->after_unix_ms || ts_unix_ms < g->span.from_unix_ms ||
        ts_unix_ms >= g->span.to_unix_ms)
        return 0;
    if (g->count == RESULTS_MAX)
        return err_set(err, ERR_LIMIT,
            "more than %d results: ask for a shorter range, or export them",
            RESULTS_MAX);
    if (g->count == g->capacity) {
        size_t capacity = g->capacity ? g->capacity * 2 : 64;
        struct raw_result *results =
            realloc(g->results, capacity * sizeof(*results));

        if (results == NULL)
            return err_set(err, ERR_NOMEM, "%zu results", capacity);
        g->results = results;
        g->capacity = capacity;
    }
    g->results[g->count++] = *result;
    return 0;
}

static int
by_time(const void *a, const void *b)
{
    const struct raw_result *x = a;
    const struct raw_result *y = b;

    if (x->measure.ts_unix_ms != y->measure.ts_unix_ms)
        return x->measure.ts_unix_ms < y->measure.ts_unix_ms ? -1 : 1;
    if (x->agent != y->agent)
        return x->agent < y->agent ? -1 : 1;
    return (int)x->measure.attempt - (int)y->measure.attempt;
}

static int
take_args(const struct query_env *env, const json_t *args, struct gathering *g,
    struct err *err)
{
    const char *after = json_string_value(json_object_get(args, "after"));

    g->after_unix_ms = -1;
    if (query_place_take(env->txn, args, &g->region, &g->agent, err) != 0)
        return -1;
    if (after != NULL &&
        text_take_moment(after, env->now_unix_ms, &g->after_unix_ms, err) != 0)
        return -1;
    return query_span_take(args, default_span_ms,
        env->conf->versions[env->conf->count - 1].config->timezone,
        env->now_unix_ms, &g->span, err);
}

static json_t *
answer_of(const struct query_env *env, struct gathering *g, struct err *err)
{
    json_t *list = json_array();
    int64_t seen_unix_ms = g->after_unix_ms;

    if (g->count > 0)
        qsort(g->results, g->count, sizeof(*g->results), by_time);
    for (size_t i = 0; i < g->count; i++) {
        json_t *one = export_result(
            env->txn, env->conf, &g->results[i], env->now_unix_ms, err);

        if (one == NULL) {
            json_decref(list);
            return NULL;
        }
        (void)json_array_append_new(list, one);
        seen_unix_ms = g->results[i].measure.ts_unix_ms;
    }
    return json_pack("{s:o, s:o}", "results", list, "seen_until",
        seen_unix_ms > 0 ? moment_json(seen_unix_ms) : json_null());
}

json_t *
results_query(const struct query_env *env, const json_t *args, struct err *err)
{
    const char *check = json_string_value(json_object_get(args, "check"));
    struct gathering g = {0};
    struct check_row row;
    json_t *answer = NULL;
    /* A result may start long after its slot: a slot is up to a day. */
    int64_t slot_max_ms = CHECK_INTERVAL_MAX_MS;
    int rc;

    if (check == NULL) {
        err_set(err, ERR_PARSE, "results need a check: site/check");
        return NULL;
    }
    rc = check_row_get(env->txn, check_id_of(check), &row, err);
    if (rc == 0 &&
        collector_conf_check(
            env->conf->versions[env->conf->count - 1].config, check) == NULL) {
        err_set(err, ERR_PARSE, "no check \"%.120s\" is known", check);
        return NULL;
    }
    if (rc < 0 || take_args(env, args, &g, err) != 0)
        return NULL;
    if (raw_each(env->txn, check_id_of(check),
            g.span.from_unix_ms - slot_max_ms,
            g.span.to_unix_ms + RAW_BUCKET_MS, gather, &g, err) == 0)
        answer = answer_of(env, &g, err);
    free(g.results);
    return answer;
}
