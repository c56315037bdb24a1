#include "retention.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "judge_world.h"
#include "ladder.h"
#include "p95_json.h"
#include "row.h"
#include "sla.h"
#include "tmp_store.h"

/* 2026-02-01T00:00:00Z */
static const int64_t base_unix_ms = INT64_C(1769904000000);

enum { DAYS = 60, SLOT_MS = 1800000, SLOTS = DAYS * 48, HOUR_MS = 3600000 };

static const char yaml[] =
    "regions: [eu, us]\n"
    "sla: {target: 99}\n"
    "sites:\n"
    "  - name: acme\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: \"https://acme.example/\", "
    "interval: 30m, timeout: 10s}\n"
    "maintenance:\n"
    "  - {checks: [acme/home], regions: [eu], from: 2026-02-20T05:00:30Z,"
    " to: 2026-02-20T11:00:00Z, reason: move}\n"
    "alerts:\n"
    "  global: {open_after: 1, close_after: 2}\n"
    "  regional: {open_after: 2, close_after: 2}\n";

struct fixture {
    void *tmp;
    struct judge_world world;
    struct store_txn *txn;
    struct ladder *ladder;
    struct watch *watch;
    int64_t now_unix_ms;
    struct retention retention;
    struct retention_now clocks;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err;

    if (f == NULL || tmp_store_setup_sized(&f->tmp, 256 << 20) != 0)
        return -1;
    judge_world_init(&f->world, ((struct tmp_store *)f->tmp)->store);
    judge_world_configure(&f->world, yaml, base_unix_ms);
    f->ladder = ladder_new(&err);
    f->txn = store_begin_write(f->world.store, &err);
    f->now_unix_ms = base_unix_ms;
    f->watch = watch_new(f->txn, f->world.conf, f->now_unix_ms, &err);
    assert_made(f->watch, err);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    watch_free(f->watch);
    ladder_free(f->ladder);
    store_abort(f->txn);
    judge_world_free(&f->world);
    assert_int_equal(tmp_store_teardown(&f->tmp), 0);
    free(f);
    return 0;
}

static void
add(struct fixture *f, const char *region, int slot, enum measure_status status)
{
    struct world_result said = {.check = "acme/home",
        .region = region,
        .agent = region,
        .slot_unix_ms = base_unix_ms + (int64_t)slot * SLOT_MS,
        .status = status};
    struct err err;

    said.ts_unix_ms = said.slot_unix_ms + 7000;
    for (; said.attempt < 2; said.attempt++) {
        struct raw_result result = judge_world_result(&f->world, f->txn, &said);

        if (status != MEASURE_DOWN)
            result.measure.phase_us[PHASE_TOTAL] = 20000 + random() % 90000;
        judge_world_add(&f->world, f->txn, &result, f->watch, false);
        assert_ok(ladder_mark(f->ladder, f->txn, result.measure.check_id,
                      result.measure.slot_unix_ms, &err),
            err);
        said.ts_unix_ms += 5000;
        if (status != MEASURE_DOWN)
            break;
    }
}

/* Time goes on to `now`: what is over is judged and rolled up. */
static void
pass(struct fixture *f, int64_t now_unix_ms)
{
    f->now_unix_ms = now_unix_ms;
    judge_world_pass(&f->world, f->watch, f->ladder, f->txn, now_unix_ms);
}

/* Sixty days, with outages of a slot or some. */
static void
live_on(struct fixture *f)
{
    int bad = 0;

    srandom(5);
    for (int slot = 0; slot < SLOTS; slot++) {
        if (random() % 100 == 0)
            bad = 1 + (int)(random() % 4);
        for (int r = 0; r < 2; r++) {
            if (random() % 20 != 0)
                add(f, r == 0 ? "eu" : "us", slot,
                    bad > 0 && random() % 4 != 0 ? MEASURE_DOWN : MEASURE_UP);
        }
        bad -= bad > 0;
        if (slot % 8 == 7)
            pass(f, base_unix_ms + (int64_t)(slot + 1) * SLOT_MS + 1200000);
    }
    pass(f, base_unix_ms + (int64_t)SLOTS * SLOT_MS + HOUR_MS);
}

