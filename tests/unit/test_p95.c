#include "p95.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "conf_text.h"
#include "hist.h"
#include "ladder.h"
#include "p95_json.h"
#include "raw.h"
#include "tmp_store.h"

static const int64_t day_ms = 1700006400000; /* 2023-11-15 */

static const char conf[] =
    "regions: [us, eu]\n"
    "sites:\n"
    "  - name: acme\n"
    "    url: https://acme.example/\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: https://acme.example/,"
    " interval: 60s}\n"
    "      - {name: off, kind: http, url: https://acme.example/,"
    " interval: 60s, paused: true}\n"
    "maintenance:\n"
    "  - {checks: [acme/home], regions: [eu], from: 2023-11-15T05:00:30Z,"
    " to: 2023-11-15T05:10:00Z, reason: move}\n";

static const char conf_without_windows[] =
    "regions: [us, eu]\n"
    "sites:\n"
    "  - name: acme\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: https://acme.example/,"
    " interval: 60s}\n";

static const char conf_of_mars[] =
    "regions: [us, mars]\n"
    "sites:\n"
    "  - name: acme\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: https://acme.example/,"
    " interval: 60s}\n";

/* The grid of 300 s begins with [12:02, 12:05): see a_cut_slot_... */
static const char conf_slower[] =
    "regions: [us, eu]\n"
    "sites:\n"
    "  - name: acme\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: https://acme.example/,"
    " interval: 300s}\n"
    "maintenance:\n"
    "  - {checks: [acme/home], regions: [us], from: 2023-11-15T12:00:10Z,"
    " to: 2023-11-15T12:00:40Z, reason: before the cut slot}\n"
    "  - {checks: [acme/home], regions: [eu], from: 2023-11-15T12:03:00Z,"
    " to: 2023-11-15T12:03:30Z, reason: inside the cut slot}\n";

struct fixture {
    struct tmp_store *tmp;
    struct conf_history *history;
    struct ladder *ladder;
    struct store_txn *txn;
    struct p95 p95;
    struct p95_spec spec;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    uint32_t number;
    struct err err;

    if (f == NULL || tmp_store_setup((void **)&f->tmp) != 0)
        return -1;
    f->ladder = ladder_new(&err);
    f->txn = store_begin_write(f->tmp->store, &err);
    f->history = conf_text_history(f->txn, conf, day_ms - 86400000);
    f->spec = (struct p95_spec){.check = check_id_of("acme/home"),
        .from_unix_ms = day_ms,
        .to_unix_ms = day_ms + 86400000,
        .quantile_millionths = P95_QUANTILE_DEFAULT,
        .now_unix_ms = day_ms + 2 * 86400000};
    for (const char *const *name =
             (const char *const[]){"eu", "us", "mars", NULL};
         *name != NULL; name++) {
        assert_ok(
            registry_number(f->txn, REGISTRY_REGION, *name, &number, &err),
            err);
        assert_ok(
            registry_number(f->txn, REGISTRY_AGENT, *name, &number, &err), err);
    }
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    p95_free(&f->p95);
    store_abort(f->txn);
    ladder_free(f->ladder);
    conf_history_free(f->history);
    (void)tmp_store_teardown((void **)&f->tmp);
    free(f);
    return 0;
}

enum region { EU = 1, US, MARS };

static struct raw_result
result(enum region region, int slot, int64_t total_us)
{
    struct raw_result r = {
        .region = (uint16_t)region, .agent = (uint32_t)region};

    measure_init(&r.measure);
    r.measure.check_id = check_id_of("acme/home");
    r.measure.slot_unix_ms = day_ms + slot * INT64_C(60000);
    r.measure.ts_unix_ms = r.measure.slot_unix_ms + 500;
    r.measure.family = FAMILY_V4;
    r.measure.phase_us[PHASE_DNS] = total_us / 10;
    r.measure.phase_us[PHASE_TRANSFER] = total_us / 7;
    r.measure.phase_us[PHASE_TOTAL] = total_us;
    return r;
}

