#include "raise_check.h"

#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "cm.h"
#include "raise_region.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

/* 2026-11-24T03:12:00Z */
static const int64_t start = INT64_C(1795489920000);

struct world {
    struct check check;
    struct raise_leg legs[4];
    size_t count;
    int64_t slot_unix_ms;
};

static int
setup(void **state)
{
    static struct world world;

    world = (struct world){.slot_unix_ms = start};
    check_init(&world.check);
    (void)strcpy(world.check.name, "acme/home");
    world.check.id = check_id_of("acme/home");
    world.check.kind = CHECK_HTTP;
    world.check.interval_ms = MINUTE;
    world.check.slow_ms = 2 * SECOND;
    world.count = 2;
    world.legs[0] = (struct raise_leg){
        .check = world.check.id, .agent = 1, .region = "eu", .name = "eu1"};
    world.legs[1] = (struct raise_leg){
        .check = world.check.id, .agent = 2, .region = "us", .name = "us1"};
    *state = &world;
    return 0;
}

static struct measure
result_of(const struct world *world, enum measure_status status,
    enum measure_reason reason)
{
    struct measure measure;

    measure_init(&measure);
    measure.check_id = world->check.id;
    measure.status = (uint8_t)status;
    measure.reason = reason;
    measure.slot_unix_ms = measure.ts_unix_ms = world->slot_unix_ms;
    measure.attempt = status == MEASURE_DOWN;
    return measure;
}

static void
take(struct world *world, size_t leg, enum measure_status status,
    enum measure_reason reason)
{
    struct measure measure = result_of(world, status, reason);

    (void)raise_leg_take(&world->legs[leg], &world->check, &measure,
        world->slot_unix_ms + 10 * SECOND);
}

/* So many slots in which one leg finds that; the others are up. */
static void
pass(struct world *world, int slots, size_t leg, enum measure_status status,
    enum measure_reason reason)
{
    for (int i = 0; i < slots; i++) {
        for (size_t k = 0; k < world->count; k++)
            take(world, k, k == leg ? status : MEASURE_UP,
                k == leg ? reason : REASON_NONE);
        world->slot_unix_ms += world->check.interval_ms;
    }
}

typedef int raise_fn(const struct raise_view *view,
    struct condition_claims *claims, struct err *err);

static struct condition_claims
raised(const struct world *world, raise_fn *fn)
{
    const struct raise_view view = {
        .check = &world->check, .legs = world->legs, .count = world->count};
    struct condition_claims claims = {0};
    struct err err;

    assert_ok(fn(&view, &claims, &err), err);
    return claims;
}

static void
assert_raised(const struct world *world, raise_fn *fn, const char *expected)
{
    struct condition_claims claims = raised(world, fn);

    assert_claims(&claims, expected);
}

static void
five_slow_slots_in_a_row_are_a_ticket(void **state)
{
    struct world *world = *state;
    struct condition_claims claims;

    pass(world, 4, 0, MEASURE_SLOW, REASON_NONE);
    assert_raised(world, raise_slow, "");
    pass(world, 1, 0, MEASURE_UP, REASON_NONE);
    pass(world, 4, 0, MEASURE_SLOW, REASON_NONE);
    assert_raised(world, raise_slow, "");
    pass(world, 1, 0, MEASURE_SLOW, REASON_NONE);
    claims = raised(world, raise_slow);
    assert_int_equal(claims.items[0].severity, SEVERITY_TICKET);
    assert_int_equal(claims.items[0].since_unix_ms, start + 5 * MINUTE);
    assert_string_equal(claims.items[0].words,
        "acme/home takes longer than 2.00 s from eu since 03:17:00");
    assert_claims(&claims, "SLOW acme/home");
    /* Another region is no new ticket, and one fast slot no end. */
    pass(world, 5, 1, MEASURE_SLOW, REASON_NONE);
    pass(world, 4, 2, MEASURE_UP, REASON_NONE);
    assert_raised(world, raise_slow, "SLOW acme/home");
    pass(world, 1, 2, MEASURE_UP, REASON_NONE);
    assert_raised(world, raise_slow, "");
}