/* As the writer does, turn after turn. */
static size_t
forget_old(struct fixture *f)
{
    size_t in_all = 0;
    size_t deleted;
    bool again;
    struct err err;

    f->clocks.unix_ms = f->now_unix_ms;
    do {
        assert_ok(
            retention_run(&f->retention,
                &(struct retention_room){
                    .txn = f->txn, .conf = f->world.conf, .now = f->clocks},
                &deleted, &again, &err),
            err);
        assert_true(deleted < RETENTION_SLICE_ROWS + 8);
        in_all += deleted;
    } while (again);
    return in_all;
}

static void
note_date(struct fixture *f, int64_t unix_ms)
{
    int64_t now_unix_ms = f->now_unix_ms;

    f->now_unix_ms = unix_ms;
    (void)forget_old(f);
    f->now_unix_ms = now_unix_ms;
}

static char *
dump(json_t *answer)
{
    char *text = json_dumps(answer, JSON_SORT_KEYS);

    assert_non_null(text);
    json_decref(answer);
    return text;
}

static char *
ask_p95(struct fixture *f, int64_t from_unix_ms, int64_t to_unix_ms)
{
    const struct p95_spec spec = {.check = check_id_of("acme/home"),
        .from_unix_ms = from_unix_ms,
        .to_unix_ms = to_unix_ms,
        .phases = P95_PHASES_ALL,
        .by = P95_BY_REGION,
        .quantile_millionths = P95_QUANTILE_DEFAULT,
        .strict = true,
        .now_unix_ms = f->now_unix_ms};
    struct p95 p95;
    char *text;
    struct err err;

    assert_ok(p95_query(f->txn, f->world.conf, &spec, &p95, &err), err);
    text = dump(p95_to_json(&p95));
    p95_free(&p95);
    return text;
}

static char *
ask_uptime(
    struct fixture *f, int64_t from_unix_ms, int64_t to_unix_ms, bool verdicts)
{
    const struct sla_spec spec = {.from_unix_ms = from_unix_ms,
        .to_unix_ms = to_unix_ms,
        .now_unix_ms = f->now_unix_ms,
        .target_millionths = SLA_OWN_TARGET,
        .verdicts = verdicts};
    json_t *answer;
    int exit_code;
    struct err err;

    assert_ok(sla_answer(f->txn, f->world.conf, "acme/home", &spec, &answer,
                  &exit_code, &err),
        err);
    return dump(answer);
}

static char *
ask_sla(struct fixture *f, int64_t from_unix_ms, int64_t to_unix_ms)
{
    return ask_uptime(f, from_unix_ms, to_unix_ms, true);
}

enum { QUESTIONS = 60 };

struct answers {
    char *texts[QUESTIONS];
};

/* Spans of any length, their edges anywhere. */
static struct answers
ask_all(struct fixture *f)
{
    struct answers answers;

    srandom(17);
    for (int i = 0; i < QUESTIONS; i++) {
        int64_t from = base_unix_ms + random() % (DAYS * 24) * HOUR_MS +
                       random() % 60 * 60000;
        int64_t to =
            from + (1 + random() % (20 * 24)) * HOUR_MS + random() % 60 * 60000;

        answers.texts[i] =
            i % 2 == 0 ? ask_p95(f, from, to) : ask_sla(f, from, to);
    }
    return answers;
}

static void
assert_same_answers(struct answers *before, struct answers *after)
{
    for (int i = 0; i < QUESTIONS; i++) {
        assert_string_equal(before->texts[i], after->texts[i]);
        free(before->texts[i]);
        free(after->texts[i]);
    }
}

static int64_t
oldest(struct fixture *f, enum store_table table)
{
    struct bytes key;
    struct bytes value;
    struct err err;

    assert_int_equal(
        store_seek(f->txn, table, (struct bytes){.len = 0}, &key, &value, &err),
        1);
    return (int64_t)key_take_u32(key.data) * 1000;
}

