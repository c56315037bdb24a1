#include "deadman.h"

#include <stdio.h>
#include <string.h>

#include "canary.h"
#include "check.h"
#include "cm.h"
#include "tmp_store.h"

static const int64_t now_unix_ms = INT64_C(1795486200000);

static void
it_calls_while_canaries_arrive_and_mails_leave(void **state)
{
    static const struct {
        int64_t canary_s; /* ago; -1: none */
        int64_t head_s;   /* ago; -1: none */
        const char *why;
    } cases[] = {
        {-1, -1, "no result has come"},
        {0, -1, NULL},
        {90, -1, NULL},
        {91, -1, "90 s"},
        {10, 300, NULL},
        {10, 301, "5 min"},
        {91, 301, "90 s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *why = deadman_silence(
            cases[i].canary_s < 0 ? 0 : now_unix_ms - cases[i].canary_s * 1000,
            cases[i].head_s < 0 ? 0 : now_unix_ms - cases[i].head_s * 1000,
            now_unix_ms);

        if ((why == NULL) != (cases[i].why == NULL) ||
            (why != NULL && strstr(why, cases[i].why) == NULL))
            fail_msg("case %zu: %s", i, why == NULL ? "calls" : why);
    }
}

static struct measure
canary_of(int64_t ts_unix_ms, enum measure_status status)
{
    struct measure measure = {
        .check_id = CHECK_CANARY_ID,
        .ts_unix_ms = ts_unix_ms,
        .slot_unix_ms = ts_unix_ms,
        .status = (uint8_t)status,
        .reason = status == MEASURE_DOWN    ? REASON_CONNECT_REFUSED
                  : status == MEASURE_ERROR ? REASON_AGENT_LIMIT
                                            : REASON_NONE,
        .failed_phase = status == MEASURE_DOWN ? PHASE_CONNECT : -1,
    };

    for (int i = 0; i < PHASE_COUNT; i++)
        measure.phase_us[i] = PHASE_NOT_REACHED;
    if (status == MEASURE_UP)
        measure.phase_us[PHASE_TOTAL] = 1;
    return measure;
}

static void
a_canary_arrives_whatever_it_says(void **state)
{
    static const enum measure_status statuses[] = {
        MEASURE_UP, MEASURE_DOWN, MEASURE_ERROR};
    struct store_txn *txn = tmp_store_begin(state);
    struct canary canary = {0};
    struct err err;

    assert_ok(canary_run(&canary, txn, &err), err);
    assert_int_equal(canary.arrived_unix_ms, 0);
    for (int i = 0; i < 3; i++) {
        struct measure measure = canary_of(now_unix_ms + i, statuses[i]);

        canary_note(&canary, &measure, now_unix_ms + 10);
        assert_ok(canary_run(&canary, txn, &err), err);
        assert_int_equal(canary.arrived_unix_ms, now_unix_ms + i);
    }
    store_abort(txn);
}

static void
an_older_one_and_one_from_the_future_do_not_count(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct measure measure = canary_of(now_unix_ms, MEASURE_UP);
    struct canary canary = {0};
    struct err err;

    canary_note(&canary, &measure, now_unix_ms);
    measure.ts_unix_ms = now_unix_ms - 1;
    canary_note(&canary, &measure, now_unix_ms);
    measure.ts_unix_ms = now_unix_ms + 1;
    canary_note(&canary, &measure, now_unix_ms);
    assert_ok(canary_run(&canary, txn, &err), err);
    assert_int_equal(canary.arrived_unix_ms, now_unix_ms);
    store_abort(txn);
}

static void
its_number_is_no_check_s(void **state)
{
    (void)state;
    assert_int_equal(check_id_of(CHECK_CANARY_NAME), CHECK_CANARY_ID);
}

#define with_store(test)                                                       \
    cmocka_unit_test_setup_teardown(test, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_calls_while_canaries_arrive_and_mails_leave),
        with_store(a_canary_arrives_whatever_it_says),
        with_store(an_older_one_and_one_from_the_future_do_not_count),
        cmocka_unit_test(its_number_is_no_check_s),
    };

    return cmocka_run_group_tests_name("deadman", tests, NULL, NULL);
}
