#include "slot.h"

#include <string.h>

#include "cm.h"

static const struct slot_rule http = {.confirms = true, .legs = 1};
static const struct slot_rule form = {.confirms = false, .legs = 1};
static const struct slot_rule both = {.confirms = true, .legs = 3};

static struct measure
result(int64_t ts, uint8_t attempt, enum measure_status status)
{
    struct measure measure;

    measure_init(&measure);
    measure.ts_unix_ms = ts;
    measure.attempt = attempt;
    measure.status = (uint8_t)status;
    measure.family = FAMILY_V4;
    if (status == MEASURE_DOWN)
        measure.reason = REASON_HTTP_STATUS;
    return measure;
}

/* Notes the results and gives the ballot. */
static enum ballot
ballot_of(const struct slot_rule *rule, const struct measure *measures,
    size_t count, bool closed)
{
    struct slot_leg legs[SLOT_LEGS_MAX];

    memset(legs, 0, sizeof(legs));
    for (size_t i = 0; i < count; i++)
        slot_note(legs, rule, &measures[i]);
    return slot_ballot(legs, rule, 0, closed);
}

static void
the_last_attempt_that_votes_is_the_vote(void **state)
{
    struct measure m[3] = {result(10, 0, MEASURE_UP)};

    (void)state;
    assert_int_equal(ballot_of(&http, m, 0, false), BALLOT_MISSING);
    assert_int_equal(ballot_of(&http, m, 0, true), BALLOT_NONE);
    m[0] = result(10, 0, MEASURE_UP);
    assert_int_equal(ballot_of(&http, m, 1, false), BALLOT_UP);
    m[0] = result(10, 0, MEASURE_SLOW);
    assert_int_equal(ballot_of(&http, m, 1, false), BALLOT_UP);
    m[0] = result(10, 0, MEASURE_DOWN);
    m[1] = result(15, 1, MEASURE_DOWN);
    assert_int_equal(ballot_of(&http, m, 2, false), BALLOT_DOWN);
    m[1] = result(15, 1, MEASURE_UP);
    assert_int_equal(ballot_of(&http, m, 2, false), BALLOT_UP);
    m[2] = result(20, 0, MEASURE_ERROR);
    assert_int_equal(ballot_of(&http, m, 3, false), BALLOT_UP);
}

static void
an_error_is_an_answer_without_a_vote(void **state)
{
    struct measure m = result(10, 0, MEASURE_ERROR);

    (void)state;
    assert_int_equal(ballot_of(&http, &m, 1, false), BALLOT_NONE);
    m = result(10, 0, MEASURE_DOWN);
    m.isolated = true;
    assert_int_equal(ballot_of(&http, &m, 1, false), BALLOT_NONE);
    m = result(10, 0, MEASURE_UP);
    m.isolated = true;
    assert_int_equal(ballot_of(&http, &m, 1, true), BALLOT_NONE);
}

static void
a_first_down_waits_for_the_second_attempt(void **state)
{
    struct measure m[2] = {
        result(10, 0, MEASURE_DOWN), result(15, 1, MEASURE_ERROR)};

    (void)state;
    assert_int_equal(ballot_of(&http, m, 1, false), BALLOT_PENDING);
    assert_int_equal(ballot_of(&http, m, 1, true), BALLOT_UNCONFIRMED);
    assert_int_equal(ballot_of(&form, m, 1, false), BALLOT_DOWN);
    /* The second attempt came, but has no vote: the first one counts. */
    assert_int_equal(ballot_of(&http, m, 2, false), BALLOT_UNCONFIRMED);
}

static void
a_second_attempt_before_the_first_does_not_confirm_it(void **state)
{
    struct measure m[3] = {result(10, 0, MEASURE_DOWN),
        result(15, 1, MEASURE_UP), result(30, 0, MEASURE_DOWN)};

    (void)state;
    assert_int_equal(ballot_of(&http, m, 3, false), BALLOT_PENDING);
}

static void
one_family_that_is_up_makes_the_vote_up(void **state)
{
    struct measure m[4] = {result(10, 0, MEASURE_DOWN),
        result(15, 1, MEASURE_DOWN), result(10, 0, MEASURE_UP),
        result(10, 0, MEASURE_DOWN)};
    struct slot_leg legs[SLOT_LEGS_MAX];

    (void)state;
    m[2].family = FAMILY_V6;
    m[3].family = FAMILY_V6;
    /* IPv6 has not answered yet: it could still be up. */
    assert_int_equal(ballot_of(&both, m, 2, false), BALLOT_PENDING);
    assert_int_equal(ballot_of(&both, m, 2, true), BALLOT_DOWN);
    assert_int_equal(ballot_of(&both, m, 3, false), BALLOT_UP);
    m[2] = m[3];
    assert_int_equal(ballot_of(&both, m, 3, false), BALLOT_PENDING);
    assert_int_equal(ballot_of(&both, m, 3, true), BALLOT_DOWN);
    /* A leg that cannot be tried is not waited for. */
    memset(legs, 0, sizeof(legs));
    slot_note(legs, &both, &m[0]);
    slot_note(legs, &both, &m[1]);
    assert_int_equal(slot_ballot(legs, &both, 1U << 2, false), BALLOT_DOWN);
    assert_int_equal(slot_reason(legs, &both), REASON_HTTP_STATUS);
}

static void
an_error_of_one_family_leaves_the_vote_to_the_other(void **state)
{
    struct measure m[3] = {result(10, 0, MEASURE_DOWN),
        result(15, 1, MEASURE_DOWN), result(10, 0, MEASURE_ERROR)};

    (void)state;
    m[2].family = FAMILY_V6;
    assert_int_equal(ballot_of(&both, m, 3, false), BALLOT_DOWN);
    m[0] = m[2];
    assert_int_equal(ballot_of(&both, m, 1, false), BALLOT_MISSING);
    assert_int_equal(ballot_of(&both, m, 1, true), BALLOT_NONE);
}

static void
order_and_doubles_change_nothing(void **state)
{
    struct measure m[4] = {result(10, 0, MEASURE_DOWN),
        result(15, 1, MEASURE_UP), result(30, 0, MEASURE_DOWN),
        result(35, 1, MEASURE_DOWN)};
    static const int orders[][5] = {{0, 1, 2, 3, 0}, {3, 2, 1, 0, 3},
        {2, 0, 3, 1, 1}, {1, 3, 0, 2, 2}, {3, 0, 0, 1, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        struct slot_leg legs[SLOT_LEGS_MAX];

        memset(legs, 0, sizeof(legs));
        for (size_t k = 0; k < 5; k++)
            slot_note(legs, &http, &m[orders[i][k]]);
        assert_int_equal(slot_ballot(legs, &http, 0, false), BALLOT_DOWN);
        assert_int_equal(legs[0].voted_unix_ms, 35);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_attempt_that_votes_is_the_vote),
        cmocka_unit_test(an_error_is_an_answer_without_a_vote),
        cmocka_unit_test(a_first_down_waits_for_the_second_attempt),
        cmocka_unit_test(a_second_attempt_before_the_first_does_not_confirm_it),
        cmocka_unit_test(one_family_that_is_up_makes_the_vote_up),
        cmocka_unit_test(an_error_of_one_family_leaves_the_vote_to_the_other),
        cmocka_unit_test(order_and_doubles_change_nothing),
    };

    return cmocka_run_group_tests_name("slot", tests, NULL, NULL);
}