static void
raw_goes_and_answers_stay(void **state)
{
    struct fixture *f = *state;
    struct answers before;
    struct answers after;

    live_on(f);
    before = ask_all(f);
    assert_int_equal(oldest(f, STORE_RAW), base_unix_ms);
    assert_true(forget_old(f) > 1500);
    assert_true(oldest(f, STORE_RAW) >=
                f->now_unix_ms - RETENTION_RAW_KEPT_MS - SLOT_MS);
    assert_int_equal(oldest(f, STORE_VERDICTS), base_unix_ms);
    assert_int_equal(oldest(f, STORE_HOUR), base_unix_ms);
    after = ask_all(f);
    assert_same_answers(&before, &after);
}

/* The oldest result that is still taken finds its whole hour. */
static void
a_result_of_35_days_ago_is_judged_with_all_of_its_hour(void **state)
{
    struct fixture *f = *state;
    int slot;
    char *texts[2][2];

    live_on(f);
    slot =
        (int)((f->now_unix_ms - RETENTION_RAW_MS - base_unix_ms) / SLOT_MS) + 1;
    assert_true(retention_takes(base_unix_ms + (int64_t)slot * SLOT_MS,
        base_unix_ms + (int64_t)slot * SLOT_MS, f->now_unix_ms));
    for (int kept = 1; kept >= 0; kept--) {
        add(f, kept == 1 ? "mars" : "venus", slot, MEASURE_UP);
        pass(f, f->now_unix_ms + 2000);
        texts[kept][0] = ask_p95(f, base_unix_ms, f->now_unix_ms);
        texts[kept][1] = ask_sla(f, base_unix_ms, base_unix_ms + DAYS * 80000);
        if (kept == 1)
            assert_true(forget_old(f) > 0);
    }
    /* p95 by region lists venus beside mars; uptime knows neither. */
    assert_string_equal(texts[0][1], texts[1][1]);
    assert_non_null(strstr(texts[1][0], "mars"));
    assert_non_null(strstr(texts[0][0], "venus"));
    for (int i = 0; i < 4; i++)
        free(texts[i / 2][i % 2]);
}

static void
an_hour_that_waits_for_the_ladder_or_the_judge_stays(void **state)
{
    struct fixture *f = *state;
    const struct cell_place hour = {.tier = CELL_HOUR,
        .start_unix_ms = base_unix_ms,
        .check = check_id_of("acme/home")};
    struct err err;

    add(f, "eu", 0, MEASURE_UP);
    f->now_unix_ms = base_unix_ms + 100 * RETENTION_DAY_MS;
    assert_int_equal(ladder_is_marked(f->txn, &hour, &err), 1);
    assert_int_equal(forget_old(f), 0);
    pass(f, f->now_unix_ms);
    assert_int_equal(ladder_is_marked(f->txn, &hour, &err), 0);
    assert_int_equal(forget_old(f), 1);
}

static void
forget_marks(struct fixture *f)
{
    struct bytes key;
    struct err err;

    while (store_seek(f->txn, STORE_DIRTY, (struct bytes){.len = 0}, &key, NULL,
               &err) == 1) {
        uint8_t copy[16];
        size_t len = key.len;

        assert_true(len <= sizeof(copy));
        memcpy(copy, key.data, len);
        assert_ok(store_delete(f->txn, STORE_DIRTY,
                      (struct bytes){.data = copy, .len = len}, &err),
            err);
    }
}

