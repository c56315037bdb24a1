#include "sla.h"

#include <string.h>

#include "cm.h"
#include "judge_world.h"
#include "tmp_store.h"

/* 2026-02-01T00:00:00Z */
static const int64_t base_unix_ms = INT64_C(1769904000000);

static const char yaml[] =
    "regions: [eu, us]\n"
    "sla: {target: 90}\n"
    "sites:\n"
    "  - name: acme\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: \"https://acme.example/\", "
    "interval: 60s, timeout: 10s}\n"
    "      - {name: other, kind: http, url: \"https://acme.example/b\", "
    "interval: 60s, timeout: 10s, target: 99.95}\n"
    "alerts:\n"
    "  global: {open_after: 1, close_after: 2}\n"
    "  regional: {open_after: 2, close_after: 2}\n";

struct fixture {
    void *tmp;
    struct judge_world world;
};

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

/* A letter a slot of one minute: U, D (confirmed at once), '.' nothing. */
static void
add_slots(struct fixture *f, const char *region, const char *letters)
{
    struct store_txn *txn;
    struct err err;

    txn = store_begin_write(f->world.store, &err);
    assert_made(txn, err);
    for (size_t i = 0; letters[i] != '\0'; i++) {
        struct world_result said = {.check = "acme/home",
            .region = region,
            .agent = region,
            .slot_unix_ms = base_unix_ms + (int64_t)i * 60000,
            .status = letters[i] == 'U' ? MEASURE_UP : MEASURE_DOWN};

        said.ts_unix_ms = said.slot_unix_ms + 7000;
        for (; letters[i] != '.' && said.attempt < 2; said.attempt++) {
            struct raw_result result =
                judge_world_result(&f->world, txn, &said);

            judge_world_add(&f->world, txn, &result, NULL, false);
            said.ts_unix_ms += 5000;
            if (said.status == MEASURE_UP)
                break;
        }
    }
    assert_ok(store_commit(txn, &err), err);
}

static json_t *
ask(struct fixture *f, const char *check, const struct sla_spec *spec,
    int *exit_code)
{
    struct store_txn *txn;
    json_t *answer;
    struct err err;

    txn = store_begin_read(f->world.store, &err);
    assert_made(txn, err);
    assert_ok(
        sla_answer(txn, f->world.conf, check, spec, &answer, exit_code, &err),
        err);
    store_abort(txn);
    return answer;
}

static const char *
text(const json_t *answer, const char *key)
{
    return json_string_value(json_object_get(answer, key));
}

static void
assert_number(const json_t *object, const char *key, double expect)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_number(value) || json_number_value(value) < expect - 1e-12 ||
        json_number_value(value) > expect + 1e-12)
        fail_msg("%s is %s", key,
            value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : "absent");
}

static struct sla_spec
ten_minutes(void)
{
    return (struct sla_spec){.from_unix_ms = base_unix_ms,
        .to_unix_ms = base_unix_ms + 600000,
        .now_unix_ms = base_unix_ms + 3600000,
        .target_millionths = SLA_OWN_TARGET,
        .verdicts = true};
}

static void
the_answer_has_the_contracts_shape(void **state)
{
    struct fixture *f = *state;
    const struct sla_spec spec = ten_minutes();
    const json_t *global;
    const json_t *incident;
    json_t *answer;
    int exit_code;

    add_slots(f, "eu", "UUUDDUUUU.");
    add_slots(f, "us", "UUUDDUDUU.");
    answer = ask(f, "acme/home", &spec, &exit_code);
    global = json_object_get(answer, "global");
    assert_string_equal(text(answer, "check"), "acme/home");
    assert_string_equal(text(answer, "from"), "2026-02-01T00:00:00.000Z");
    assert_string_equal(text(answer, "to"), "2026-02-01T00:10:00.000Z");
    assert_number(answer, "target", 0.9);
    assert_string_equal(text(answer, "verdict"), "BREACHED");
    assert_int_equal(exit_code, 1);
    assert_number(global, "up_s", 360);
    assert_number(global, "partial_s", 60);
    assert_number(global, "down_s", 120);
    assert_number(global, "unknown_s", 60);
    assert_number(global, "uptime", 420.0 / 540);
    assert_number(global, "worst", 0.7);
    assert_number(global, "best", 0.8);
    assert_number(global, "coverage", 0.9);
    assert_number(global, "budget_s", 60);
    assert_number(global, "budget_used_s", 120);
    assert_number(global, "budget_left_s", -60);
    assert_number(global, "mttr_s", 120);
    assert_true(json_is_null(json_object_get(global, "mttd_s")));
    assert_true(json_is_null(json_object_get(answer, "form")));
    assert_number(answer, "slot_s", 60);
    assert_string_equal(text(answer, "first_slot"), "2026-02-01T00:00:00.000Z");
    assert_string_equal(
        text(json_object_get(answer, "verdicts"), "global"), "UUUDDUPUU?");
    assert_string_equal(
        text(json_object_get(answer, "verdicts"), "us"), "UUUDDUDUU?");
    incident = json_array_get(
        json_object_get(json_object_get(answer, "incidents"), "global"), 0);
    assert_int_equal(strlen(text(incident, "id")), 8);
    assert_string_equal(text(incident, "start"), "2026-02-01T00:03:00.000Z");
    assert_string_equal(text(incident, "detected"), "2026-02-01T00:04:00.000Z");
    assert_string_equal(text(incident, "end"), "2026-02-01T00:05:00.000Z");
    json_decref(answer);
}

