#include "past_row.h"

#include <string.h>

#include "cm.h"
#include "tmp_store.h"
#include "verdict.h"

static const int64_t day_unix_ms = INT64_C(20000) * PAST_DAY_MS;

enum { SLOT_MS = 30000, SLOTS = PAST_DAY_MS / SLOT_MS };

static void
add(struct past_day *day, int64_t start_ms, int64_t length_ms,
    enum verdict verdict)
{
    struct err err;

    assert_ok(past_day_add(day,
                  &(struct past_run){.start_unix_ms = day_unix_ms + start_ms,
                      .length_ms = length_ms,
                      .verdict = (uint8_t)verdict},
                  &err),
        err);
}

static void
assert_same(const struct past_day *a, const struct past_day *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->runs[i].start_unix_ms, b->runs[i].start_unix_ms);
        assert_int_equal(a->runs[i].length_ms, b->runs[i].length_ms);
        assert_int_equal(a->runs[i].verdict, b->runs[i].verdict);
    }
}

/* Gives the row's length. */
static size_t
assert_round_trip(const struct past_day *day)
{
    struct past_day again;
    struct buf row;
    struct err err;
    size_t len;

    buf_init(&row, PAST_ROW_MAX_BYTES);
    assert_ok(past_encode(day, day_unix_ms, &row, &err), err);
    assert_ok(past_decode(buf_bytes(&row), day_unix_ms, &again, &err), err);
    assert_same(day, &again);
    past_day_free(&again);
    len = row.len;
    for (size_t cut = 0; cut < len; cut += len / 50 + 1) {
        assert_int_equal(
            past_decode((struct bytes){.data = row.data, .len = cut},
                day_unix_ms, &again, &err),
            -1);
        assert_int_equal(err.code, ERR_STATE);
    }
    buf_free(&row);
    return len;
}

static void
a_quiet_day_is_one_run_of_a_few_bytes(void **state)
{
    struct past_day day = {.runs = NULL};

    (void)state;
    for (int i = 0; i < SLOTS; i++)
        add(&day, (int64_t)i * SLOT_MS, SLOT_MS, VERDICT_UP);
    assert_int_equal(day.count, 1);
    assert_int_equal(day.runs[0].length_ms, PAST_DAY_MS);
    assert_true(assert_round_trip(&day) <= 8);
    past_day_free(&day);
}

static void
gaps_and_a_slot_past_the_day_s_end_are_kept(void **state)
{
    struct past_day day = {.runs = NULL};

    (void)state;
    assert_true(assert_round_trip(&day) == 2);
    add(&day, 1234, 30000, VERDICT_DOWN);
    add(&day, 50000, 30000, VERDICT_DOWN);
    add(&day, 80000, 1, VERDICT_MAINT);
    add(&day, PAST_DAY_MS - 1, PAST_DAY_MS, VERDICT_UNKNOWN);
    assert_int_equal(day.count, 4);
    (void)assert_round_trip(&day);
    past_day_free(&day);
}

static void
the_most_that_a_day_can_hold_fits(void **state)
{
    struct past_day day = {.runs = NULL};
    struct err err;

    (void)state;
    for (int i = 0; i < PAST_RUNS_MAX; i++)
        add(&day, (int64_t)i * 4000, 4000,
            i % 2 == 0 ? VERDICT_UP : VERDICT_DOWN);
    (void)assert_round_trip(&day);
    assert_int_equal(
        past_day_add(&day,
            &(struct past_run){.start_unix_ms = day_unix_ms + PAST_DAY_MS - 1,
                .length_ms = 1,
                .verdict = VERDICT_MAINT},
            &err),
        -1);
    assert_int_equal(err.code, ERR_LIMIT);
    past_day_free(&day);
}

struct seen {
    int count;
    uint16_t regions[4];
    int64_t first_ms[4];
};

static int
see(void *ctx, uint16_t region, const struct past_day *day, struct err *err)
{
    struct seen *seen = ctx;

    (void)err;
    seen->regions[seen->count] = region;
    seen->first_ms[seen->count++] = day->runs[0].length_ms;
    return 0;
}

static void
a_day_s_scopes_are_found_and_nobody_else_s(void **state)
{
    struct tmp_store *tmp = *state;
    struct err err;
    struct store_txn *txn = store_begin_write(tmp->store, &err);
    const struct past_place place = {.day_unix_ms = day_unix_ms, .check = 7};
    struct past_place others[] = {place, place, place};
    struct past_day day = {.runs = NULL};
    struct seen seen = {.count = 0};

    add(&day, 0, 1, VERDICT_UP);
    others[0].check = 6;
    others[1].check = 8;
    others[2].day_unix_ms += PAST_DAY_MS;
    for (int i = 0; i < 3; i++)
        assert_ok(past_put(txn, &others[i], 0, &day, &err), err);
    assert_int_equal(past_is_kept(txn, &place, &err), 0);
    for (int i = 0; i < 3; i++) {
        static const uint16_t regions[] = {UINT16_MAX, 0, 2};

        day.runs[0].length_ms = i + 1;
        assert_ok(past_put(txn, &place, regions[i], &day, &err), err);
    }
    assert_int_equal(past_is_kept(txn, &place, &err), 1);
    assert_ok(past_each(txn, &place, see, &seen, &err), err);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.regions[0], 0);
    assert_int_equal(seen.first_ms[0], 2);
    assert_int_equal(seen.regions[2], UINT16_MAX);
    assert_int_equal(seen.first_ms[2], 1);
    past_day_free(&day);
    store_abort(txn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_day_is_one_run_of_a_few_bytes),
        cmocka_unit_test(gaps_and_a_slot_past_the_day_s_end_are_kept),
        cmocka_unit_test(the_most_that_a_day_can_hold_fits),
        cmocka_unit_test_setup_teardown(
            a_day_s_scopes_are_found_and_nobody_else_s, tmp_store_setup,
            tmp_store_teardown),
    };

    return cmocka_run_group_tests_name("past_row", tests, NULL, NULL);
}