static void
add(struct fixture *f, const struct raw_result *r)
{
    enum raw_outcome outcome;
    struct err err;

    assert_ok(raw_add(f->txn, r, 1, &outcome, &err), err);
    assert_ok(check_row_note(f->txn, r->measure.check_id, "acme/home",
                  r->measure.slot_unix_ms, &err),
        err);
    assert_ok(ladder_mark(f->ladder, f->txn, r->measure.check_id,
                  r->measure.slot_unix_ms, &err),
        err);
}

static void
climb(struct fixture *f)
{
    bool again;
    struct err err;

    assert_ok(ladder_run(f->ladder, f->txn, f->history, f->spec.now_unix_ms,
                  1000, &again, &err),
        err);
}

static const struct p95_row *
ask(struct fixture *f)
{
    struct err err;

    p95_free(&f->p95);
    assert_ok(p95_query(f->txn, f->history, &f->spec, &f->p95, &err), err);
    assert_true(f->p95.count > 0);
    return f->p95.rows;
}

/* The whole answer as text. */
static char *
text(struct fixture *f)
{
    json_t *json;
    char *out;

    (void)ask(f);
    json = p95_to_json(&f->p95);
    assert_non_null(json);
    out = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(json);
    assert_non_null(out);
    return out;
}

static void
too_few_results_have_no_value_and_say_so(void **state)
{
    struct fixture *f = *state;
    const struct p95_row *row;

    row = ask(f);
    assert_int_equal(row->n, 0);
    assert_false(row->has_value);
    assert_int_equal(row->max_us, -1);
    assert_string_equal(row->note, "n<20");
    for (int i = 0; i < 19; i++)
        add(f, &(struct raw_result[]){result(US, i, 1000 + i)}[0]);
    row = ask(f);
    assert_int_equal(row->n, 19);
    assert_false(row->has_value);
    assert_int_equal(row->max_us, 1018);
    add(f, &(struct raw_result[]){result(US, 19, 5000)}[0]);
    row = ask(f);
    assert_int_equal(row->n, 20);
    assert_true(row->has_value);
    assert_string_equal(row->note, "");
    /* Rank 19 of 20: the 19th smallest, not the outlier. */
    assert_true(fabs(row->value_us - 1018) <= HIST_ERROR * 1018);
}

static void
a_quantile_needs_what_it_says(void **state)
{
    (void)state;
    assert_int_equal(p95_needs(500000), 5);
    assert_int_equal(p95_needs(950000), 20);
    assert_int_equal(p95_needs(990000), 100);
    assert_int_equal(p95_needs(999000), 1000);
    assert_int_equal(p95_needs(0), 5);
    assert_int_equal(p95_needs(1000000), 1);
}

static void
fill_a_day(struct fixture *f)
{
    srandom(5);
    for (int slot = 0; slot < 1440; slot++) {
        for (int region = EU; region <= MARS; region++) {
            struct raw_result r =
                result((enum region)region, slot, 20000 + random() % 90000);

            if (random() % 50 == 0) {
                r.measure.status = MEASURE_DOWN;
                r.measure.reason = REASON_HTTP_STATUS;
            }
            if (random() % 60 == 0)
                r.measure.isolated = true;
            add(f, &r);
        }
    }
}

enum { SPANS = 5 };

static void
cells_and_raw_results_give_the_same_answer(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int64_t from_ms, to_ms;
    } spans[SPANS] = {{0, 86400000}, {90000, 86400000 - 1},
        {3600000, 3 * 3600000}, {600000, 2400000}, {-86400000, 3 * 86400000}};

    char *answers[2][SPANS * 2];

    fill_a_day(f);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < SPANS * 2; i++) {
            f->spec.by = i < SPANS ? P95_BY_NOTHING : P95_BY_REGION;
            f->spec.strict = i % 2 == 0;
            f->spec.phases =
                i % SPANS == 0 ? 1U << PHASE_TOTAL | 1U << PHASE_DNS : 0;
            f->spec.from_unix_ms = day_ms + spans[i % SPANS].from_ms;
            f->spec.to_unix_ms = day_ms + spans[i % SPANS].to_ms;
            answers[round][i] = text(f);
        }
        climb(f); /* from now on there are cells */
    }
    for (size_t i = 0; i < SPANS * 2; i++) {
        assert_string_equal(answers[0][i], answers[1][i]);
        assert_null(strstr(answers[0][i], "n<20"));
        free(answers[0][i]);
        free(answers[1][i]);
    }
}

