#include "raw_seal.h"

#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "raw_reader.h"
#include "tmp_store.h"

static const int64_t t0_ms = 1700002800000; /* a whole hour */

enum { CHECK = 0xabc, EVERY_30_S = 60 };

static struct raw_result
result(uint32_t agent, int i)
{
    struct raw_result r = {.region = 2, .agent = agent, .seq = 100, .spool = 1};

    measure_init(&r.measure);
    r.measure.check_id = CHECK;
    r.measure.slot_unix_ms = t0_ms + i * INT64_C(30000);
    r.measure.ts_unix_ms = r.measure.slot_unix_ms + 1234;
    r.measure.family = FAMILY_V4;
    r.measure.http_status = 200;
    r.seq += (uint64_t)i * 200;
    /* Noise for odd agents, for even ones what packs well. */
    r.measure.phase_us[PHASE_CONNECT] =
        10000 + (agent % 2 != 0 ? i * 7919 % 5000 : 7);
    r.measure.phase_us[PHASE_TOTAL] = 70000 + i % 2;
    return r;
}

static void
add(struct store_txn *txn, uint32_t agent, int from, int to, int by)
{
    struct err err;

    for (int i = from; i < to; i += by) {
        const struct raw_result r = result(agent, i);
        enum raw_outcome outcome;

        assert_ok(raw_add(txn, &r, 1, &outcome, &err), err);
        assert_int_equal(outcome, RAW_NEW);
    }
}

struct rows {
    uint8_t bytes[16][RAW_SEALED_MAX_BYTES];
    size_t lens[16];
    size_t count;
    size_t sealed;
    size_t packed;
};

static int
see_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct rows *rows = ctx;

    (void)key;
    (void)err;
    assert_true(value.len <= RAW_SEALED_MAX_BYTES);
    memcpy(rows->bytes[rows->count], value.data, value.len);
    rows->lens[rows->count++] = value.len;
    rows->sealed += raw_is_sealed(value);
    rows->packed += value.data[0] == 3;
    return 0;
}

static struct rows *
look(struct store_txn *txn)
{
    static struct rows rows;
    struct err err;

    memset(&rows, 0, sizeof(rows));
    assert_ok(store_each(txn, STORE_RAW, (struct bytes){.len = 0},
                  (struct bytes){.len = 0}, see_row, &rows, &err),
        err);
    return &rows;
}

static int
compare(void *ctx, const struct raw_result *r, struct err *err)
{
    int *at = ctx;
    uint32_t agent = 1 + (uint32_t)(*at / EVERY_30_S);
    const struct raw_result expect = result(agent, *at % EVERY_30_S);

    (void)err;
    assert_true(measure_same(&expect.measure, &r->measure));
    assert_int_equal(r->agent, agent);
    assert_true(expect.seq == r->seq);
    (*at)++;
    return 0;
}

/* Agents 1 and 2, a half hour each, in order. */
static void
assert_all_there(struct store_txn *txn)
{
    int at = 0;
    struct err err;

    assert_ok(
        raw_each(txn, CHECK, t0_ms, t0_ms + RAW_BUCKET_MS, compare, &at, &err),
        err);
    assert_int_equal(at, 2 * EVERY_30_S);
}

static void
seal(struct store_txn *txn)
{
    struct err err;

    assert_ok(raw_seal_hour(txn, CHECK, t0_ms, &err), err);
}

static void
a_sealed_chunk_says_what_it_said_before(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    const struct rows *rows;

    add(txn, 1, 0, EVERY_30_S, 1);
    add(txn, 2, 0, EVERY_30_S, 1);
    assert_int_equal(look(txn)->sealed, 0);
    seal(txn);
    rows = look(txn);
    assert_int_equal(rows->sealed, rows->count);
    assert_int_equal(rows->packed, 1); /* where it pays, and only there */
    assert_all_there(txn);
    store_abort(txn);
}

/* What follows in the store of the half hour goes with it; other hours stay. */
static void
chunks_of_its_hour_are_sealed_from_its_check_on(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct raw_result other = result(1, 3);
    enum raw_outcome outcome;
    struct err err;

    for (uint32_t check = CHECK - 1; check <= CHECK + 1; check += 2) {
        other.measure.check_id = check;
        assert_ok(raw_add(txn, &other, 1, &outcome, &err), err);
    }
    add(txn, 1, 0, 2 * EVERY_30_S + 5, 1);
    add(txn, 2, 2 * EVERY_30_S, 3 * EVERY_30_S, 1);
    assert_int_equal(look(txn)->count, 6);
    seal(txn);
    assert_int_equal(look(txn)->count, 6);
    assert_int_equal(look(txn)->sealed, 3);
    store_abort(txn);
}

