#include "evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "tmp_store.h"

static const int64_t t0_ms = 1700002800000;

static void
put(struct store_txn *txn, uint32_t agent, int64_t ts_ms, const char *detail)
{
    struct evidence_key key = {
        .check = 7, .agent = agent, .ts_unix_ms = ts_ms, .family = 4};
    struct facts *facts = facts_new();
    struct err err;

    assert_non_null(facts);
    (void)snprintf(facts->detail, sizeof(facts->detail), "%s", detail);
    assert_ok(evidence_put(txn, &key, facts, &err), err);
    facts_free(facts);
}

/* The detail of the newest of `agent` at or before that moment; "" if none. */
static const char *
latest(struct store_txn *txn, uint32_t agent, int64_t ts_ms, int64_t back_ms)
{
    static char detail[FACTS_TEXT_BYTES];
    struct evidence_key key = {.check = 7, .agent = agent, .ts_unix_ms = ts_ms};
    struct evidence_key found;
    struct facts *facts = NULL;
    struct err err;
    int rc = evidence_latest(txn, &key, back_ms, &found, &facts, &err);

    detail[0] = '\0';
    if (rc < 0)
        fail_msg("%s", err.msg);
    if (rc == 1)
        (void)strcpy(detail, facts->detail);
    facts_free(facts);
    return detail;
}

static void
evidence_is_found_by_its_key(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct evidence_key key = {
        .check = 7, .agent = 1, .ts_unix_ms = t0_ms, .family = 4};
    struct facts *facts = NULL;
    struct err err;

    put(txn, 1, t0_ms, "first");
    assert_int_equal(evidence_get(txn, &key, &facts, &err), 1);
    assert_string_equal(facts->detail, "first");
    facts_free(facts);
    key.attempt = 1;
    assert_int_equal(evidence_get(txn, &key, &facts, &err), 0);
    store_abort(txn);
}

static void
the_latest_is_the_newest_at_or_before(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);

    put(txn, 1, t0_ms - 1000, "before the hour");
    put(txn, 1, t0_ms + 1000, "one");
    put(txn, 2, t0_ms + 2000, "two");
    assert_string_equal(latest(txn, 0, t0_ms + 5000, 0), "two");
    assert_string_equal(latest(txn, 1, t0_ms + 5000, 0), "one");
    assert_string_equal(latest(txn, 1, t0_ms + 1000, 0), "one");
    assert_string_equal(latest(txn, 1, t0_ms + 999, 0), "before the hour");
    assert_string_equal(latest(txn, 3, t0_ms + 5000, 0), "");
    assert_string_equal(latest(txn, 1, t0_ms + 7200000, 0), "");
    assert_string_equal(latest(txn, 1, t0_ms + 7200000, 86400000), "one");
    assert_string_equal(latest(txn, 0, t0_ms - 1001, 0), "");
    store_abort(txn);
}

/* Names that do not compress pass any limit; a part of them is kept. */
static void
evidence_that_is_too_long_is_cut_to_what_fits(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct evidence_key key = {.check = 7, .agent = 1, .ts_unix_ms = t0_ms};
    struct facts *facts = facts_new();
    struct facts *got = NULL;
    struct err err;

    assert_non_null(facts);
    facts->dns = calloc(1, sizeof(*facts->dns));
    assert_non_null(facts->dns);
    facts->dns->answers =
        calloc(FACTS_ANSWERS_MAX, sizeof(*facts->dns->answers));
    assert_non_null(facts->dns->answers);
    facts->dns->answer_count = FACTS_ANSWERS_MAX;
    srandom(1);
    for (size_t i = 0; i < FACTS_ANSWERS_MAX; i++) {
        struct dns_answer_fact *answer = &facts->dns->answers[i];

        (void)strcpy(answer->type, "TXT");
        for (size_t c = 0; c < FACTS_TEXT_BYTES - 1; c++) {
            answer->name[c] = (char)('!' + random() % 90);
            answer->data[c] = (char)('!' + random() % 90);
        }
    }
    assert_ok(evidence_put(txn, &key, facts, &err), err);
    assert_int_equal(facts->dns->answer_count, FACTS_ANSWERS_MAX);
    assert_int_equal(evidence_get(txn, &key, &got, &err), 1);
    assert_true(got->dns->answer_count > 0);
    assert_true(got->dns->answer_count < FACTS_ANSWERS_MAX);
    assert_int_equal(
        got->dns->answer_count + got->dns->left_out, FACTS_ANSWERS_MAX);
    facts_free(facts);
    facts_free(got);
    store_abort(txn);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(evidence_is_found_by_its_key),
        TEST(the_latest_is_the_newest_at_or_before),
        TEST(evidence_that_is_too_long_is_cut_to_what_fits),
    };

    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