/* As retention does, a month later. */
static void
delete_raw(struct fixture *f)
{
    struct cell_place hour = {
        .tier = CELL_HOUR, .start_unix_ms = day_ms, .check = f->spec.check};
    struct bytes key;
    struct bytes value;
    struct err err;

    for (; hour.start_unix_ms < day_ms + CELL_DAY_MS;
         hour.start_unix_ms += CELL_HOUR_MS)
        assert_ok(ladder_make_last(f->txn, f->history, &hour, &err), err);
    while (store_seek(
               f->txn, STORE_RAW, (struct bytes){0}, &key, &value, &err) == 1) {
        uint8_t copy[32];

        memcpy(copy, key.data, key.len);
        assert_ok(store_delete(f->txn, STORE_RAW,
                      (struct bytes){.data = copy, .len = key.len}, &err),
            err);
    }
}

static void
whole_hours_and_days_do_not_need_raw_results(void **state)
{
    struct fixture *f = *state;
    char *with[2];
    char *without;

    fill_a_day(f);
    climb(f);
    f->spec.now_unix_ms = day_ms + INT64_C(100) * 86400000;
    for (int by = 0; by < 2; by++) {
        f->spec.by = by == 0 ? P95_BY_NOTHING : P95_BY_REGION;
        with[by] = text(f);
        assert_null(strstr(with[by], "n<20"));
    }
    delete_raw(f);
    for (int round = 0; round < 4; round++) {
        /* The day is made anew, and once more of nothing but hours. */
        f->spec.by = round % 2 == 0 ? P95_BY_NOTHING : P95_BY_REGION;
        without = text(f);
        assert_string_equal(with[round % 2], without);
        free(without);
        climb(f);
    }
    free(with[0]);
    free(with[1]);
}

/* While there is raw, whenever the window was added; not any more after. */
static void
a_window_counts_that_was_known_while_there_was_raw(void **state)
{
    struct fixture *f = *state;

    for (int i = 300; i < 360; i++)
        add(f, &(struct raw_result[]){result(EU, i, 2000)}[0]);
    climb(f);
    f->spec.now_unix_ms = day_ms + INT64_C(1000) * 86400000;
    assert_int_equal(ask(f)->n, 50);
    delete_raw(f);
    climb(f);
    assert_int_equal(ask(f)->n, 50);
    conf_history_free(f->history);
    f->history = conf_text_history(f->txn, conf_without_windows, day_ms * 2);
    assert_int_equal(ask(f)->n, 50);
}

/* `mars` came at 06:20, and `eu` went then. */
static void
a_region_counts_where_the_version_lists_it(void **state)
{
    struct fixture *f = *state;
    static const uint64_t counted[] = {120, 20 * 2 + 40 * 2, 60 * 2};

    conf_history_free(f->history);
    f->history =
        conf_text_history(f->txn, conf_of_mars, day_ms + 380 * INT64_C(60000));
    for (int i = 360; i < 420; i++) {
        add(f, &(struct raw_result[]){result(EU, i - 120, 2000)}[0]);
        add(f, &(struct raw_result[]){result(US, i - 120, 2000)}[0]);
        add(f, &(struct raw_result[]){result(EU, i, 2000)}[0]);
        add(f, &(struct raw_result[]){result(US, i, 2000)}[0]);
        add(f, &(struct raw_result[]){result(MARS, i, 2000)}[0]);
        add(f, &(struct raw_result[]){result(US, i + 60, 2000)}[0]);
        add(f, &(struct raw_result[]){result(MARS, i + 60, 2000)}[0]);
        add(f, &(struct raw_result[]){result(EU, i + 60, 2000)}[0]);
    }
    for (int round = 0; round < 2; round++) {
        uint64_t in_all = 0;

        for (int part = 0; part < 3; part++) {
            static const int hours[] = {4, 6, 7};

            f->spec.from_unix_ms = day_ms + hours[part] * CELL_HOUR_MS;
            f->spec.to_unix_ms = f->spec.from_unix_ms + CELL_HOUR_MS;
            assert_int_equal(ask(f)->n, counted[part]);
            in_all += counted[part];
        }
        f->spec.from_unix_ms = day_ms;
        f->spec.to_unix_ms = day_ms + CELL_DAY_MS;
        assert_int_equal(ask(f)->n, in_all);
        climb(f);
    }
    /* Without raw the hour counts by the version that it began with. */
    f->spec.now_unix_ms = day_ms + INT64_C(100) * 86400000;
    delete_raw(f);
    assert_int_equal(ask(f)->n, 120 + 60 * 2 + 60 * 2);
}

