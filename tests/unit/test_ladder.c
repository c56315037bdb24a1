#include "ladder.h"

#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "conf_text.h"
#include "raw.h"
#include "tmp_store.h"

static const int64_t day_ms = 1700006400000; /* a midnight */

struct fixture {
    struct tmp_store *tmp;
    struct conf_history *history;
    struct ladder *ladder;
    struct store_txn *txn;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err;

    if (f == NULL || tmp_store_setup((void **)&f->tmp) != 0)
        return -1;
    f->ladder = ladder_new(&err);
    f->txn = store_begin_write(f->tmp->store, &err);
    f->history = conf_text_history(f->txn,
        "regions: [eu, us]\n"
        "sites:\n"
        "  - name: acme\n"
        "    url: https://acme.example/\n"
        "    derive: false\n"
        "    checks:\n"
        "      - {name: home, kind: http, url: https://acme.example/,"
        " interval: 60s}\n"
        "      - {name: both, kind: http, url: https://acme.example/,"
        " interval: 60s, family: both}\n",
        day_ms - 86400000);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    store_abort(f->txn);
    ladder_free(f->ladder);
    conf_history_free(f->history);
    (void)tmp_store_teardown((void **)&f->tmp);
    free(f);
    return 0;
}

static struct raw_result
result(const char *check, uint16_t region, int64_t slot_ms)
{
    struct raw_result r = {.region = region, .agent = region};

    measure_init(&r.measure);
    r.measure.check_id = check_id_of(check);
    r.measure.slot_unix_ms = slot_ms;
    r.measure.ts_unix_ms = slot_ms + 1000 * region;
    r.measure.family = FAMILY_V4;
    r.measure.phase_us[PHASE_DNS] = 900;
    r.measure.phase_us[PHASE_TRANSFER] = 70;
    r.measure.phase_us[PHASE_TOTAL] = 50000 + slot_ms / 60000 % 100;
    return r;
}

static void
add(struct fixture *f, const struct raw_result *r)
{
    enum raw_outcome outcome;
    struct err err;

    assert_ok(raw_add(f->txn, r, 1, &outcome, &err), err);
    assert_int_equal(outcome, RAW_NEW);
    assert_ok(ladder_mark(f->ladder, f->txn, r->measure.check_id,
                  r->measure.slot_unix_ms, &err),
        err);
}

static void
run(struct fixture *f, int64_t now_ms)
{
    bool again;
    struct err err;

    assert_ok(
        ladder_run(f->ladder, f->txn, f->history, now_ms, 10000, &again, &err),
        err);
    assert_false(again);
}

struct seen {
    struct cell cells[4];
    size_t count;
};

static int
see(void *ctx, uint16_t region, const struct cell *cell, struct err *err)
{
    struct seen *seen = ctx;

    assert_int_equal(region, seen->count + 1);
    return cell_merge(&seen->cells[seen->count++], cell, err);
}

static struct seen
cells(struct fixture *f, const char *check, enum cell_tier tier, int64_t at_ms)
{
    struct cell_place place = {
        .tier = tier, .start_unix_ms = at_ms, .check = check_id_of(check)};
    struct seen seen = {.count = 0};
    struct err err;

    assert_ok(cell_each(f->txn, &place, see, &seen, &err), err);
    return seen;
}

static void
forget(struct seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        cell_free(&seen->cells[i]);
}

static void
an_hour_counts_the_last_word_of_each_slot(void **state)
{
    struct fixture *f = *state;
    struct raw_result r = result("acme/home", 1, day_ms);
    struct seen seen;

    /* Down, then up on the second attempt: served. */
    r.measure.status = MEASURE_DOWN;
    r.measure.reason = REASON_TLS_RESET;
    add(f, &r);
    r = result("acme/home", 1, day_ms);
    r.measure.attempt = 1;
    r.measure.ts_unix_ms += 5000;
    r.measure.phase_us[PHASE_TOTAL] = 777;
    add(f, &r);
    /* Down twice: failed, for the last reason. */
    r = result("acme/home", 1, day_ms + 60000);
    r.measure.status = MEASURE_DOWN;
    r.measure.reason = REASON_TLS_RESET;
    add(f, &r);
    r.measure.attempt = 1;
    r.measure.ts_unix_ms += 5000;
    r.measure.reason = REASON_HTTP_STATUS;
    add(f, &r);
    /* Isolated: left out. */
    r = result("acme/home", 1, day_ms + 120000);
    r.measure.isolated = true;
    add(f, &r);
    /* Our own trouble. */
    r = result("acme/home", 1, day_ms + 180000);
    r.measure.status = MEASURE_ERROR;
    r.measure.reason = REASON_AGENT_LIMIT;
    add(f, &r);
    run(f, day_ms + 3600000 + LADDER_GRACE_MS);
    seen = cells(f, "acme/home", CELL_HOUR, day_ms);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.cells[0].statuses[MEASURE_UP], 1);
    assert_int_equal(seen.cells[0].statuses[MEASURE_DOWN], 1);
    assert_int_equal(seen.cells[0].statuses[MEASURE_ERROR], 1);
    assert_int_equal(seen.cells[0].isolated, 1);
    assert_int_equal(seen.cells[0].reasons[REASON_HTTP_STATUS], 1);
    assert_int_equal(seen.cells[0].reasons[REASON_TLS_RESET], 0);
    assert_int_equal(seen.cells[0].phases[PHASE_TOTAL].count, 1);
    assert_int_equal(seen.cells[0].phases[PHASE_TOTAL].max_us, 777);
    assert_non_null(seen.cells[0].phases[PHASE_DNS].hist);
    assert_null(seen.cells[0].phases[PHASE_TRANSFER].hist); /* sums only */
    assert_int_equal(seen.cells[0].phases[PHASE_TRANSFER].sum_us, 70);
    forget(&seen);
}

