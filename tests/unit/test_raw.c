#include "raw.h"

#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "raw_reader.h"
#include "tmp_store.h"

static const int64_t t0_ms = 1700002800000; /* a whole hour */

/* The i-th of a check at 30 s, as an HTTPS check would look. */
static struct raw_result
result(uint32_t agent, int i)
{
    struct raw_result r = {.region = 2, .agent = agent, .seq = 100, .spool = 1};

    measure_init(&r.measure);
    r.measure.check_id = 0xabcdef01;
    r.measure.slot_unix_ms = t0_ms + i * INT64_C(30000);
    r.measure.ts_unix_ms = r.measure.slot_unix_ms + 1234;
    r.measure.family = FAMILY_V4;
    r.measure.http_status = 200;
    r.seq += (uint64_t)i * 200;
    r.measure.phase_us[PHASE_DNS] = 812 + i % 7;
    r.measure.phase_us[PHASE_CONNECT] = 10233 + i % 11;
    r.measure.phase_us[PHASE_TLS] = 21877 + i % 13;
    r.measure.phase_us[PHASE_REQUEST] = 95;
    r.measure.phase_us[PHASE_WAIT] = 30112 + i % 5;
    r.measure.phase_us[PHASE_TRANSFER] = 1203;
    r.measure.phase_us[PHASE_TOTAL] = 64332 + i % 23;
    return r;
}

static enum raw_outcome
add_one(struct store_txn *txn, const struct raw_result *r)
{
    enum raw_outcome outcome = RAW_CONFLICT;
    struct err err;

    assert_ok(raw_add(txn, r, 1, &outcome, &err), err);
    return outcome;
}

struct seen {
    struct raw_result items[4000];
    size_t count;
    size_t end_after; /* 0: never */
};

static int
see(void *ctx, const struct raw_result *r, struct err *err)
{
    struct seen *seen = ctx;

    (void)err;
    assert_true(seen->count < 4000);
    seen->items[seen->count++] = *r;
    return seen->end_after != 0 && seen->count == seen->end_after;
}

static struct seen *
walk(struct store_txn *txn, int64_t from_ms, int64_t to_ms)
{
    static struct seen seen;
    struct err err;

    seen.count = 0;
    seen.end_after = 0;
    assert_ok(raw_each(txn, 0xabcdef01, from_ms, to_ms, see, &seen, &err), err);
    return &seen;
}

static void
assert_same(const struct raw_result *a, const struct raw_result *b)
{
    assert_true(measure_same(&a->measure, &b->measure));
    assert_int_equal(a->region, b->region);
    assert_int_equal(a->agent, b->agent);
    assert_true(a->seq == b->seq);
    assert_int_equal(a->spool, b->spool);
}

static void
results_come_back_as_they_were(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct raw_result r = result(1, 0);
    struct raw_result odd = result(1, 1);
    const struct seen *seen;

    odd.measure.attempt = 1;
    odd.measure.status = MEASURE_DOWN;
    odd.measure.reason = REASON_TLS_RESET;
    odd.measure.failed_phase = PHASE_TLS;
    odd.measure.isolated = true;
    odd.measure.lagged = true;
    odd.measure.http_status = 0;
    odd.measure.family = FAMILY_V6;
    odd.measure.ts_unix_ms += 40000; /* past its slot's end */
    odd.measure.phase_us[PHASE_WAIT] = PHASE_NOT_REACHED;
    odd.measure.phase_us[PHASE_TOTAL] = 5; /* less than its parts */
    odd.measure.phase_us[PHASE_LCP] = PHASE_MAX_US;
    odd.seq = UINT64_MAX;
    odd.spool = 0;
    assert_int_equal(add_one(txn, &r), RAW_NEW);
    assert_int_equal(add_one(txn, &odd), RAW_NEW);
    seen = walk(txn, t0_ms, t0_ms + 3600000);
    assert_int_equal(seen->count, 2);
    assert_same(&seen->items[0], &r);
    assert_same(&seen->items[1], &odd);
    store_abort(txn);
}

static void
a_result_sent_twice_counts_once(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct raw_result r = result(1, 0);

    assert_int_equal(add_one(txn, &r), RAW_NEW);
    assert_int_equal(add_one(txn, &r), RAW_SAME);
    r.seq = 5; /* a renumbered spool changes nothing of what was measured */
    assert_int_equal(add_one(txn, &r), RAW_SAME);
    r.measure.phase_us[PHASE_DNS]++;
    assert_int_equal(add_one(txn, &r), RAW_CONFLICT);
    r.measure.family = FAMILY_V6; /* another leg */
    assert_int_equal(add_one(txn, &r), RAW_NEW);
    assert_int_equal(walk(txn, t0_ms, t0_ms + 1)->count, 2);
    store_abort(txn);
}

