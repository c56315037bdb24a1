#include "raise_budget.h"

#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "cm.h"

#define MINUTE INT64_C(60000)
#define DAY    (24 * 60 * MINUTE)

static const int64_t month_start = INT64_C(1793491200000); /* 2026-11-01 */

static struct conf_check
check_of(int64_t target_millionths, int64_t p95_us)
{
    struct conf_check check = {
        .target_millionths = target_millionths, .expect_p95_us = p95_us};

    check_init(&check.check);
    (void)strcpy(check.check.name, "acme/home");
    check.check.id = check_id_of("acme/home");
    return check;
}

static struct condition_claims
of_month(const struct conf_check *check, int64_t down_ms, int64_t maint_ms)
{
    struct condition_claims claims = {0};
    struct err err;

    assert_ok(raise_budget(&(struct raise_month){.check = check,
                               .from_unix_ms = month_start,
                               .to_unix_ms = month_start + 30 * DAY,
                               .down_ms = down_ms,
                               .maint_ms = maint_ms,
                               .name = "2026-11",
                               .now_unix_ms = month_start + DAY},
                  &claims, &err),
        err);
    return claims;
}

/* 99.9 % of thirty days are 43 min 12 s. */
static void
half_and_all_of_a_months_budget_are_told(void **state)
{
    struct conf_check check = check_of(999000, 0);
    struct condition_claims claims = of_month(&check, 0, 0);

    (void)state;
    assert_claims(&claims, "");
    claims = of_month(&check, 1296 * 1000 - 1, 0);
    assert_claims(&claims, "");
    claims = of_month(&check, 1296 * 1000, 0);
    assert_int_equal(claims.items[0].severity, SEVERITY_TICKET);
    assert_true(claims.items[0].event);
    assert_string_equal(claims.items[0].words,
        "acme/home was down for 21 m 36 s this month; its target of 99.900 % "
        "allows 43 m 12 s: half of the error budget is used");
    assert_claims(&claims, "BUDGET acme/home 2026-11:50");
    claims = of_month(&check, 2592 * 1000, 0);
    assert_int_equal(claims.items[1].severity, SEVERITY_NOTIFY);
    assert_claims(
        &claims, "BUDGET acme/home 2026-11:50, BUDGET acme/home 2026-11:100");
    /* Ten days of maintenance promise less. */
    claims = of_month(&check, 864 * 1000, 10 * DAY);
    assert_claims(&claims, "BUDGET acme/home 2026-11:50");
}

static void
a_target_of_all_is_used_up_by_the_first_slot(void **state)
{
    struct conf_check check = check_of(1000000, 0);
    struct condition_claims claims = of_month(&check, 1, 0);

    (void)state;
    assert_claims(
        &claims, "BUDGET acme/home 2026-11:50, BUDGET acme/home 2026-11:100");
    claims = of_month(&check, 0, 0);
    assert_claims(&claims, "");
}

static void
assert_hour(uint64_t n, int64_t p95_us, bool held, const char *expected)
{
    struct conf_check check = check_of(999000, 800000);
    struct condition_claims claims = {0};
    struct err err;

    assert_ok(raise_p95(&(struct raise_hour){.check = &check,
                            .n = n,
                            .p95_us = p95_us,
                            .held = held,
                            .now_unix_ms = month_start},
                  &claims, &err),
        err);
    assert_claims(&claims, expected);
}

static void
a_p95_that_is_missed_needs_twenty_results(void **state)
{
    (void)state;
    assert_hour(20, 800000, false, "");
    assert_hour(20, 800001, false, "P95 acme/home");
    assert_hour(19, 9000000, false, "");
    assert_hour(0, -1, false, "");
    /* Held until it is clearly better; too few say nothing. */
    assert_hour(20, 760001, true, "P95 acme/home");
    assert_hour(20, 760000, true, "");
    assert_hour(19, 1, true, "P95 acme/home");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_and_all_of_a_months_budget_are_told),
        cmocka_unit_test(a_target_of_all_is_used_up_by_the_first_slot),
        cmocka_unit_test(a_p95_that_is_missed_needs_twenty_results),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