static void
regions_that_do_not_count_are_shown_and_not_merged(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 30; i++) {
        add(f, &(struct raw_result[]){result(US, i, 1000)}[0]);
        add(f, &(struct raw_result[]){result(MARS, i, 9000000)}[0]);
    }
    assert_int_equal(ask(f)->n, 30);
    assert_int_equal(ask(f)->max_us, 1000);
    f->spec.by = P95_BY_REGION;
    (void)ask(f);
    assert_int_equal(f->p95.count, 3);
    assert_string_equal(f->p95.rows[0].region, "us"); /* as configured */
    assert_string_equal(f->p95.rows[1].region, "eu");
    assert_string_equal(f->p95.rows[2].region, "mars");
    assert_int_equal(f->p95.rows[1].n, 0);
    assert_int_equal(f->p95.rows[2].n, 30);
}

static void
maintenance_is_left_out_of_its_regions(void **state)
{
    struct fixture *f = *state;

    /* 05:00 to 05:59; the window touches the slots of 05:00 to 05:09. */
    for (int i = 300; i < 360; i++) {
        add(f, &(struct raw_result[]){result(US, i, 1000)}[0]);
        add(f, &(struct raw_result[]){result(EU, i, 2000)}[0]);
    }
    for (int round = 0; round < 2; round++) {
        f->spec.by = P95_BY_REGION;
        (void)ask(f);
        assert_int_equal(f->p95.rows[0].n, 60);
        assert_int_equal(f->p95.rows[1].n, 50);
        f->spec.by = P95_BY_NOTHING;
        assert_int_equal(ask(f)->n, 110);
        climb(f);
    }
}

static void
what_is_paused_is_in_maintenance(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 30; i++) {
        struct raw_result r = result(US, i, 1000);

        r.measure.check_id = check_id_of("acme/off");
        add(f, &r);
    }
    f->spec.check = check_id_of("acme/off");
    assert_int_equal(ask(f)->n, 0);
    climb(f);
    assert_int_equal(ask(f)->n, 0);
}

/* Stamped 12:00, as a slot of the old grid is, and another one. */
static void
a_cut_slot_is_in_maintenance_by_what_is_left_of_it(void **state)
{
    const int64_t changed_ms = day_ms + 12 * INT64_C(3600000) + 70000;
    struct fixture *f = *state;

    conf_history_free(f->history);
    f->history = conf_text_history(f->txn, conf_slower, changed_ms);
    for (int region = EU; region <= US; region++) {
        struct raw_result cut = result((enum region)region, 720, 9000);

        cut.measure.ts_unix_ms += 150000;
        add(f, &cut);
        for (int slot = 720; slot <= 721; slot++)
            add(f, &(struct raw_result[]){
                       result((enum region)region, slot, 1000)}[0]);
        add(f,
            &(struct raw_result[]){result((enum region)region, 725, 1000)}[0]);
    }
    f->spec.by = P95_BY_REGION;
    for (int round = 0; round < 2; round++) {
        (void)ask(f);
        assert_string_equal(f->p95.rows[0].region, "us");
        assert_int_equal(f->p95.rows[0].n, 3);
        assert_int_equal(f->p95.rows[0].max_us, 9000);
        assert_string_equal(f->p95.rows[1].region, "eu");
        assert_int_equal(f->p95.rows[1].n, 3);
        assert_int_equal(f->p95.rows[1].max_us, 1000);
        climb(f);
    }
}