static void
what_says_nothing_of_speed_ends_no_row(void **state)
{
    struct world *world = *state;

    pass(world, 3, 0, MEASURE_SLOW, REASON_NONE);
    pass(world, 1, 0, MEASURE_ERROR, REASON_AGENT_LIMIT);
    pass(world, 1, 0, MEASURE_DOWN, REASON_HTTP_TIMEOUT);
    pass(world, 2, 0, MEASURE_SLOW, REASON_NONE);
    assert_raised(world, raise_slow, "SLOW acme/home");
}

static void
history_that_comes_late_raises_nothing(void **state)
{
    struct world *world = *state;
    int64_t now = start + 24 * 60 * MINUTE;

    for (int i = 0; i < 20; i++) {
        struct measure measure = result_of(world, MEASURE_SLOW, REASON_NONE);

        /* The fifth makes it known that nothing is raised. */
        assert_int_equal(
            raise_leg_take(&world->legs[0], &world->check, &measure, now),
            i == RAISE_SLOTS_MAX - 1);
        world->slot_unix_ms += MINUTE;
    }
    assert_raised(world, raise_slow, "");
    /* It is so still. */
    world->slot_unix_ms = now;
    take(world, 0, MEASURE_SLOW, REASON_NONE);
    assert_raised(world, raise_slow, "SLOW acme/home");
}

static void
results_out_of_order_and_isolated_ones_count_nothing(void **state)
{
    struct world *world = *state;
    struct measure measure;

    pass(world, 2, 0, MEASURE_DOWN, REASON_CONNECT_TIMEOUT);
    measure = result_of(world, MEASURE_DOWN, REASON_CONNECT_TIMEOUT);
    measure.isolated = true;
    assert_false(raise_leg_take(
        &world->legs[0], &world->check, &measure, world->slot_unix_ms));
    measure.isolated = false;
    measure.slot_unix_ms = start;
    assert_false(raise_leg_take(
        &world->legs[0], &world->check, &measure, world->slot_unix_ms));
    /* The first attempt waits for the confirming one. */
    measure.slot_unix_ms = world->slot_unix_ms;
    measure.attempt = 0;
    assert_false(raise_leg_take(
        &world->legs[0], &world->check, &measure, world->slot_unix_ms));
    assert_int_equal(world->legs[0].streaks[SIGN_DOWN].in, 2);
}

/* ---- families ---- */

static void
make_families(struct world *world)
{
    world->check.family = CHECK_FAMILY_BOTH;
    world->legs[1] = world->legs[0];
    world->legs[0].family = FAMILY_V4;
    world->legs[1].family = FAMILY_V6;
}

static void
one_family_down_and_one_up_is_a_ticket(void **state)
{
    struct world *world = *state;
    struct condition_claims claims;

    make_families(world);
    pass(world, 2, 1, MEASURE_DOWN, REASON_CONNECT_REFUSED);
    assert_raised(world, raise_family, "");
    pass(world, 1, 1, MEASURE_DOWN, REASON_CONNECT_REFUSED);
    claims = raised(world, raise_family);
    assert_non_null(strstr(claims.items[0].words,
        "acme/home is down over IPv6 from eu since 03:12:00 "
        "(connect_refused) and up over IPv4"));
    assert_claims(&claims, "FAMILY acme/home ipv6");
    pass(world, 3, 2, MEASURE_UP, REASON_NONE);
    assert_raised(world, raise_family, "");
}

static void
both_families_down_is_an_outage_and_no_ticket(void **state)
{
    struct world *world = *state;

    make_families(world);
    for (int i = 0; i < 4; i++) {
        take(world, 0, MEASURE_DOWN, REASON_CONNECT_TIMEOUT);
        take(world, 1, MEASURE_DOWN, REASON_CONNECT_TIMEOUT);
        world->slot_unix_ms += MINUTE;
    }
    assert_raised(world, raise_family, "");
}

