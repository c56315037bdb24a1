#include "status.h"

#include <string.h>

#include "cm.h"
#include "judge_world.h"
#include "tmp_store.h"

/* 2026-02-01T00:00:00Z */
static const int64_t base_unix_ms = INT64_C(1769904000000);

enum { HOUR_MS = 3600000, SLOTS = 100 };

static const char yaml[] =
    "regions: [eu, us]\n"
    "sites:\n"
    "  - name: acme\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: \"https://acme.example/\", "
    "interval: 1h, timeout: 10s}\n"
    "      - {name: idle, kind: http, url: \"https://acme.example/b\", "
    "interval: 1h, timeout: 10s, paused: true}\n";

struct fixture {
    void *tmp;
    struct judge_world world;
};

/* The first two hours are down in both regions, the others up. */
static void
live_through(struct fixture *f)
{
    static const char *const regions[] = {"eu", "us"};
    struct store_txn *txn;
    struct err err;

    txn = store_begin_write(f->world.store, &err);
    assert_made(txn, err);
    for (int64_t i = 0; i < 2 * SLOTS; i++) {
        struct world_result said = {.check = "acme/home",
            .region = regions[i % 2],
            .agent = regions[i % 2],
            .slot_unix_ms = base_unix_ms + i / 2 * HOUR_MS,
            .ts_unix_ms = base_unix_ms + i / 2 * HOUR_MS + 7000,
            .status = i < 4 ? MEASURE_DOWN : MEASURE_UP};
        struct raw_result result = judge_world_result(&f->world, txn, &said);

        result.measure.phase_us[PHASE_TOTAL] = 5000 + i;
        judge_world_add(&f->world, txn, &result, NULL, false);
    }
    assert_ok(store_commit(txn, &err), err);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL || tmp_store_setup(&f->tmp) != 0)
        return -1;
    judge_world_init(&f->world, ((struct tmp_store *)f->tmp)->store);
    judge_world_configure(&f->world, yaml, base_unix_ms);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    judge_world_free(&f->world);
    assert_int_equal(tmp_store_teardown(&f->tmp), 0);
    free(f);
    return 0;
}

static json_t *
ask(struct fixture *f, int64_t now_unix_ms, const char *site, struct err *err)
{
    struct query_env env = {.conf = f->world.conf,
        .now_unix_ms = now_unix_ms,
        .store_used_ratio = 0.25};
    json_t *answer;

    env.txn = store_begin_read(f->world.store, err);
    assert_made(env.txn, *err);
    answer = status_query(&env, &(struct status_spec){.site = site}, err);
    store_abort(env.txn);
    return answer;
}

static const json_t *
check_of(const json_t *answer, size_t at)
{
    return json_array_get(json_object_get(answer, "checks"), at);
}

static const char *
text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void
a_state_is_followed_back_over_days_to_its_beginning(void **state)
{
    struct fixture *f = *state;
    int64_t now_unix_ms = base_unix_ms + SLOTS * INT64_C(3600000) + 60000;
    const json_t *home;
    const json_t *eu;
    json_t *answer;
    struct err err;

    live_through(f);
    answer = ask(f, now_unix_ms, NULL, &err);
    assert_made(answer, err);
    home = check_of(answer, 0);
    eu = json_object_get(json_object_get(home, "regions"), "eu");
    assert_string_equal(text(home, "check"), "acme/home");
    assert_string_equal(text(home, "kind"), "http");
    assert_string_equal(text(home, "state"), "up");
    assert_string_equal(text(home, "since"), "2026-02-01T02:00:00.000Z");
    assert_string_equal(text(eu, "state"), "up");
    assert_string_equal(text(eu, "last_at"), "2026-02-05T03:00:07.000Z");
    assert_int_equal(json_integer_value(json_object_get(eu, "last_us")), 5198);
    assert_true(json_is_null(json_object_get(home, "incident")));
    assert_true(json_is_null(
        json_object_get(json_object_get(answer, "config"), "refused")));
    json_decref(answer);
}

/* Three days of silence, and more than anybody wants to know. */
static void
the_last_result_is_told_with_its_moment_for_a_week(void **state)
{
    struct fixture *f = *state;
    int64_t last_unix_ms = base_unix_ms + (SLOTS - 1) * INT64_C(3600000);

    live_through(f);
    for (int days = 3; days <= 9; days += 6) {
        struct err err;
        json_t *answer =
            ask(f, last_unix_ms + days * INT64_C(86400000), NULL, &err);
        const json_t *us;

        assert_made(answer, err);
        us = json_object_get(
            json_object_get(check_of(answer, 0), "regions"), "us");
        assert_string_equal(text(us, "state"), "unknown");
        if (days == 3)
            assert_string_equal(
                text(us, "last_at"), "2026-02-05T03:00:07.000Z");
        else
            assert_true(json_is_null(json_object_get(us, "last_at")));
        json_decref(answer);
    }
}

static void
a_short_state_begins_where_it_does(void **state)
{
    struct fixture *f = *state;
    const json_t *home;
    json_t *answer;
    struct err err;

    live_through(f);
    answer = ask(f, base_unix_ms + 2 * HOUR_MS + 60000, "acme", &err);
    assert_made(answer, err);
    home = check_of(answer, 0);
    assert_string_equal(text(home, "state"), "down");
    assert_string_equal(text(home, "since"), "2026-02-01T00:00:00.000Z");
    assert_true(json_is_string(json_object_get(home, "incident")));
    assert_true(json_is_null(json_object_get(home, "p95_24h_us")));
    assert_string_equal(text(check_of(answer, 1), "state"), "paused");
    json_decref(answer);
}

static void
a_site_that_is_not_configured_is_refused(void **state)
{
    struct err err;

    assert_null(ask(*state, base_unix_ms, "nope", &err));
    assert_int_equal(err.code, ERR_PARSE);
    assert_non_null(strstr(err.msg, "nope"));
}

#define with_store(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(a_state_is_followed_back_over_days_to_its_beginning),
        with_store(the_last_result_is_told_with_its_moment_for_a_week),
        with_store(a_short_state_begins_where_it_does),
        with_store(a_site_that_is_not_configured_is_refused),
    };

    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