static void
strict_counts_failures_as_infinite(void **state)
{
    struct fixture *f = *state;
    const struct p95_row *row;

    for (int i = 0; i < 100; i++) {
        struct raw_result r = result(US, i, 1000);

        if (i < 5) {
            r.measure.status = MEASURE_DOWN;
            r.measure.reason = REASON_HTTP_STATUS;
        }
        add(f, &r);
    }
    row = ask(f);
    assert_int_equal(row->n, 95);
    f->spec.strict = true;
    row = ask(f);
    assert_int_equal(row->n, 100);
    assert_true(row->has_value); /* rank 95 of 100 is the last served one */
    f->spec.quantile_millionths = 960000;
    row = ask(f);
    assert_false(row->has_value);
    assert_string_equal(row->note, "infinite");
    assert_int_equal(row->max_us, 1000);
}

static void
agents_are_told_apart(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 40; i++) {
        struct raw_result r = result(US, i, 1000);

        add(f, &r);
        r.agent = MARS;
        r.measure.phase_us[PHASE_TOTAL] = 7000;
        add(f, &r);
    }
    climb(f);
    f->spec.by = P95_BY_AGENT;
    (void)ask(f);
    assert_int_equal(f->p95.count, 2);
    assert_string_equal(f->p95.rows[0].agent, "mars");
    assert_string_equal(f->p95.rows[1].agent, "us");
    assert_string_equal(f->p95.rows[1].region, "us");
    assert_int_equal(f->p95.rows[0].max_us, 7000);
    assert_int_equal(f->p95.rows[1].n, 40);
}

static void
all_phases_are_those_with_values(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 30; i++)
        add(f, &(struct raw_result[]){result(US, i, 70000)}[0]);
    climb(f);
    f->spec.phases = P95_PHASES_ALL;
    (void)ask(f);
    assert_int_equal(f->p95.count, 3);
    assert_int_equal(f->p95.rows[0].phase, PHASE_DNS);
    assert_int_equal(f->p95.rows[1].phase, PHASE_TRANSFER);
    assert_int_equal(f->p95.rows[1].n, 30); /* no cell has its histogram */
    assert_int_equal(f->p95.rows[2].phase, PHASE_TOTAL);
}

static void
an_unknown_check_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct err err;

    f->spec.check = 12345;
    assert_int_equal(
        p95_query(f->txn, f->history, &f->spec, &f->p95, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
}

static void
the_answer_has_the_shape_of_the_contract(void **state)
{
    struct fixture *f = *state;
    char *got;

    for (int i = 0; i < 20; i++)
        add(f, &(struct raw_result[]){result(US, i, 64332)}[0]);
    got = text(f);
    assert_string_equal(got,
        "{\"check\":\"acme/home\",\"from\":\"2023-11-15T00:00:00.000Z\","
        "\"to\":\"2023-11-16T00:00:00.000Z\",\"quantile\":0.95,\"rows\":["
        "{\"region\":null,\"phase\":\"total\",\"n\":20,\"value_us\":64332.0,"
        "\"error\":0.005415,\"max_us\":64332,\"note\":null}]}");
    free(got);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(too_few_results_have_no_value_and_say_so),
        cmocka_unit_test(a_quantile_needs_what_it_says),
        TEST(cells_and_raw_results_give_the_same_answer),
        TEST(whole_hours_and_days_do_not_need_raw_results),
        TEST(a_window_counts_that_was_known_while_there_was_raw),
        TEST(a_region_counts_where_the_version_lists_it),
        TEST(regions_that_do_not_count_are_shown_and_not_merged),
        TEST(maintenance_is_left_out_of_its_regions),
        TEST(what_is_paused_is_in_maintenance),
        TEST(a_cut_slot_is_in_maintenance_by_what_is_left_of_it),
        TEST(strict_counts_failures_as_infinite),
        TEST(agents_are_told_apart),
        TEST(all_phases_are_those_with_values),
        TEST(an_unknown_check_is_an_error),
        TEST(the_answer_has_the_shape_of_the_contract),
    };

    return cmocka_run_group_tests_name("p95", tests, NULL, NULL);
}
