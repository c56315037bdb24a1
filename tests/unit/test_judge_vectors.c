/* The worked cases of tests/vectors, through the store and the judge. */
#include "history.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "judge_world.h"
#include "tmp_store.h"
#include "uptime.h"

static const char check_name[] = "v/c";

/* 2026-01-05: a multiple of a day, as the cases begin at 0. */
static const int64_t base_unix_ms = INT64_C(20458) * 86400000;

struct telling {
    json_t *vector; /* borrowed */
    const char *name;
    struct judge_world world;
    int64_t t_ms;
};

static int64_t
seconds(const json_t *value)
{
    return base_unix_ms + (int64_t)(json_number_value(value) * 1000);
}

/* Names here are lower case; the cases have capitals. */
static void
lower(const char *from, char *to, size_t size)
{
    size_t i = 0;

    for (; from[i] != '\0' && i + 1 < size; i++)
        to[i] =
            from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] + 32) : from[i];
    to[i] = '\0';
}

static void
configure(struct telling *t)
{
    const json_t *config = json_object_get(t->vector, "config");
    const json_t *windows = json_object_get(config, "maintenance");
    struct buf yaml;
    struct err err;
    size_t i;
    json_t *item;

    buf_init(&yaml, 65536);
    assert_ok(buf_printf(&yaml, &err, "regions: ["), err);
    json_array_foreach(json_object_get(config, "regions"), i, item)
    {
        char region[32];

        lower(json_string_value(item), region, sizeof(region));
        assert_ok(
            buf_printf(&yaml, &err, "%s%s", i > 0 ? ", " : "", region), err);
    }
    assert_ok(buf_printf(&yaml, &err,
                  "]\nsites:\n  - name: v\n    derive: false\n    checks:\n"
                  "      - {name: c, kind: http, url: \"https://v.example/\", "
                  "interval: %ds}\n"
                  "alerts:\n  global: {open_after: 2, close_after: 2}\n"
                  "  regional: {open_after: 2, close_after: 2}\n",
                  (int)(t->t_ms / 1000)),
        err);
    if (json_array_size(windows) > 0)
        assert_ok(buf_printf(&yaml, &err, "maintenance:\n"), err);
    json_array_foreach(windows, i, item)
    {
        char from[TEXT_MOMENT_BYTES];
        char to[TEXT_MOMENT_BYTES];

        text_put_moment(seconds(json_object_get(item, "from")), from);
        text_put_moment(seconds(json_object_get(item, "to")), to);
        assert_ok(buf_printf(&yaml, &err,
                      "  - {checks: [v/*], from: %s, to: %s, reason: work}\n",
                      from, to),
            err);
    }
    judge_world_configure(
        &t->world, buf_text(&yaml, &err), base_unix_ms + 1000000000);
    buf_free(&yaml);
}

static enum measure_status
status_of(const char *letter)
{
    static const char letters[] = "USDE";

    return (enum measure_status)(strchr(letters, letter[0]) - letters);
}

static int
ignore_news(void *ctx, struct store_txn *txn, enum incident_news news,
    const struct incident_row *row, bool fresh, struct err *err)
{
    (void)ctx;
    (void)txn;
    (void)news;
    (void)fresh;
    (void)err;
    assert_true(row->imported);
    return 0;
}

/* The slot of an attempt is that of the attempt before it. */
static void
add_samples(struct telling *t, struct watch *watch, bool backwards)
{
    const json_t *samples = json_object_get(t->vector, "samples");
    size_t count = json_array_size(samples);
    struct store_txn *txn;
    struct err err;

    txn = store_begin_write(t->world.store, &err);
    assert_made(txn, err);
    for (size_t k = 0; k < count; k++) {
        const json_t *sample =
            json_array_get(samples, backwards ? count - 1 - k : k);
        char region[32];
        struct world_result said = {
            .check = check_name,
            .region = region,
            .agent = json_string_value(json_object_get(sample, "agent")),
            .ts_unix_ms = seconds(json_object_get(sample, "ts")),
            .attempt =
                (uint8_t)json_integer_value(json_object_get(sample, "attempt")),
            .family = FAMILY_V4,
            .status =
                status_of(json_string_value(json_object_get(sample, "st"))),
            .isolated = json_is_true(json_object_get(sample, "isolated")),
        };
        struct raw_result result;

        lower(json_string_value(json_object_get(sample, "region")), region,
            sizeof(region));
        said.slot_unix_ms = said.ts_unix_ms - said.ts_unix_ms % t->t_ms;
        result = judge_world_result(&t->world, txn, &said);
        judge_world_add(&t->world, txn, &result, watch, true);
    }
    if (watch != NULL)
        judge_world_run(watch, txn, base_unix_ms + 86400000, ignore_news, NULL);
    assert_ok(store_commit(txn, &err), err);
}