static void
families_count_apart_only_where_they_are_measured_apart(void **state)
{
    struct fixture *f = *state;
    static const char *const checks[] = {"acme/both", "acme/home"};

    for (int i = 0; i < 2; i++) {
        struct raw_result r = result(checks[i], 1, day_ms);
        struct seen seen;

        add(f, &r);
        r.measure.family = FAMILY_V6;
        add(f, &r);
        run(f, day_ms + 2 * 3600000);
        seen = cells(f, checks[i], CELL_HOUR, day_ms);
        assert_int_equal(seen.cells[0].statuses[MEASURE_UP], i == 0 ? 2 : 1);
        forget(&seen);
    }
}

static void
an_hour_is_made_when_it_is_over_and_not_before(void **state)
{
    struct fixture *f = *state;
    struct raw_result r = result("acme/home", 1, day_ms);
    struct cell_place place = {.tier = CELL_HOUR,
        .start_unix_ms = day_ms,
        .check = r.measure.check_id};
    struct seen seen;
    struct err err;

    add(f, &r);
    run(f, day_ms + 3600000 + LADDER_GRACE_MS - 1);
    seen = cells(f, "acme/home", CELL_HOUR, day_ms);
    assert_int_equal(seen.count, 0);
    assert_int_equal(ladder_is_marked(f->txn, &place, &err), 1);
    run(f, day_ms + 3600000 + LADDER_GRACE_MS);
    seen = cells(f, "acme/home", CELL_HOUR, day_ms);
    assert_int_equal(seen.count, 1);
    forget(&seen);
    assert_int_equal(ladder_is_marked(f->txn, &place, &err), 0);
    place.tier = CELL_DAY;
    assert_int_equal(ladder_is_marked(f->txn, &place, &err), 1);
}

static bool
is_made(struct fixture *f, int64_t now_ms)
{
    struct cell_place place = {.tier = CELL_HOUR,
        .start_unix_ms = day_ms,
        .check = check_id_of("acme/home")};
    struct err err;

    run(f, now_ms);
    return ladder_is_marked(f->txn, &place, &err) == 0;
}

static void
an_hour_is_made_once_its_results_have_come(void **state)
{
    struct fixture *f = *state;
    int64_t over_ms = day_ms + 3600000 + LADDER_GRACE_MS;
    struct raw_result r = result("acme/home", 1, day_ms);

    ladder_set_quiet(f->ladder, 2000);
    run(f, over_ms);
    add(f, &r);
    assert_false(is_made(f, over_ms + 1999));
    r = result("acme/home", 1, day_ms + 60000);
    add(f, &r);
    assert_false(is_made(f, over_ms + 2001));
    assert_true(is_made(f, over_ms + 1999 + 2000));
    r = result("acme/home", 1, day_ms + 120000);
    add(f, &r);
    assert_false(is_made(f, over_ms + 4000));
    /* A date that was set back makes nothing wait for it. */
    assert_true(is_made(f, over_ms));
}

static void
an_hour_whose_results_never_end_is_made_all_the_same(void **state)
{
    struct fixture *f = *state;
    int64_t now_ms = day_ms + 3600000 + LADDER_GRACE_MS;
    int seconds = 0;

    ladder_set_quiet(f->ladder, 2000);
    run(f, now_ms);
    do {
        struct raw_result r = result("acme/home", 1, day_ms);

        r.measure.ts_unix_ms += seconds;
        add(f, &r);
        now_ms += 1000;
        seconds++;
    } while (!is_made(f, now_ms) && seconds < 1000);
    assert_int_equal(seconds, 200);
}