static void
a_family_without_a_route_is_not_broken(void **state)
{
    struct world *world = *state;

    make_families(world);
    pass(world, 9, 1, MEASURE_ERROR, REASON_AGENT_NO_ROUTE);
    assert_raised(world, raise_family, "");
}

/* ---- names and mail ---- */

static void
servers_that_disagree_for_three_slots_are_a_ticket(void **state)
{
    struct world *world = *state;

    world->check.kind = CHECK_DNS;
    /* A zone is transferred. */
    pass(world, 2, 0, MEASURE_SLOW, REASON_DNS_MISMATCH);
    pass(world, 1, 0, MEASURE_UP, REASON_NONE);
    pass(world, 2, 0, MEASURE_SLOW, REASON_DNS_MISMATCH);
    assert_raised(world, raise_dns, "");
    pass(world, 1, 0, MEASURE_SLOW, REASON_DNS_MISMATCH);
    assert_raised(world, raise_dns, "DNS acme/home servers");
    assert_raised(world, raise_slow, "");
}

static void
take_dns(struct world *world, enum measure_status status,
    enum measure_reason reason, bool authenticated, const char *detail)
{
    struct measure measure = result_of(world, status, reason);
    struct dns_facts dns = {.authenticated = authenticated};
    struct facts facts = {.dns = &dns};

    (void)snprintf(facts.detail, sizeof(facts.detail), "%s", detail);
    measure.facts = &facts;
    (void)raise_leg_take(
        &world->legs[0], &world->check, &measure, world->slot_unix_ms);
    world->slot_unix_ms += MINUTE;
}

static void
a_signed_name_that_fails_to_verify_is_bogus(void **state)
{
    struct world *world = *state;
    enum measure_reason servfail = REASON_DNS_SERVFAIL;

    world->check.kind = CHECK_DNS;
    /* Unsigned before, and nobody says why: a resolver that fails. */
    take_dns(world, MEASURE_UP, REASON_NONE, false, "");
    for (int i = 0; i < 4; i++)
        take_dns(
            world, MEASURE_DOWN, servfail, false, "no reachable authority");
    assert_raised(world, raise_dns, "");
    take_dns(world, MEASURE_DOWN, servfail, false, "SERVFAIL: DNSSEC bogus");
    take_dns(world, MEASURE_DOWN, servfail, false, "signature expired");
    assert_raised(world, raise_dns, "DNS acme/home dnssec");
    take_dns(world, MEASURE_UP, REASON_NONE, true, "");
    take_dns(world, MEASURE_UP, REASON_NONE, true, "");
    assert_raised(world, raise_dns, "");
    /* Signed and verified before. */
    take_dns(world, MEASURE_DOWN, servfail, false, "");
    take_dns(world, MEASURE_DOWN, servfail, false, "");
    assert_raised(world, raise_dns, "DNS acme/home dnssec");
}

static void
mail_that_is_set_up_wrong_is_a_ticket_by_reason(void **state)
{
    struct world *world = *state;

    world->check.kind = CHECK_MAIL;
    pass(world, 1, 0, MEASURE_SLOW, REASON_MAIL_DMARC);
    assert_raised(world, raise_mail, "");
    pass(world, 1, 0, MEASURE_SLOW, REASON_MAIL_DMARC);
    assert_raised(world, raise_mail, "MAIL acme/home mail_dmarc");
    assert_raised(world, raise_slow, "");
    pass(world, 2, 2, MEASURE_UP, REASON_NONE);
    assert_raised(world, raise_mail, "");
}

/* ---- a region's network ---- */

static const char *const hosts[] = {"a.test", "b.test", "c.test", "d.test"};

