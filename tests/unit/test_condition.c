#include "condition.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "tmp_store.h"

static const int64_t noon = INT64_C(1790000000000);

/* What was told, as one line: "opened eu1, closed eu1, ". */
struct told {
    char text[512];
};

static int
take_news(void *ctx, struct store_txn *txn, enum condition_news news,
    const struct condition *condition, struct err *err)
{
    static const char *const words[] = {"opened", "changed", "closed"};
    struct told *told = ctx;
    size_t len = strlen(told->text);

    (void)txn;
    (void)err;
    (void)snprintf(told->text + len, sizeof(told->text) - len, "%s %s, ",
        words[news], condition->claim.subject);
    return 0;
}

static struct condition_claim
claim_of(const char *agent, int64_t since_unix_ms)
{
    struct condition_claim claim = {
        .class = ALERT_AGENT_OFFLINE,
        .severity = SEVERITY_NOTIFY,
        .on = CONDITION_ON_AGENT,
        .since_unix_ms = since_unix_ms,
        .words = "silent",
    };

    (void)snprintf(claim.subject, sizeof(claim.subject), "%s", agent);
    return claim;
}

/* Settles one claim, or none where it is NULL, and gives what was told. */
static const char *
settle(struct store_txn *txn, const struct condition_claim *claim,
    int64_t now_unix_ms)
{
    static struct told told;
    struct condition_claims claims = {0};
    struct err err;

    told.text[0] = '\0';
    if (claim != NULL)
        assert_ok(condition_claims_add(&claims, claim, &err), err);
    assert_ok(condition_settle(txn, ALERT_AGENT_OFFLINE, &claims, now_unix_ms,
                  take_news, &told, &err),
        err);
    condition_claims_free(&claims);
    return told.text;
}

static int
count_one(void *ctx, const struct condition *condition, struct err *err)
{
    size_t *count = ctx;

    (void)condition;
    (void)err;
    ++*count;
    return 0;
}

static size_t
open_count(struct store_txn *txn)
{
    size_t count = 0;
    struct err err;

    assert_ok(condition_each_open(txn, count_one, &count, &err), err);
    return count;
}

static void
what_is_claimed_opens_once_and_ends_when_it_is_claimed_no_more(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct condition_claim claim = claim_of("eu1", noon);

    assert_string_equal(settle(txn, &claim, noon + 1000), "opened eu1, ");
    assert_string_equal(settle(txn, &claim, noon + 2000), "");
    assert_int_equal(open_count(txn), 1);
    assert_string_equal(settle(txn, NULL, noon + 3000), "closed eu1, ");
    assert_int_equal(open_count(txn), 0);
    assert_string_equal(settle(txn, NULL, noon + 4000), "");
    store_abort(txn);
}

static void
its_start_and_name_stay_while_its_words_change(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct condition_claim claim = claim_of("eu1", noon);

    (void)settle(txn, &claim, noon);
    claim.since_unix_ms = noon + 5000;
    claim.severity = SEVERITY_PAGE;
    assert_string_equal(settle(txn, &claim, noon + 6000), "changed eu1, ");
    claim = claim_of("us1", noon);
    assert_string_equal(
        settle(txn, &claim, noon + 7000), "opened us1, closed eu1, ");
    claim = claim_of("eu1", noon);
    assert_string_equal(
        settle(txn, &claim, noon + 8000), "opened eu1, closed us1, ");
    assert_int_equal(open_count(txn), 1);
    store_abort(txn);
}

static int
keep_id(void *ctx, const struct condition *condition, struct err *err)
{
    (void)err;
    memcpy(ctx, condition->id, sizeof(condition->id));
    return 0;
}

static void
it_is_found_by_a_front_of_its_id(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct condition_claim claim = claim_of("eu1", noon);
    char id[INCIDENT_ID_BYTES];
    char typed[16];
    struct condition found;
    struct err err;

    (void)settle(txn, &claim, noon);
    assert_ok(condition_each_open(txn, keep_id, id, &err), err);
    (void)snprintf(typed, sizeof(typed), "INC-%.4s", id);
    assert_int_equal(condition_get(txn, typed, &found, &err), 1);
    assert_string_equal(found.id, id);
    assert_string_equal(found.claim.words, "silent");
    assert_int_equal(condition_get(txn, "ZZZZZZZZ", &found, &err), 0);
    store_abort(txn);
}

static void
an_event_opens_once_and_ends_a_day_later(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct condition_claim claim = claim_of("eu1", noon);
    const int64_t day = INT64_C(24) * 3600 * 1000;

    claim.event = true;
    (void)snprintf(claim.key, sizeof(claim.key), "clone of 192.0.2.1");
    assert_string_equal(settle(txn, &claim, noon), "opened eu1, ");
    assert_string_equal(settle(txn, NULL, noon + 1000), "");
    assert_string_equal(settle(txn, &claim, noon + day), "closed eu1, ");
    claim.since_unix_ms = noon + day;
    assert_string_equal(settle(txn, &claim, noon + day + 1000), "");
    store_abort(txn);
}

static void
what_ended_long_ago_is_swept(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct condition_claim claim = claim_of("eu1", noon);
    size_t count = 0;
    struct err err;

    (void)settle(txn, &claim, noon);
    (void)settle(txn, NULL, noon + 1000);
    assert_ok(condition_sweep(txn, noon + 1000, &err), err);
    assert_ok(
        condition_each(txn, noon, noon + 1, count_one, &count, &err), err);
    assert_int_equal(count, 1);
    assert_ok(condition_sweep(txn, noon + 1001, &err), err);
    count = 0;
    assert_ok(
        condition_each(txn, noon, noon + 1, count_one, &count, &err), err);
    assert_int_equal(count, 0);
    store_abort(txn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_is_claimed_opens_once_and_ends_when_it_is_claimed_no_more,
            tmp_store_setup, tmp_store_teardown),
        cmocka_unit_test_setup_teardown(
            its_start_and_name_stay_while_its_words_change, tmp_store_setup,
            tmp_store_teardown),
        cmocka_unit_test_setup_teardown(it_is_found_by_a_front_of_its_id,
            tmp_store_setup, tmp_store_teardown),
        cmocka_unit_test_setup_teardown(
            an_event_opens_once_and_ends_a_day_later, tmp_store_setup,
            tmp_store_teardown),
        cmocka_unit_test_setup_teardown(
            what_ended_long_ago_is_swept, tmp_store_setup, tmp_store_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
