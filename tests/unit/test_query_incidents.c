#include "incidents.h"

#include <string.h>

#include "cm.h"
#include "judge_world.h"
#include "tmp_store.h"

/* 2026-02-01T00:00:00Z */
static const int64_t base_unix_ms = INT64_C(1769904000000);

static const char yaml[] =
    "regions: [eu, us, ap]\n"
    "sites:\n"
    "  - name: acme\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: \"https://acme.example/\", "
    "interval: 60s, timeout: 10s}\n"
    "alerts:\n"
    "  regional: {open_after: 2, close_after: 2}\n";

struct fixture {
    void *tmp;
    struct judge_world world;
    struct watch *watch;
};

/* eu is down for three slots, then up; us from slot 5 on. */
static void
live_through(struct fixture *f)
{
    static const char *const regions[] = {"eu", "us", "ap"};
    static const char *const letters[] = {
        "UDDDUUUUUU", "UUUUUDDDDD", "UUUUUUUUUU"};
    struct store_txn *txn;
    struct err err;

    txn = store_begin_write(f->world.store, &err);
    assert_made(txn, err);
    f->watch = watch_new(txn, f->world.conf, base_unix_ms + 3600000, &err);
    assert_made(f->watch, err);
    for (size_t r = 0; r < 3; r++) {
        for (int64_t i = 0; letters[r][i] != '\0'; i++) {
            bool up = letters[r][i] == 'U';
            struct world_result said = {.check = "acme/home",
                .region = regions[r],
                .agent = regions[r],
                .slot_unix_ms = base_unix_ms + i * 60000,
                .ts_unix_ms = base_unix_ms + i * 60000 + 3000,
                .status = up ? MEASURE_UP : MEASURE_DOWN};

            for (; said.attempt < (up ? 1 : 2); said.attempt++) {
                struct raw_result result =
                    judge_world_result(&f->world, txn, &said);

                judge_world_add(&f->world, txn, &result, f->watch, true);
                said.ts_unix_ms += 5000;
            }
        }
    }
    judge_world_run(f->watch, txn, base_unix_ms + 3600000, NULL, NULL);
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
    live_through(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    watch_free(f->watch);
    judge_world_free(&f->world);
    assert_int_equal(tmp_store_teardown(&f->tmp), 0);
    free(f);
    return 0;
}

static json_t *
ask(struct fixture *f, bool only_open, int *exit_code)
{
    const struct incidents_spec spec = {.from_unix_ms = base_unix_ms,
        .to_unix_ms = base_unix_ms + 3600000,
        .now_unix_ms = base_unix_ms + 3600000,
        .only_open = only_open};
    struct store_txn *txn;
    json_t *answer;
    struct err err;

    txn = store_begin_read(f->world.store, &err);
    assert_made(txn, err);
    assert_ok(
        incidents_answer(txn, f->world.conf, &spec, &answer, exit_code, &err),
        err);
    store_abort(txn);
    return answer;
}

static const char *
text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void
incidents_are_listed_newest_first(void **state)
{
    struct fixture *f = *state;
    const json_t *list;
    const json_t *one;
    json_t *answer;
    int exit_code;

    answer = ask(f, false, &exit_code);
    list = json_object_get(answer, "incidents");
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(exit_code, 0);
    one = json_array_get(list, 0);
    assert_string_equal(text(one, "scope"), "us");
    assert_string_equal(text(one, "check"), "acme/home");
    assert_string_equal(text(one, "state"), "open");
    assert_true(json_is_null(json_object_get(one, "end")));
    one = json_array_get(list, 1);
    assert_string_equal(text(one, "scope"), "eu");
    assert_string_equal(text(one, "class"), "REGIONAL");
    assert_string_equal(text(one, "severity"), "notify");
    assert_string_equal(text(one, "state"), "closed");
    assert_string_equal(text(one, "start"), "2026-02-01T00:01:00.000Z");
    assert_string_equal(text(one, "end"), "2026-02-01T00:04:00.000Z");
    assert_string_equal(text(one, "noticed"), "2026-02-01T01:00:00.000Z");
    assert_string_equal(text(one, "reason"), "http_status");
    assert_true(json_is_true(json_object_get(one, "late")));
    json_decref(answer);
}

static void
an_open_incident_is_a_bad_answer(void **state)
{
    struct fixture *f = *state;
    json_t *answer;
    int exit_code;

    answer = ask(f, true, &exit_code);
    assert_int_equal(json_array_size(json_object_get(answer, "incidents")), 1);
    assert_int_equal(exit_code, 1);
    json_decref(answer);
}

static void
one_is_shown_with_the_results_of_its_first_slot(void **state)
{
    struct fixture *f = *state;
    const json_t *results;
    char prefix[16] = "INC-";
    struct store_txn *txn;
    json_t *answer;
    json_t *shown;
    int exit_code;
    struct err err;

    answer = ask(f, true, &exit_code);
    (void)strncat(prefix,
        text(json_array_get(json_object_get(answer, "incidents"), 0), "id"), 6);
    txn = store_begin_read(f->world.store, &err);
    assert_made(txn, err);
    assert_ok(incidents_show(txn, f->world.conf, prefix, base_unix_ms + 3600000,
                  &shown, &err),
        err);
    assert_string_equal(text(shown, "scope"), "us");
    results = json_object_get(json_object_get(shown, "evidence"), "results");
    assert_int_equal(json_array_size(results), 2);
    assert_string_equal(text(json_array_get(results, 1), "status"), "down");
    assert_string_equal(text(json_array_get(results, 1), "agent"), "us");
    assert_int_equal(incidents_show(txn, f->world.conf, "INC-ZZZZZZZZ",
                         base_unix_ms, &shown, &err),
        -1);
    assert_int_equal(err.code, ERR_PARSE);
    json_decref(shown);
    json_decref(answer);
    store_abort(txn);
}

int
main(void)
{
#define with_store(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        with_store(incidents_are_listed_newest_first),
        with_store(an_open_incident_is_a_bad_answer),
        with_store(one_is_shown_with_the_results_of_its_first_slot),
    };

    return cmocka_run_group_tests_name("query_incidents", tests, NULL, NULL);
}