static void
duplicates_inside_one_batch_are_told_apart(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct raw_result batch[5];
    enum raw_outcome outcomes[5];
    struct err err;

    batch[0] = result(1, 3);
    batch[1] = result(1, 1);
    batch[2] = result(1, 3);
    batch[3] = result(1, 3);
    batch[3].measure.http_status = 500;
    batch[4] = result(1, 2);
    assert_ok(raw_add(txn, batch, 5, outcomes, &err), err);
    assert_int_equal(outcomes[0], RAW_NEW);
    assert_int_equal(outcomes[1], RAW_NEW);
    assert_int_equal(outcomes[2], RAW_SAME);
    assert_int_equal(outcomes[3], RAW_CONFLICT);
    assert_int_equal(outcomes[4], RAW_NEW);
    assert_int_equal(walk(txn, t0_ms, t0_ms + 3600000)->count, 3);
    store_abort(txn);
}

static int
digest_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct buf *all = ctx;

    assert_ok(buf_append(all, key.data, key.len, err), *err);
    assert_ok(buf_append(all, value.data, value.len, err), *err);
    return 0;
}

/* Everything that is stored, one row behind the other. */
static void
dump(struct store_txn *txn, struct buf *all)
{
    struct err err;

    buf_init(all, 1 << 20);
    assert_ok(store_each(txn, STORE_RAW, (struct bytes){0}, (struct bytes){0},
                  digest_row, all, &err),
        err);
}

enum { MANY = 600 };

static void
whatever_the_order_the_bytes_are_equal(void **state)
{
    static struct raw_result all[MANY];
    static enum raw_outcome outcomes[MANY];
    struct store_txn *txn;
    struct buf in_order;
    struct buf shuffled;
    struct err err;

    for (int i = 0; i < MANY; i++) {
        /* 5 s apart and long: several parts in each half hour */
        all[i] = result(1, 0);
        all[i].measure.slot_unix_ms = t0_ms + i * INT64_C(5000);
        all[i].measure.ts_unix_ms = all[i].measure.slot_unix_ms + i % 50;
        all[i].measure.phase_us[PHASE_TLS] = i * 17;
    }
    txn = tmp_store_begin(state);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(add_one(txn, &all[i]), RAW_NEW);
    dump(txn, &in_order);
    assert_int_equal(walk(txn, t0_ms, t0_ms + 3600000)->count, MANY);
    store_abort(txn);

    srandom(1);
    for (size_t i = MANY - 1; i > 0; i--) {
        size_t j = (size_t)random() % (i + 1);
        struct raw_result swap = all[i];

        all[i] = all[j];
        all[j] = swap;
    }
    txn = tmp_store_begin(state);
    for (int i = 0; i < MANY / 2; i++)
        assert_int_equal(add_one(txn, &all[i]), RAW_NEW);
    assert_ok(
        raw_add(txn, all + MANY / 3, MANY - MANY / 3, outcomes, &err), err);
    dump(txn, &shuffled);
    assert_int_equal(in_order.len, shuffled.len);
    assert_memory_equal(in_order.data, shuffled.data, in_order.len);
    buf_free(&in_order);
    buf_free(&shuffled);
    store_abort(txn);
}

static void
a_result_needs_few_bytes(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    static struct raw_result all[60];
    static enum raw_outcome outcomes[60];
    struct buf bytes;
    struct err err;

    for (int i = 0; i < 60; i++)
        all[i] = result(1, i);
    assert_ok(raw_add(txn, all, 60, outcomes, &err), err);
    dump(txn, &bytes);
    assert_true(bytes.len / 60 <= 18);
    buf_free(&bytes);
    store_abort(txn);
}

static void
a_walk_takes_slots_in_its_range_only(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    const struct seen *seen;

    for (int i = 0; i < 200; i++) {
        for (uint32_t agent = 1; agent <= 2; agent++) {
            struct raw_result r = result(agent, i);
            struct raw_result other = r;

            assert_int_equal(add_one(txn, &r), RAW_NEW);
            other.measure.check_id = i % 2 == 0 ? 1 : UINT32_MAX;
            assert_int_equal(add_one(txn, &other), RAW_NEW);
        }
    }
    seen = walk(txn, t0_ms + 1, t0_ms + 60000);
    assert_int_equal(seen->count, 2); /* slot 1 by two agents */
    assert_int_equal(seen->items[0].agent, 1);
    assert_int_equal(seen->items[1].agent, 2);
    seen = walk(txn, 0, INT64_MAX);
    assert_int_equal(seen->count, 400);
    seen = walk(txn, t0_ms + 60000, t0_ms + 60000);
    assert_int_equal(seen->count, 0);
    store_abort(txn);
}

