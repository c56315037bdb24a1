#include "registry.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "registry_codec.h"
#include "tmp_store.h"

static void
a_name_keeps_its_number(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    char name[REGISTRY_NAME_BYTES];
    uint32_t eu = 0;
    uint32_t us = 0;
    uint32_t agent = 0;
    uint32_t again = 0;
    struct err err;

    assert_int_equal(registry_find(txn, REGISTRY_REGION, "eu", &eu, &err), 0);
    assert_ok(registry_number(txn, REGISTRY_REGION, "eu", &eu, &err), err);
    assert_ok(registry_number(txn, REGISTRY_REGION, "us", &us, &err), err);
    assert_ok(registry_number(txn, REGISTRY_AGENT, "eu", &agent, &err), err);
    assert_int_equal(eu, 1);
    assert_int_equal(us, 2);
    assert_int_equal(agent, 1); /* each kind counts for itself */
    assert_ok(registry_number(txn, REGISTRY_REGION, "eu", &again, &err), err);
    assert_int_equal(again, eu);
    assert_int_equal(
        registry_find(txn, REGISTRY_REGION, "us", &again, &err), 1);
    assert_int_equal(again, us);
    assert_int_equal(registry_name(txn, REGISTRY_REGION, 2, name, &err), 1);
    assert_string_equal(name, "us");
    assert_int_equal(registry_name(txn, REGISTRY_REGION, 3, name, &err), 0);
    store_abort(txn);
}