static void
sealing_twice_changes_nothing(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct rows first;

    add(txn, 1, 0, EVERY_30_S, 1);
    add(txn, 2, 0, EVERY_30_S, 1);
    seal(txn);
    first = *look(txn);
    seal(txn);
    assert_memory_equal(look(txn), &first, sizeof(first));
    store_abort(txn);
}

/* Whatever came before the seal and whatever after it: equal bytes. */
static void
late_results_go_into_a_sealed_chunk(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct rows at_once;

    add(txn, 1, 0, EVERY_30_S, 1);
    add(txn, 2, 0, EVERY_30_S, 1);
    seal(txn);
    at_once = *look(txn);
    store_abort(txn);

    txn = tmp_store_begin(state);
    add(txn, 1, 0, EVERY_30_S, 2);
    add(txn, 2, 0, 20, 1);
    seal(txn);
    add(txn, 1, 1, EVERY_30_S, 2); /* between the others */
    seal(txn);
    add(txn, 2, 20, EVERY_30_S, 1); /* behind them */
    assert_all_there(txn);
    seal(txn);
    assert_memory_equal(look(txn), &at_once, sizeof(at_once));
    store_abort(txn);
}

static void
a_result_that_is_in_a_sealed_chunk_is_known(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct raw_result r = result(2, 7);
    enum raw_outcome outcome;
    struct err err;

    add(txn, 2, 0, EVERY_30_S, 1);
    seal(txn);
    assert_ok(raw_add(txn, &r, 1, &outcome, &err), err);
    assert_int_equal(outcome, RAW_SAME);
    r.measure.phase_us[PHASE_TOTAL]++;
    assert_ok(raw_add(txn, &r, 1, &outcome, &err), err);
    assert_int_equal(outcome, RAW_CONFLICT);
    store_abort(txn);
}

static int
count_one(void *ctx, const struct raw_result *r, struct err *err)
{
    (void)r;
    (void)err;
    ++*(int *)ctx;
    return 0;
}

/* Any bit of it, be it packed or not. */
static void
a_byte_that_changed_is_noticed(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct rows rows;

    add(txn, 1, 0, EVERY_30_S, 1);
    add(txn, 2, 0, EVERY_30_S, 1);
    seal(txn);
    rows = *look(txn);
    assert_int_equal(rows.count, 2);
    for (size_t row = 0; row < rows.count; row++) {
        for (size_t at = 0; at < rows.lens[row]; at++) {
            const struct raw_key key = {.bucket_s = (uint32_t)(t0_ms / 1000),
                .check = CHECK,
                .region = 2,
                .agent = (uint32_t)row + 1};
            uint8_t bytes[RAW_KEY_BYTES];
            int count = 0;
            struct err err;

            rows.bytes[row][at] ^= (uint8_t)(1U << at % 8);
            raw_key_encode(&key, bytes);
            assert_ok(
                store_put(txn, STORE_RAW, (struct bytes){bytes, sizeof(bytes)},
                    (struct bytes){rows.bytes[row], rows.lens[row]}, &err),
                err);
            assert_int_equal(raw_each(txn, CHECK, t0_ms, t0_ms + RAW_BUCKET_MS,
                                 count_one, &count, &err),
                -1);
            assert_int_equal(err.code, ERR_STATE);
            rows.bytes[row][at] ^= (uint8_t)(1U << at % 8);
            assert_ok(
                store_put(txn, STORE_RAW, (struct bytes){bytes, sizeof(bytes)},
                    (struct bytes){rows.bytes[row], rows.lens[row]}, &err),
                err);
        }
    }
    assert_all_there(txn);
    store_abort(txn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sealed_chunk_says_what_it_said_before,
            tmp_store_setup, tmp_store_teardown),
        cmocka_unit_test_setup_teardown(
            chunks_of_its_hour_are_sealed_from_its_check_on, tmp_store_setup,
            tmp_store_teardown),
        cmocka_unit_test_setup_teardown(
            sealing_twice_changes_nothing, tmp_store_setup, tmp_store_teardown),
        cmocka_unit_test_setup_teardown(late_results_go_into_a_sealed_chunk,
            tmp_store_setup, tmp_store_teardown),
        cmocka_unit_test_setup_teardown(
            a_result_that_is_in_a_sealed_chunk_is_known, tmp_store_setup,
            tmp_store_teardown),
        cmocka_unit_test_setup_teardown(a_byte_that_changed_is_noticed,
            tmp_store_setup, tmp_store_teardown),
    };

    return cmocka_run_group_tests_name("raw_seal", tests, NULL, NULL);
}