static struct history_query
query_of(const struct telling *t)
{
    const json_t *config = json_object_get(t->vector, "config");

    return (struct history_query){
        .check = check_id_of(check_name),
        .from_unix_ms = seconds(json_object_get(config, "from")),
        .to_unix_ms = seconds(json_object_get(config, "to")),
        .now_unix_ms = base_unix_ms + 86400000,
    };
}

/* What the case expects of a scope: "global", or "A" for region a. */
static const json_t *
expected(const struct telling *t, const char *part, const char *scope)
{
    const json_t *of =
        json_object_get(json_object_get(t->vector, "expect"), part);
    char name[32];

    if (strcmp(scope, "global") == 0)
        return json_object_get(of, "global");
    (void)snprintf(name, sizeof(name), "%c", scope[0] - 32);
    return json_object_get(of, name);
}

static void
check_seconds(const struct telling *t, const json_t *expect, const char *scope,
    const struct uptime *u)
{
    const struct {
        const char *key;
        int64_t ms;
    } sums[] = {{"up_s", u->up_ms}, {"partial_s", u->partial_ms},
        {"down_s", u->down_ms}, {"unknown_s", u->unknown_ms},
        {"maint_s", u->maint_ms}};
    const struct {
        const char *key;
        struct uptime_ratio ratio;
    } ratios[] = {{"uptime", uptime_of(u)}, {"worst", uptime_worst(u)},
        {"best", uptime_best(u)}, {"coverage", uptime_coverage(u)}};

    for (size_t i = 0; i < 5; i++) {
        if (json_integer_value(json_object_get(expect, sums[i].key)) * 1000 !=
            sums[i].ms)
            fail_msg("%s %s: %s is %lld ms", t->name, scope, sums[i].key,
                (long long)sums[i].ms);
    }
    for (size_t i = 0; i < 4; i++) {
        double got =
            (double)ratios[i].ratio.part / (double)ratios[i].ratio.whole;
        double want = json_number_value(json_object_get(expect, ratios[i].key));

        if (got > want || got < want)
            fail_msg("%s %s: %s is %.17g", t->name, scope, ratios[i].key, got);
    }
}

static void
check_scope(const struct telling *t, const struct history_scope *scope)
{
    struct history_query query = query_of(t);
    const struct uptime_window window = {query.from_unix_ms, query.to_unix_ms};
    const char *letters =
        json_string_value(expected(t, "verdicts", scope->name));
    const json_t *sums =
        strcmp(scope->name, "global") == 0
            ? json_object_get(json_object_get(t->vector, "expect"), "global")
            : expected(t, "regions", scope->name);
    struct uptime uptime = {0};
    char got[256];

    for (size_t i = 0; i < scope->count; i++) {
        got[i] = verdict_letter((enum verdict)scope->slots[i].verdict);
        uptime_add(&uptime, &window, scope->slots[i].start_unix_ms,
            scope->slots[i].end_unix_ms, (enum verdict)scope->slots[i].verdict);
    }
    got[scope->count] = '\0';
    if (strcmp(got, letters) != 0)
        fail_msg("%s %s: \"%s\", expected \"%s\"", t->name, scope->name, got,
            letters);
    check_seconds(t, sums, scope->name, &uptime);
}

static void
check_target(const struct telling *t, const struct history_scope *whole)
{
    const json_t *target =
        json_object_get(json_object_get(t->vector, "config"), "sla");
    const char *expect = json_string_value(
        json_object_get(json_object_get(t->vector, "expect"), "sla"));
    struct history_query query = query_of(t);
    const struct uptime_window window = {query.from_unix_ms, query.to_unix_ms};
    struct uptime uptime = {0};

    if (expect == NULL)
        return;
    for (size_t i = 0; i < whole->count; i++)
        uptime_add(&uptime, &window, whole->slots[i].start_unix_ms,
            whole->slots[i].end_unix_ms, (enum verdict)whole->slots[i].verdict);
    assert_string_equal(
        uptime_sla_name(uptime_sla(
            &uptime, (int64_t)(json_number_value(target) * 1000000 + 0.5))),
        expect);
}

struct seen {
    const struct telling *t;
    size_t count[8]; /* by scope: the whole, then a, b, c */
};