static void
the_callback_can_end_a_walk(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    static struct seen seen;
    struct err err;

    for (int i = 0; i < 200; i++)
        (void)add_one(txn, &(struct raw_result[]){result(1, i)}[0]);
    seen = (struct seen){.end_after = 7};
    assert_ok(raw_each(txn, 0xabcdef01, 0, INT64_MAX, see, &seen, &err), err);
    assert_int_equal(seen.count, 7);
    seen = (struct seen){.end_after = 8};
    assert_ok(raw_each_check(txn, 0, INT64_MAX, see, &seen, &err), err);
    assert_int_equal(seen.count, 8);
    seen = (struct seen){0};
    assert_ok(
        raw_each_check(txn, t0_ms, t0_ms + RAW_BUCKET_MS, see, &seen, &err),
        err);
    assert_int_equal(seen.count, 60);
    store_abort(txn);
}

static void
what_no_chunk_can_hold_is_refused_and_changes_nothing(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct raw_result batch[2];
    enum raw_outcome outcomes[2];
    struct err err;

    batch[0] = result(1, 0);
    batch[1] = result(1, 1);
    batch[1].measure.phase_us[PHASE_DNS] = PHASE_MAX_US + 1;
    assert_int_equal(raw_add(txn, batch, 2, outcomes, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(walk(txn, 0, INT64_MAX)->count, 0);
    batch[1] = result(1, 1);
    batch[1].measure.slot_unix_ms = -1;
    assert_int_equal(raw_add(txn, batch, 2, outcomes, &err), -1);
    store_abort(txn);
}

static void
a_chunk_with_a_flipped_bit_is_refused_or_still_in_range(void **state)
{
    struct raw_chunk chunk;
    uint8_t copy[RAW_CHUNK_MAX_BYTES];
    struct bytes bytes;
    struct raw_key key;
    size_t refused = 0;

    (void)state;
    raw_chunk_init(&chunk, t0_ms);
    for (int i = 0; i < 20; i++)
        assert_true(
            raw_chunk_append(&chunk, &(struct raw_result[]){result(1, i)}[0]));
    key = raw_key_of(&(struct raw_result[]){result(1, 0)}[0]);
    bytes = raw_chunk_bytes(&chunk);
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        struct raw_reader reader;
        struct raw_result r;
        struct err err;
        int rc;

        memcpy(copy, bytes.data, bytes.len);
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        rc = raw_reader_open(&reader, &key,
            (struct bytes){.data = copy, .len = bytes.len}, &err);
        while (rc == 0 && (rc = raw_reader_next(&reader, &r, &err)) == 1) {
            assert_true(raw_is_storable(&r));
            rc = 0;
        }
        refused += rc == -1;
    }
    assert_true(refused > bytes.len);
}

static void
keys_sort_by_time_check_region_agent_and_part(void **state)
{
    static const struct raw_key keys[] = {
        {.bucket_s = 1800, .check = UINT32_MAX, .region = 9, .agent = 9},
        {.bucket_s = 3600, .check = 1, .region = 9, .agent = 9, .part = 9},
        {.bucket_s = 3600, .check = 256, .region = 1, .agent = 9, .part = 9},
        {.bucket_s = 3600, .check = 256, .region = 256, .agent = 1, .part = 9},
        {.bucket_s = 3600, .check = 256, .region = 256, .agent = 256},
        {.bucket_s = 3600,
            .check = 256,
            .region = 256,
            .agent = 256,
            .part = 1},
    };
    uint8_t before[RAW_KEY_BYTES];
    uint8_t bytes[RAW_KEY_BYTES];

    (void)state;
    raw_key_encode(&keys[0], before);
    for (size_t i = 1; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct raw_key again;
        struct err err;

        raw_key_encode(&keys[i], bytes);
        assert_true(memcmp(before, bytes, sizeof(bytes)) < 0);
        memcpy(before, bytes, sizeof(bytes));
        assert_ok(
            raw_key_decode((struct bytes){.data = bytes, .len = sizeof(bytes)},
                &again, &err),
            err);
        assert_int_equal(again.agent, keys[i].agent);
        assert_int_equal(again.part, keys[i].part);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(results_come_back_as_they_were),
        TEST(a_result_sent_twice_counts_once),
        TEST(duplicates_inside_one_batch_are_told_apart),
        TEST(whatever_the_order_the_bytes_are_equal),
        TEST(a_result_needs_few_bytes),
        TEST(a_walk_takes_slots_in_its_range_only),
        TEST(the_callback_can_end_a_walk),
        TEST(what_no_chunk_can_hold_is_refused_and_changes_nothing),
        cmocka_unit_test(
            a_chunk_with_a_flipped_bit_is_refused_or_still_in_range),
        cmocka_unit_test(keys_sort_by_time_check_region_agent_and_part),
    };

    return cmocka_run_group_tests_name("raw", tests, NULL, NULL);
}