static void
a_name_that_cannot_be_one_is_refused(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    char longest[REGISTRY_NAME_BYTES + 1];
    uint32_t number;
    struct err err;

    memset(longest, 'a', sizeof(longest));
    longest[REGISTRY_NAME_BYTES] = '\0';
    assert_int_equal(
        registry_number(txn, REGISTRY_AGENT, longest, &number, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(
        registry_number(txn, REGISTRY_AGENT, "", &number, &err), -1);
    longest[REGISTRY_NAME_BYTES - 1] = '\0';
    assert_ok(
        registry_number(txn, REGISTRY_AGENT, longest, &number, &err), err);
    store_abort(txn);
}

static void
regions_end_at_what_their_number_can_count(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    uint32_t number = 0;
    char name[16];
    struct err err;

    for (int i = 0; i < UINT16_MAX; i++) {
        (void)snprintf(name, sizeof(name), "r%d", i);
        assert_ok(
            registry_number(txn, REGISTRY_REGION, name, &number, &err), err);
    }
    assert_int_equal(number, UINT16_MAX);
    assert_int_equal(
        registry_number(txn, REGISTRY_REGION, "one-more", &number, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    store_abort(txn);
}

static const struct agent_row eu1 = {.name = "eu1",
    .region = "eu",
    .number = 7,
    .region_number = 1,
    .keys = {{1, 2, 3}, {4, 5, 6}},
    .key_count = 2,
    .suspended = true,
    .added_unix_ms = 1700000000000,
    .last_seen_unix_ms = 1700000001000,
    .build = "0.1.0",
    .spool_records = 12,
    .skipped = 3,
    .lost = 4,
    .clock_offset_ms = -250,
    .clock_offset_known = true,
    .self_check = 2,
    .cfg_sent = 9,
    .cfg_confirmed = 8,
    .cfg_refused = "unknown kind",
    .address = "192.0.2.1",
    .rotate = true,
    .clone_unix_ms = 1700000002000,
    .clone_address = "198.51.100.7"};

/* Structs have holes; their rows have not. */
static void
assert_same_agent(const struct agent_row *a, const struct agent_row *b)
{
    struct buf bytes[2];
    struct err err;

    buf_init(&bytes[0], REGISTRY_ROW_MAX_BYTES);
    buf_init(&bytes[1], REGISTRY_ROW_MAX_BYTES);
    assert_ok(agent_row_encode(a, &bytes[0], &err), err);
    assert_ok(agent_row_encode(b, &bytes[1], &err), err);
    assert_int_equal(bytes[0].len, bytes[1].len);
    assert_memory_equal(bytes[0].data, bytes[1].data, bytes[0].len);
    assert_string_equal(a->cfg_refused, b->cfg_refused);
    assert_int_equal(a->clock_offset_ms, b->clock_offset_ms);
    buf_free(&bytes[0]);
    buf_free(&bytes[1]);
}

static int
list_agent(void *ctx, const struct agent_row *row, struct err *err)
{
    (void)err;
    (void)strcat(ctx, row->name);
    return 0;
}

static void
an_agent_comes_back_as_it_was(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct agent_row row;
    struct agent_row other = eu1;
    char names[64] = "";
    struct err err;

    assert_ok(agent_put(txn, &eu1, &err), err);
    (void)strcpy(other.name, "ap1");
    other.key_count = 0;
    assert_ok(agent_put(txn, &other, &err), err);
    assert_int_equal(agent_get(txn, "eu1", &row, &err), 1);
    assert_same_agent(&row, &eu1);
    assert_int_equal(agent_get(txn, "us1", &row, &err), 0);
    assert_int_equal(agent_get(txn, "", &row, &err), 0);
    assert_ok(agent_each(txn, list_agent, names, &err), err);
    assert_string_equal(names, "ap1eu1");
    store_abort(txn);
}

static void
a_row_of_another_version_is_not_guessed_at(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    static const uint8_t newer[] = {3, 3, 'e', 'u', '1'};
    struct agent_row row;
    struct err err;

    assert_ok(store_put(txn, STORE_AGENTS,
                  (struct bytes){.data = (const uint8_t *)"eu1", .len = 3},
                  (struct bytes){.data = newer, .len = sizeof(newer)}, &err),
        err);
    assert_int_equal(agent_get(txn, "eu1", &row, &err), -1);
    assert_int_equal(err.code, ERR_STATE);
    store_abort(txn);
}

/* Rows that were written before rotation and clones were kept. */
static void
a_row_of_the_first_version_is_read(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct agent_row first = eu1;
    struct agent_row row;
    struct buf bytes;
    struct err err;

    first.rotate = false;
    first.clone_unix_ms = 0;
    first.clone_address[0] = '\0';
    buf_init(&bytes, REGISTRY_ROW_MAX_BYTES);
    assert_ok(agent_row_encode(&first, &bytes, &err), err);
    bytes.data[0] = 1;
    bytes.len -= 3; /* the three that came after */
    assert_ok(store_put(txn, STORE_AGENTS,
                  (struct bytes){.data = (const uint8_t *)"eu1", .len = 3},
                  buf_bytes(&bytes), &err),
        err);
    buf_free(&bytes);
    assert_int_equal(agent_get(txn, "eu1", &row, &err), 1);
    assert_same_agent(&row, &first);
    store_abort(txn);
}

static void
a_token_is_kept_until_it_is_deleted(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct token_row token = {
        .key = {9, 8, 7}, .agent = "eu1", .expires_unix_ms = 5, .used = true};
    struct token_row got;
    struct err err;

    assert_ok(token_put(txn, &token, &err), err);
    assert_int_equal(token_get(txn, token.key, &got, &err), 1);
    assert_memory_equal(got.key, token.key, sizeof(got.key));
    assert_string_equal(got.agent, "eu1");
    assert_true(got.used);
    assert_ok(token_delete(txn, token.key, &err), err);
    assert_ok(token_delete(txn, token.key, &err), err); /* twice is fine */
    assert_int_equal(token_get(txn, token.key, &got, &err), 0);
    store_abort(txn);
}

static void
a_mark_that_was_never_set_is_zero(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    const uint8_t spool[REGISTRY_SPOOL_ID_BYTES] = {1};
    struct mark_row mark = {.acked_seq = UINT64_MAX,
        .acked_crc = UINT32_MAX,
        .taken = 5,
        .lost = 6,
        .quarantined = 7,
        .refused = 8};
    struct mark_row got = mark;
    struct err err;

    assert_int_equal(mark_get(txn, 1, spool, &got, &err), 0);
    assert_int_equal(got.acked_seq, 0);
    assert_ok(mark_put(txn, 1, spool, &mark, &err), err);
    assert_int_equal(mark_get(txn, 1, spool, &got, &err), 1);
    assert_true(got.acked_seq == mark.acked_seq);
    assert_int_equal(got.acked_crc, mark.acked_crc);
    assert_int_equal(got.taken, 5);
    assert_int_equal(got.lost, 6);
    assert_int_equal(got.quarantined, 7);
    assert_int_equal(got.refused, 8);
    assert_int_equal(mark_get(txn, 2, spool, &got, &err), 0);
    store_abort(txn);
}

static void
a_checks_first_slot_only_moves_back(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct check_row row;
    struct err err;

    assert_ok(check_row_note(txn, 5, "acme/home", 2000, &err), err);
    assert_ok(check_row_note(txn, 5, "acme/home", 3000, &err), err);
    assert_int_equal(check_row_get(txn, 5, &row, &err), 1);
    assert_int_equal(row.first_slot_unix_ms, 2000);
    assert_ok(check_row_note(txn, 5, "acme/home", 1000, &err), err);
    assert_int_equal(check_row_get(txn, 5, &row, &err), 1);
    assert_int_equal(row.first_slot_unix_ms, 1000);
    assert_string_equal(row.name, "acme/home");
    assert_int_equal(check_row_get(txn, 6, &row, &err), 0);
    store_abort(txn);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_keeps_its_number),
        TEST(a_name_that_cannot_be_one_is_refused),
        TEST(regions_end_at_what_their_number_can_count),
        TEST(an_agent_comes_back_as_it_was),
        TEST(a_row_of_another_version_is_not_guessed_at),
        TEST(a_row_of_the_first_version_is_read),
        TEST(a_token_is_kept_until_it_is_deleted),
        TEST(a_mark_that_was_never_set_is_zero),
        TEST(a_checks_first_slot_only_moves_back),
    };

    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