/* Many series wait, among them the first of all, and the last. */
static void
what_waits_does_not_keep_the_rest(void **state)
{
    enum { SERIES = 2000, WAITING = 1700 };
    struct fixture *f = *state;
    uint8_t key[12] = {0};
    const struct bytes bytes = {.data = key, .len = sizeof(key)};
    const struct bytes damaged = {.data = (const uint8_t *)"odd", .len = 3};
    struct bytes found;
    struct err err;

    assert_ok(store_put(f->txn, STORE_RAW, damaged, damaged, &err), err);
    key_put_u32(key, (uint32_t)(base_unix_ms / 1000));
    for (uint32_t check = 1; check <= SERIES; check++) {
        key_put_u32(key + 4, check == SERIES ? UINT32_MAX : check);
        assert_ok(store_put(f->txn, STORE_RAW, bytes, bytes, &err), err);
        if (check < WAITING || check == SERIES)
            assert_ok(
                ladder_mark(f->ladder, f->txn,
                    check == SERIES ? UINT32_MAX : check, base_unix_ms, &err),
                err);
    }
    key_put_u32(key, (uint32_t)(base_unix_ms / 1000) + 1800);
    assert_ok(store_put(f->txn, STORE_RAW, bytes, bytes, &err), err);
    key_put_u32(key + 4, 3000); /* nobody waits for it */
    assert_ok(store_put(f->txn, STORE_RAW, bytes, bytes, &err), err);
    f->now_unix_ms = base_unix_ms + 100 * RETENTION_DAY_MS;
    assert_int_equal(forget_old(f), SERIES - WAITING + 1);
    assert_int_equal(store_get(f->txn, STORE_RAW, bytes, &found, &err), 0);
    assert_int_equal(forget_old(f), 0);
    /* And their turn comes. */
    forget_marks(f);
    assert_int_equal(forget_old(f), WAITING - 1 + 2);
    assert_int_equal(store_get(f->txn, STORE_RAW, damaged, &found, &err), 1);
}

static void
each_table_has_its_time(void **state)
{
    static const struct {
        enum store_table table;
        int days;
    } cases[] = {{STORE_RAW, 37}, {STORE_EVIDENCE, 90}, {STORE_VERDICTS, 400},
        {STORE_HOUR, 400}, {STORE_DAY, 0}, {STORE_INCIDENTS, 0}};
    struct fixture *f = *state;
    uint8_t key[22] = {0};
    struct bytes found;
    struct err err;

    key_put_u32(key, (uint32_t)(base_unix_ms / 1000));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_ok(store_put(f->txn, cases[i].table,
                      (struct bytes){.data = key, .len = sizeof(key)},
                      (struct bytes){.data = key, .len = 1}, &err),
            err);
    for (int day = 0; day <= 402; day++) {
        f->now_unix_ms = base_unix_ms + HOUR_MS - 1 + day * RETENTION_DAY_MS;
        (void)forget_old(f);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            bool kept = cases[i].days == 0 || day <= cases[i].days;

            if (cases[i].table == STORE_RAW && day == cases[i].days)
                continue; /* its half hour was over half an hour ago */
            assert_int_equal(
                store_get(f->txn, cases[i].table,
                    (struct bytes){.data = key, .len = sizeof(key)}, &found,
                    &err),
                kept);
        }
        f->clocks.mono_ns += 24 * 3600 * NS_PER_SEC;
    }
}

static void
a_date_that_jumps_ahead_does_not_empty_the_store(void **state)
{
    struct fixture *f = *state;

    live_on(f);
    note_date(f, base_unix_ms + 30 * RETENTION_DAY_MS);
    f->clocks.mono_ns = 5 * NS_PER_SEC;
    f->now_unix_ms = base_unix_ms + 4000 * RETENTION_DAY_MS;
    assert_int_equal(forget_old(f), 0);
    /* Two hours on it has moved by two days: 32, and nothing is 37 days old. */
    for (int hour = 0; hour < 7; hour++) {
        f->clocks.mono_ns += 3600 * NS_PER_SEC;
        assert_int_equal(forget_old(f), 0);
    }
    f->clocks.mono_ns += 3600 * NS_PER_SEC;
    assert_in_range(forget_old(f), 60, 100); /* a day's half hours */
    /* And it goes back without harm. */
    f->now_unix_ms = base_unix_ms + DAYS * RETENTION_DAY_MS;
    f->clocks.mono_ns += 60 * NS_PER_SEC;
    assert_int_equal(forget_old(f), 0);
}