static int
digest_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct buf *all = ctx;

    assert_ok(buf_append(all, key.data, key.len, err), *err);
    assert_ok(buf_append(all, value.data, value.len, err), *err);
    return 0;
}

static void
dump(struct fixture *f, struct buf *all)
{
    static const enum store_table tables[] = {
        STORE_HOUR, STORE_DAY, STORE_DIRTY};
    struct err err;

    buf_init(all, 1 << 20);
    for (int i = 0; i < 3; i++)
        assert_ok(store_each(f->txn, tables[i], (struct bytes){0},
                      (struct bytes){0}, digest_row, all, &err),
            err);
}

enum { SLOTS = 1440 };

static void
late_results_end_in_the_bytes_that_early_ones_make(void **state)
{
    struct fixture *f = *state;
    struct buf in_order;
    struct buf late;
    struct seen seen;
    int64_t after_ms = day_ms + 86400000 + 3600000;

    for (int i = 0; i < SLOTS; i++) {
        for (uint16_t region = 1; region <= 2; region++) {
            struct raw_result r =
                result("acme/home", region, day_ms + i * INT64_C(60000));

            r.measure.phase_us[PHASE_WAIT] = 1 + i * 37 % 99999;
            r.measure.phase_us[PHASE_TLS] = 1 + i * 91 % 99999;
            r.measure.phase_us[PHASE_CONNECT] = 1 + i * 53 % 99999;
            r.measure.phase_us[PHASE_TOTAL] = 1 + i * 71 % 99999;
            add(f, &r);
        }
    }
    run(f, after_ms);
    dump(f, &in_order);
    seen = cells(f, "acme/home", CELL_DAY, day_ms); /* of several rows each */
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.cells[1].statuses[MEASURE_UP], SLOTS);
    assert_int_equal(seen.cells[1].phases[PHASE_WAIT].hist->n, SLOTS);
    forget(&seen);

    store_abort(f->txn);
    ladder_forget(f->ladder);
    f->txn = store_begin_write(f->tmp->store, &(struct err){0});
    conf_history_free(f->history);
    f->history = conf_text_history(f->txn,
        "sites: [{name: acme, url: https://acme.example/, derive: false, "
        "checks: [{name: home, kind: http, url: https://acme.example/}]}]\n"
        "regions: [eu]\n",
        0);
    for (int i = SLOTS - 1; i >= 0; i--) {
        for (uint16_t region = 2; region >= 1; region--) {
            struct raw_result r =
                result("acme/home", region, day_ms + i * INT64_C(60000));

            r.measure.phase_us[PHASE_WAIT] = 1 + i * 37 % 99999;
            r.measure.phase_us[PHASE_TLS] = 1 + i * 91 % 99999;
            r.measure.phase_us[PHASE_CONNECT] = 1 + i * 53 % 99999;
            r.measure.phase_us[PHASE_TOTAL] = 1 + i * 71 % 99999;
            add(f, &r);
        }
        if (i % 500 == 0)
            run(f, after_ms);
    }
    run(f, after_ms);
    dump(f, &late);
    assert_int_equal(in_order.len, late.len);
    assert_memory_equal(in_order.data, late.data, late.len);
    buf_free(&in_order);
    buf_free(&late);
}

static void
a_small_budget_says_that_there_is_more(void **state)
{
    struct fixture *f = *state;
    bool again = true;
    int calls = 0;
    struct seen seen;
    struct err err;

    for (int h = 0; h < 24; h++) {
        struct raw_result r =
            result("acme/home", 1, day_ms + h * INT64_C(3600000));

        add(f, &r);
    }
    while (again && calls < 100) {
        assert_ok(ladder_run(f->ladder, f->txn, f->history,
                      day_ms + 2 * 86400000, 5, &again, &err),
            err);
        calls++;
    }
    assert_true(calls >= 5 && calls < 10);
    seen = cells(f, "acme/home", CELL_DAY, day_ms);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.cells[0].statuses[MEASURE_UP], 24);
    forget(&seen);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_hour_counts_the_last_word_of_each_slot),
        TEST(families_count_apart_only_where_they_are_measured_apart),
        TEST(an_hour_is_made_when_it_is_over_and_not_before),
        TEST(an_hour_is_made_once_its_results_have_come),
        TEST(an_hour_whose_results_never_end_is_made_all_the_same),
        TEST(late_results_end_in_the_bytes_that_early_ones_make),
        TEST(a_small_budget_says_that_there_is_more),
    };

    return cmocka_run_group_tests_name("ladder", tests, NULL, NULL);
}