static int
check_incident(void *ctx, const struct incident_row *row, struct err *err)
{
    struct seen *seen = ctx;
    size_t at =
        strcmp(row->scope, "global") == 0 ? 0 : (size_t)(row->scope[0] - 96);
    const json_t *expect = json_array_get(
        expected(seen->t, "incidents", row->scope), seen->count[at]++);
    const json_t *end = json_object_get(expect, "end");

    (void)err;
    if (row->state == INCIDENT_WITHDRAWN)
        fail_msg("%s %s: withdrawn", seen->t->name, row->scope);
    if (expect == NULL ||
        row->start_unix_ms != seconds(json_object_get(expect, "start")) ||
        row->detected_unix_ms != seconds(json_object_get(expect, "detected")) ||
        row->end_unix_ms != (json_is_null(end) ? 0 : seconds(end)))
        fail_msg("%s %s: incident %lld-%lld-%lld", seen->t->name, row->scope,
            (long long)row->start_unix_ms - base_unix_ms,
            (long long)row->detected_unix_ms - base_unix_ms,
            (long long)row->end_unix_ms - base_unix_ms);
    return 0;
}

static void
check_incidents(const struct telling *t, struct store_txn *txn)
{
    struct history_query query = query_of(t);
    struct seen seen = {.t = t};
    struct err err;
    const char *key;
    json_t *list;

    assert_ok(history_incidents(
                  txn, t->world.conf, &query, check_incident, &seen, &err),
        err);
    json_object_foreach(
        json_object_get(json_object_get(t->vector, "expect"), "incidents"), key,
        list)
    {
        size_t at = strcmp(key, "global") == 0 ? 0 : (size_t)(key[0] - 64);

        if (seen.count[at] != json_array_size(list))
            fail_msg("%s %s: %zu incidents", t->name, key, seen.count[at]);
    }
}

static void
check_all(const struct telling *t)
{
    struct history_query query = query_of(t);
    struct history history;
    struct store_txn *txn;
    struct err err;

    txn = store_begin_read(t->world.store, &err);
    assert_made(txn, err);
    assert_ok(history_read(txn, t->world.conf, &query, &history, &err), err);
    for (size_t i = 0; i < history.count; i++)
        check_scope(t, &history.scopes[i]);
    check_target(t, &history.scopes[0]);
    history_free(&history);
    check_incidents(t, txn);
    store_abort(txn);
}

enum way { FROM_RAW, IMPORTED, IMPORTED_BACKWARDS };

static void
run_case(json_t *vector, enum way way)
{
    struct telling t = {.vector = vector,
        .name = json_string_value(json_object_get(vector, "name"))};
    struct watch *watch = NULL;
    void *state = NULL;
    struct err err;

    assert_int_equal(tmp_store_setup(&state), 0);
    judge_world_init(&t.world, ((struct tmp_store *)state)->store);
    t.t_ms = json_integer_value(
                 json_object_get(json_object_get(vector, "config"), "T")) *
             1000;
    configure(&t);
    if (way != FROM_RAW) {
        struct store_txn *txn = store_begin_write(t.world.store, &err);

        assert_made(txn, err);
        watch = watch_new(txn, t.world.conf, base_unix_ms + 86400000, &err);
        assert_made(watch, err);
        assert_ok(store_commit(txn, &err), err);
    }
    add_samples(&t, watch, way == IMPORTED_BACKWARDS);
    check_all(&t);
    watch_free(watch);
    judge_world_free(&t.world);
    assert_int_equal(tmp_store_teardown(&state), 0);
}

static void
run_cases(enum way way)
{
    json_error_t problem;
    json_t *vectors = json_load_file(VECTORS_FILE, 0, &problem);
    json_t *vector;
    size_t i;

    if (vectors == NULL)
        fail_msg("%s: %s", VECTORS_FILE, problem.text);
    assert_true(json_array_size(vectors) >= 12);
    json_array_foreach(vectors, i, vector) run_case(vector, way);
    json_decref(vectors);
}

static void
the_cases_hold_from_raw_alone(void **state)
{
    (void)state;
    run_cases(FROM_RAW);
}

static void
the_cases_hold_after_an_import(void **state)
{
    (void)state;
    run_cases(IMPORTED);
}

static void
the_cases_hold_after_an_import_backwards(void **state)
{
    (void)state;
    run_cases(IMPORTED_BACKWARDS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cases_hold_from_raw_alone),
        cmocka_unit_test(the_cases_hold_after_an_import),
        cmocka_unit_test(the_cases_hold_after_an_import_backwards),
    };

    return cmocka_run_group_tests_name("judge_vectors", tests, NULL, NULL);
}