static void
old_incidents_outlive_their_verdicts(void **state)
{
    struct fixture *f = *state;
    char *before;
    char *after;
    const char *listed;
    size_t len;
    struct err err;

    for (int slot = 0; slot < 12; slot++) {
        add(f, "eu", slot, slot / 2 == 2 ? MEASURE_DOWN : MEASURE_UP);
        add(f, "us", slot, slot / 2 == 2 ? MEASURE_DOWN : MEASURE_UP);
    }
    pass(f, base_unix_ms + RETENTION_DAY_MS);
    before = ask_sla(f, base_unix_ms, base_unix_ms + RETENTION_DAY_MS);
    listed = strstr(before, "\"incidents\"");
    len = (size_t)(strstr(listed, "}]}}") - listed);
    assert_true(len > 300); /* of the whole, and of each region */
    f->now_unix_ms = base_unix_ms + 401 * RETENTION_DAY_MS;
    assert_true(forget_old(f) > 0);
    /* What moves its machines must not withdraw what they cannot see. */
    add(f, "eu", 400 * 48, MEASURE_UP);
    pass(f, base_unix_ms + 401 * RETENTION_DAY_MS);
    assert_ok(watch_set_history(
                  f->watch, f->txn, f->world.conf, f->now_unix_ms, &err),
        err);
    pass(f, f->now_unix_ms + 1000);
    after = ask_sla(f, base_unix_ms, base_unix_ms + RETENTION_DAY_MS);
    assert_memory_equal(strstr(after, "\"incidents\""), listed, len);
    free(before);
    free(after);
}

/* Spans within the days that were lived, their edges anywhere. */
static void
ask_uptimes(struct fixture *f, char *texts[QUESTIONS])
{
    srandom(23);
    for (int i = 0; i < QUESTIONS; i++) {
        int64_t from =
            base_unix_ms + random() % (40 * 24) * HOUR_MS + random() % HOUR_MS;
        int64_t to =
            from + (1 + random() % (18 * 24)) * HOUR_MS - random() % HOUR_MS;

        texts[i] = ask_uptime(f, from, to, false);
    }
}

static size_t
count_rows(struct fixture *f, enum store_table table)
{
    struct store_size size;
    struct err err;

    assert_ok(store_table_size(f->txn, table, &size, &err), err);
    return size.rows;
}

/* To the millisecond, by region, with maintenance, while rows go and after. */
static void
uptime_outlives_its_verdicts(void **state)
{
    static const int days[] = {405, 430, 458, 460, 800, 3000};
    struct fixture *f = *state;
    char *before[QUESTIONS];
    char *after[QUESTIONS];

    live_on(f);
    ask_uptimes(f, before);
    assert_non_null(strstr(before[0], "\"down_s\""));
    for (size_t d = 0; d < sizeof(days) / sizeof(days[0]); d++) {
        size_t verdicts = count_rows(f, STORE_VERDICTS);

        f->now_unix_ms = base_unix_ms + days[d] * RETENTION_DAY_MS;
        /* Retention's date must not be held back by how far we jump. */
        for (int day = 0; day < days[d]; day++) {
            f->clocks.mono_ns += 3600 * NS_PER_SEC;
            (void)forget_old(f);
        }
        assert_true(d > 3 || count_rows(f, STORE_VERDICTS) < verdicts);
        ask_uptimes(f, after);
        for (int i = 0; i < QUESTIONS; i++) {
            assert_string_equal(before[i], after[i]);
            free(after[i]);
        }
    }
    assert_int_equal(count_rows(f, STORE_VERDICTS), 0);
    /* The whole and two regions; a day is a few bytes. */
    assert_in_range(count_rows(f, STORE_PAST), 3 * DAYS, 3 * DAYS + 3);
    for (int i = 0; i < QUESTIONS; i++)
        free(before[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            raw_goes_and_answers_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_result_of_35_days_ago_is_judged_with_all_of_its_hour, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            an_hour_that_waits_for_the_ladder_or_the_judge_stays, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            what_waits_does_not_keep_the_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(
            each_table_has_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_date_that_jumps_ahead_does_not_empty_the_store, setup, teardown),
        cmocka_unit_test_setup_teardown(
            uptime_outlives_its_verdicts, setup, teardown),
        cmocka_unit_test_setup_teardown(
            old_incidents_outlive_their_verdicts, setup, teardown),
    };

    return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
