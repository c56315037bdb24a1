/* When the collector itself was away. */
#include "blind.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "judge_world.h"
#include "query.h"
#include "stale.h"
#include "tmp_store.h"

static const int64_t base_unix_ms = INT64_C(1764000000000);

enum { MINUTE_MS = 60000 };

static struct store *
store_of(void **state)
{
    return ((struct tmp_store *)*state)->store;
}

/* The judge ran at that moment. */
static void
run_at(void **state, int64_t minute)
{
    struct err err;
    struct store_txn *txn = store_begin_write(store_of(state), &err);

    assert_made(txn, err);
    assert_ok(stale_note_put(txn, STALE_LAST_RUN,
                  (uint64_t)(base_unix_ms + minute * MINUTE_MS), &err),
        err);
    assert_ok(store_commit(txn, &err), err);
}

static void
start_at(void **state, int64_t minute)
{
    struct err err;

    assert_ok(
        blind_start(store_of(state), base_unix_ms + minute * MINUTE_MS, &err),
        err);
}

static int
add(void *ctx, const struct blind_span *span, struct err *err)
{
    char *out = ctx;

    (void)err;
    (void)snprintf(out + strlen(out), 100, "%d-%d ",
        (int)((span->from_unix_ms - base_unix_ms) / MINUTE_MS),
        (int)((span->to_unix_ms - base_unix_ms) / MINUTE_MS));
    return 0;
}

static const char *
between(void **state, int64_t from, int64_t to)
{
    static char spans[1000];
    struct err err;
    struct store_txn *txn = store_begin_read(store_of(state), &err);

    assert_made(txn, err);
    spans[0] = '\0';
    assert_ok(blind_each(txn, base_unix_ms + from * MINUTE_MS,
                  base_unix_ms + to * MINUTE_MS, add, spans, &err),
        err);
    store_abort(txn);
    return spans;
}

static void
what_was_never_started_was_not_away(void **state)
{
    start_at(state, 0);
    assert_string_equal(between(state, -1000, 1000), "");
}

static void
an_import_before_the_first_start_is_no_absence(void **state)
{
    run_at(state, 0);
    start_at(state, 500);
    assert_string_equal(between(state, -1000, 1000), "");
}

static void
an_absence_lasts_from_the_last_run_to_the_next_start(void **state)
{
    start_at(state, 0);
    run_at(state, 10);
    start_at(state, 10); /* at once */
    run_at(state, 20);
    start_at(state, 45);
    run_at(state, 60);
    start_at(state, 90);
    assert_string_equal(between(state, 0, 1000), "20-45 60-90 ");
    assert_string_equal(between(state, 30, 60), "20-45 ");
    assert_string_equal(between(state, 45, 61), "60-90 ");
    assert_string_equal(between(state, 45, 60), "");
}

static json_t *
ask(struct judge_world *world, const char *from, const char *to)
{
    struct err err;
    struct store_txn *txn = store_begin_read(world->store, &err);
    const struct query_env env = {.txn = txn,
        .conf = world->conf,
        .now_unix_ms = base_unix_ms + INT64_C(86400000)};
    json_t *args =
        json_pack("{s:s, s:s, s:s}", "check", "v/c", "from", from, "to", to);
    json_t *answer;
    int exit_code;

    assert_made(txn, err);
    assert_ok(query_run(&env, "sla", args, &answer, &exit_code, &err), err);
    json_decref(args);
    store_abort(txn);
    return answer;
}

/* 1764000000 is 2025-11-24 16:00. */
static void
reports_say_when_the_collector_was_away(void **state)
{
    struct judge_world world;
    const json_t *span;
    json_t *answer;

    judge_world_init(&world, store_of(state));
    judge_world_configure(&world,
        "regions: [eu]\nsites:\n  - name: v\n    derive: false\n    checks:\n"
        "      - {name: c, kind: http, url: \"https://v.example/\"}\n",
        base_unix_ms);
    start_at(state, 0);
    run_at(state, 20);
    start_at(state, 45);
    answer = ask(&world, "2025-11-24T16:00:00Z", "2025-11-24T16:30:00Z");
    span = json_array_get(json_object_get(answer, "blind"), 0);
    assert_string_equal(json_string_value(json_object_get(span, "from")),
        "2025-11-24T16:20:00.000Z");
    assert_string_equal(json_string_value(json_object_get(span, "to")),
        "2025-11-24T16:45:00.000Z");
    json_decref(answer);
    answer = ask(&world, "2025-11-24T16:45:00Z", "2025-11-24T17:00:00Z");
    assert_null(json_object_get(answer, "blind"));
    json_decref(answer);
    judge_world_free(&world);
}

#define with_store(test)                                                       \
    cmocka_unit_test_setup_teardown(test, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(what_was_never_started_was_not_away),
        with_store(an_import_before_the_first_start_is_no_absence),
        with_store(an_absence_lasts_from_the_last_run_to_the_next_start),
        with_store(reports_say_when_the_collector_was_away),
    };

    return cmocka_run_group_tests_name("blind", tests, NULL, NULL);
}