static void
a_running_span_ends_at_the_last_judged_slot(void **state)
{
    struct fixture *f = *state;
    struct sla_spec spec = ten_minutes();
    json_t *answer;
    int exit_code;

    add_slots(f, "eu", "UUUUU");
    add_slots(f, "us", "UUUUU");
    spec.to_unix_ms = base_unix_ms + INT64_C(28) * 86400000;
    /* The fourth slot is over, but its deadline is 28 s later. */
    spec.now_unix_ms = base_unix_ms + 240000 + 27999;
    answer = ask(f, "acme/home", &spec, &exit_code);
    assert_string_equal(text(answer, "to"), "2026-02-01T00:03:00.000Z");
    assert_true(json_is_true(json_object_get(answer, "running")));
    assert_number(json_object_get(answer, "global"), "up_s", 180);
    assert_string_equal(
        text(json_object_get(answer, "verdicts"), "eu"), "UUU..");
    json_decref(answer);
    spec.now_unix_ms++;
    answer = ask(f, "acme/home", &spec, &exit_code);
    assert_string_equal(text(answer, "to"), "2026-02-01T00:04:00.000Z");
    assert_int_equal(exit_code, 0);
    json_decref(answer);
}

static void
nothing_known_is_null_and_no_data(void **state)
{
    struct fixture *f = *state;
    struct sla_spec spec = ten_minutes();
    const json_t *global;
    json_t *answer;
    int exit_code;

    spec.from_unix_ms -= 86400000; /* the check was not there yet */
    spec.to_unix_ms = base_unix_ms;
    answer = ask(f, "acme/home", &spec, &exit_code);
    global = json_object_get(answer, "global");
    assert_string_equal(text(answer, "verdict"), "NO_DATA");
    assert_int_equal(exit_code, 0);
    assert_true(json_is_null(json_object_get(global, "uptime")));
    assert_true(json_is_null(json_object_get(global, "worst")));
    assert_true(json_is_null(json_object_get(global, "budget_s")));
    assert_number(global, "up_s", 0);
    assert_true(json_is_null(json_object_get(answer, "first_slot")));
    assert_int_equal(json_object_size(json_object_get(answer, "regions")), 2);
    json_decref(answer);
    spec = ten_minutes(); /* it was, but nobody looked */
    answer = ask(f, "acme/home", &spec, &exit_code);
    global = json_object_get(answer, "global");
    assert_string_equal(text(answer, "verdict"), "INDETERMINATE");
    assert_true(json_is_null(json_object_get(global, "uptime")));
    assert_number(global, "worst", 0);
    assert_number(global, "best", 1);
    assert_number(global, "unknown_s", 600);
    json_decref(answer);
}

static void
targets_come_from_the_question_the_check_or_the_file(void **state)
{
    struct fixture *f = *state;
    struct sla_spec spec = ten_minutes();
    json_t *answer;
    int exit_code;

    add_slots(f, "eu", "UUUDUUUUUU");
    add_slots(f, "us", "UUUDUUUUUU");
    answer = ask(f, "acme/home", &spec, &exit_code);
    assert_string_equal(text(answer, "verdict"), "MET");
    json_decref(answer);
    spec.target_millionths = 900001;
    answer = ask(f, "acme/home", &spec, &exit_code);
    assert_string_equal(text(answer, "verdict"), "BREACHED");
    assert_number(answer, "target", 0.900001);
    json_decref(answer);
    spec.target_millionths = SLA_OWN_TARGET;
    answer = ask(f, NULL, &spec, &exit_code);
    assert_int_equal(json_array_size(json_object_get(answer, "checks")), 2);
    assert_number(
        json_array_get(json_object_get(answer, "checks"), 1), "target", 0.9995);
    json_decref(answer);
}

static void
an_unknown_check_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct sla_spec spec = ten_minutes();
    struct store_txn *txn;
    json_t *answer;
    int exit_code;
    struct err err;

    txn = store_begin_read(f->world.store, &err);
    assert_made(txn, err);
    assert_int_equal(sla_answer(txn, f->world.conf, "acme/hme", &spec, &answer,
                         &exit_code, &err),
        -1);
    assert_int_equal(err.code, ERR_PARSE);
    assert_non_null(strstr(err.msg, "acme/hme"));
    store_abort(txn);
}

int
main(void)
{
#define with_store(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        with_store(the_answer_has_the_contracts_shape),
        with_store(a_running_span_ends_at_the_last_judged_slot),
        with_store(nothing_known_is_null_and_no_data),
        with_store(targets_come_from_the_question_the_check_or_the_file),
        with_store(an_unknown_check_is_refused),
    };

    return cmocka_run_group_tests_name("sla", tests, NULL, NULL);
}