static void
assert_region(const struct raise_spot *spots, size_t count, bool held,
    const char *expected)
{
    struct condition_claims claims = {0};
    struct err err;

    assert_ok(
        raise_region_network(
            &(struct raise_region){
                .name = "eu", .spots = spots, .count = count, .held = held},
            &claims, &err),
        err);
    assert_claims(&claims, expected);
}

static void
make_spots(struct raise_spot spots[6])
{
    for (int i = 0; i < 6; i++)
        spots[i] = (struct raise_spot){.host = hosts[i % 3],
            .interval_ms = MINUTE,
            .slot_unix_ms = start + 3 * MINUTE,
            .bad = i < 3,
            .since_unix_ms = i < 3 ? start + i * MINUTE : 0};
}

static void
half_of_a_region_that_turns_bad_at_once_is_its_network(void **state)
{
    struct raise_spot spots[6];

    (void)state;
    make_spots(spots);
    assert_region(spots, 6, false, "REGION_NETWORK eu");
    /* Two of six; then on two hosts only. */
    spots[2].bad = false;
    assert_region(spots, 6, false, "");
    make_spots(spots);
    spots[2].host = "b.test";
    assert_region(spots, 6, false, "");
    /* One after the other. */
    make_spots(spots);
    spots[2].since_unix_ms = start + 5 * MINUTE;
    spots[1].since_unix_ms = start + 2 * MINUTE;
    spots[2].slot_unix_ms = start + 6 * MINUTE;
    assert_region(spots, 6, false, "");
}

static void
checks_not_measured_since_do_not_count(void **state)
{
    struct raise_spot spots[6];

    (void)state;
    make_spots(spots);
    spots[2].since_unix_ms = start;
    spots[1].since_unix_ms = start;
    for (int i = 3; i < 6; i++) {
        spots[i].interval_ms = 15 * MINUTE;
        spots[i].slot_unix_ms = start - 15 * MINUTE;
    }
    assert_region(spots, 6, false, "REGION_NETWORK eu");
}

static void
it_holds_while_a_quarter_is_bad(void **state)
{
    struct raise_spot spots[6];

    (void)state;
    make_spots(spots);
    spots[2].bad = false;
    assert_region(spots, 6, true, "REGION_NETWORK eu");
    spots[1].bad = false;
    assert_region(spots, 6, true, "");
}

static void
hosts_are_taken_from_what_is_asked(void **state)
{
    static const char *const pairs[][2] = {
        {"https://acme.test:8443/x", "acme.test"},
        {"https://[::1]:8443/", "[::1]"}, {"http://acme.test", "acme.test"},
        {"acme.test", "acme.test"}, {"::1", "::1"}};
    char host[32];

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        raise_host_of(pairs[i][0], host, sizeof(host));
        assert_string_equal(host, pairs[i][1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(five_slow_slots_in_a_row_are_a_ticket, setup),
        cmocka_unit_test_setup(what_says_nothing_of_speed_ends_no_row, setup),
        cmocka_unit_test_setup(history_that_comes_late_raises_nothing, setup),
        cmocka_unit_test_setup(
            results_out_of_order_and_isolated_ones_count_nothing, setup),
        cmocka_unit_test_setup(one_family_down_and_one_up_is_a_ticket, setup),
        cmocka_unit_test_setup(
            both_families_down_is_an_outage_and_no_ticket, setup),
        cmocka_unit_test_setup(a_family_without_a_route_is_not_broken, setup),
        cmocka_unit_test_setup(
            servers_that_disagree_for_three_slots_are_a_ticket, setup),
        cmocka_unit_test_setup(
            a_signed_name_that_fails_to_verify_is_bogus, setup),
        cmocka_unit_test_setup(
            mail_that_is_set_up_wrong_is_a_ticket_by_reason, setup),
        cmocka_unit_test(
            half_of_a_region_that_turns_bad_at_once_is_its_network),
        cmocka_unit_test(checks_not_measured_since_do_not_count),
        cmocka_unit_test(it_holds_while_a_quarter_is_bad),
        cmocka_unit_test(hosts_are_taken_from_what_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
