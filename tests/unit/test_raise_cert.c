#include "raise_cert.h"

#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "cm.h"
#include "raise_answers.h"
#include "tmp_store.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* 2026-11-24T03:12:00Z */
static const int64_t now = INT64_C(1795489920000);

enum { LEGS = 3 };

struct world {
    struct check check;
    struct seen seen[LEGS];
    struct raise_seen legs[LEGS];
    int64_t now_unix_ms;
    int64_t next_unix_ms;
    struct raise_answers_marks marks[LEGS];
    struct condition_claim held_items[8]; /* of what was raised last */
    struct condition_claims held;
};

static int
setup(void **state)
{
    static const char *const regions[LEGS] = {"eu", "us", "ap"};
    static struct world world;

    world = (struct world){.now_unix_ms = now};
    check_init(&world.check);
    (void)strcpy(world.check.name, "acme/cert");
    world.check.kind = CHECK_TLS;
    world.check.interval_ms = 5 * MINUTE;
    for (int i = 0; i < LEGS; i++) {
        world.seen[i] = (struct seen){.check = 7, .agent = (uint32_t)i + 1};
        world.legs[i] =
            (struct raise_seen){.seen = &world.seen[i], .region = regions[i]};
    }
    *state = &world;
    return 0;
}

static struct raise_certs
certs_of(const struct world *world)
{
    return (struct raise_certs){.check = &world->check,
        .legs = world->legs,
        .count = LEGS,
        .now_unix_ms = world->now_unix_ms};
}

struct leaf {
    const char *print;
    int64_t begin;
    int64_t end;
    int64_t above;  /* the authority's end; 0: much later */
    int64_t beside; /* one more in the presented chain; 0: none */
    bool bad;       /* nothing verified */
};

static void
see_at(struct world *world, int leg, const struct leaf *leaf, int64_t ts)
{
    int64_t above = leaf->above != 0 ? leaf->above : leaf->end + 1000 * DAY;
    int64_t first = above < leaf->end ? above : leaf->end;
    struct tls_facts tls = {.chain_count = 1,
        .verified_count = leaf->bad ? 0 : 2,
        .verify = leaf->bad ? CERT_EXPIRED : CERT_OK,
        .verified_not_after_unix_ms = leaf->bad ? 0 : first};
    struct facts facts = {.tls = &tls};
    struct measure measure;

    tls.presented_not_after_unix_ms =
        leaf->beside != 0 && leaf->beside < first ? leaf->beside : first;
    (void)snprintf(tls.chain[0].fingerprint_sha256, 65, "%s", leaf->print);
    (void)strcpy(tls.chain[0].issuer, "C=US, O=Let's Encrypt, CN=R11");
    tls.chain[0].not_before_unix_ms = leaf->begin;
    tls.chain[0].not_after_unix_ms = leaf->end;
    tls.verified_chain[0] = tls.chain[0];
    (void)strcpy(tls.verified_chain[1].subject, "O=Let's Encrypt, CN=R11");
    tls.verified_chain[1].not_before_unix_ms = above - 1825 * DAY;
    tls.verified_chain[1].not_after_unix_ms = above;
    measure_init(&measure);
    measure.ts_unix_ms = ts;
    measure.status = leaf->bad ? MEASURE_DOWN : MEASURE_UP;
    measure.facts = &facts;
    (void)seen_take(&world->seen[leg], &world->check, &measure);
}

static void
see(struct world *world, int leg, const struct leaf *leaf)
{
    see_at(world, leg, leaf, now);
}

static struct condition_claims
raised(struct world *world)
{
    struct raise_certs certs = certs_of(world);
    struct condition_claims claims = {0};
    struct err err;

    certs.held = &world->held;
    world->next_unix_ms = INT64_MAX;
    assert_ok(raise_cert(&certs, &claims, &world->next_unix_ms, &err), err);
    assert_true(claims.count <= 8);
    world->held = (struct condition_claims){world->held_items, claims.count};
    for (size_t i = 0; i < claims.count; i++)
        world->held_items[i] = claims.items[i];
    return claims;
}

static void
assert_raised(struct world *world, const char *expected)
{
    struct condition_claims claims = raised(world);

    assert_claims(&claims, expected);
}

static void
stages_follow_the_lifetime(void **state)
{
    static const int64_t lives[][4] = {
        {398 * DAY, 30 * DAY, 7 * DAY, DAY},
        {90 * DAY, 30 * DAY, 7 * DAY, DAY},
        {45 * DAY, 15 * DAY, 45 * DAY / 10, DAY},
        {6 * DAY, 2 * DAY, 6 * DAY / 10, 6 * DAY / 20},
        {0, 30 * DAY, 7 * DAY, DAY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
        for (int stage = 0; stage < 3; stage++)
            assert_int_equal(
                raise_cert_stage_ms(stage, lives[i][0]), lives[i][stage + 1]);
    }
}

static void
an_end_is_told_at_each_stage_and_paged_at_the_last(void **state)
{
    struct world *world = *state;
    const struct leaf leaf = {
        .print = "aa11", .begin = now - 60 * DAY, .end = now + 30 * DAY + HOUR};
    struct condition_claims claims;

    for (int i = 0; i < LEGS; i++)
        see(world, i, &leaf);
    assert_raised(world, "");
    assert_int_equal(world->next_unix_ms, now + HOUR);
    world->now_unix_ms = now + HOUR;
    claims = raised(world);
    assert_int_equal(claims.items[0].severity, SEVERITY_TICKET);
    assert_string_equal(claims.items[0].words,
        "acme/cert: the certificate, issued by R11, ends 2026-12-24 04:12:00 "
        "UTC; fingerprint aa11");
    assert_claims(&claims, "CERT acme/cert aa11:0");
    world->now_unix_ms = leaf.end - 7 * DAY;
    assert_raised(world, "CERT acme/cert aa11:0, CERT acme/cert aa11:1");
    world->now_unix_ms = leaf.end - DAY;
    claims = raised(world);
    assert_int_equal(claims.items[2].severity, SEVERITY_PAGE);
    assert_claims(&claims,
        "CERT acme/cert aa11:0, CERT acme/cert aa11:1, CERT acme/cert aa11:2");
    /* It runs out, and nothing verifies any more: not over for that. */
    see_at(world, 0,
        &(struct leaf){
            .print = "aa11", .begin = leaf.begin, .end = leaf.end, .bad = true},
        leaf.end + 1);
    see_at(world, 1,
        &(struct leaf){
            .print = "aa11", .begin = leaf.begin, .end = leaf.end, .bad = true},
        leaf.end + 1);
    world->now_unix_ms = leaf.end + MINUTE;
    assert_raised(world,
        "CERT acme/cert aa11:0, CERT acme/cert aa11:1, CERT acme/cert aa11:2");
}

static void
a_renewed_certificate_raises_nothing(void **state)
{
    struct world *world = *state;
    const struct leaf old = {
        .print = "aa11", .begin = now - 85 * DAY, .end = now + 5 * DAY};
    const struct leaf new = {
        .print = "bb22", .begin = now, .end = now + 90 * DAY};

    for (int i = 0; i < LEGS; i++)
        see(world, i, &old);
    /* The stage before was not told in its time. */
    assert_raised(world, "CERT acme/cert aa11:1");
    for (int i = 0; i < LEGS; i++)
        see_at(world, i, &new, now + 1);
    assert_raised(world, "");
}

static void
the_authority_above_may_end_first(void **state)
{
    struct world *world = *state;
    const struct leaf leaf = {.print = "aa11",
        .begin = now - 10 * DAY,
        .end = now + 80 * DAY,
        .above = now + 29 * DAY};
    struct condition_claims claims;

    see(world, 0, &leaf);
    claims = raised(world);
    assert_non_null(
        strstr(claims.items[0].words, "the authority R11 above the"));
    assert_claims(&claims, "CERT acme/cert aa11:0");
}

static void
the_presented_chain_is_told_apart_and_never_paged(void **state)
{
    struct world *world = *state;
    const struct leaf leaf = {.print = "aa11",
        .begin = now - 10 * DAY,
        .end = now + 80 * DAY,
        .beside = now + HOUR};
    struct condition_claims claims;

    see(world, 0, &leaf);
    claims = raised(world);
    for (size_t i = 0; i < claims.count; i++)
        assert_int_equal(claims.items[i].severity, SEVERITY_TICKET);
    assert_claims(&claims, "CERT acme/cert chain:aa11:2");
}

/* ---- changed, and different ---- */

static void
assert_changed(struct world *world, int leg, const char *expected)
{
    struct raise_certs certs = certs_of(world);
    struct condition_claims claims = {0};
    struct err err;

    assert_ok(raise_cert_changed(&certs, (size_t)leg, &claims, &err), err);
    for (size_t i = 0; i < claims.count; i++)
        assert_true(claims.items[i].event);
    assert_claims(&claims, expected);
}

static void
a_changed_certificate_is_told_once_by_whoever_sees_it_first(void **state)
{
    struct world *world = *state;
    const struct leaf old = {
        .print = "aa11", .begin = now - DAY, .end = now + 89 * DAY};
    const struct leaf new = {
        .print = "bb22", .begin = now, .end = now + 90 * DAY};

    for (int i = 0; i < LEGS; i++) {
        see(world, i, &old);
        assert_changed(world, i, "");
    }
    see_at(world, 1, &new, now + 1);
    assert_changed(world, 1, "CERT acme/cert new:bb22");
    see_at(world, 0, &new, now + 2);
    assert_changed(world, 0, "");
    /* Two that are served in turn. */
    see_at(world, 0, &old, now + 3);
    assert_changed(world, 0, "");
    see_at(world, 0, &new, now + 4);
    assert_changed(world, 0, "");
}

static void
regions_that_differ_are_told_after_six_quiet_hours(void **state)
{
    struct world *world = *state;
    const struct leaf old = {
        .print = "aa11", .begin = now - DAY, .end = now + 89 * DAY};
    const struct leaf new = {
        .print = "bb22", .begin = now, .end = now + 90 * DAY};

    for (int i = 0; i < LEGS; i++)
        see(world, i, &old);
    see_at(world, 0, &new, now + 1);
    world->now_unix_ms = now + 6 * HOUR;
    assert_raised(world, "");
    assert_int_equal(world->next_unix_ms, now + 1 + 6 * HOUR);
    /* The rollover goes on: it is not over yet. */
    see_at(world, 1, &new, now + 5 * HOUR);
    world->now_unix_ms = now + 7 * HOUR;
    assert_raised(world, "");
    world->now_unix_ms = now + 11 * HOUR;
    assert_raised(world, "CERT acme/cert regions");
    see_at(world, 2, &new, now + 12 * HOUR);
    assert_raised(world, "");
}

static void
two_that_are_served_in_turn_are_no_difference(void **state)
{
    struct world *world = *state;
    const struct leaf one = {
        .print = "aa11", .begin = now - DAY, .end = now + 89 * DAY};
    const struct leaf two = {
        .print = "bb22", .begin = now - DAY, .end = now + 89 * DAY};

    for (int i = 0; i < 5; i++)
        see_at(world, 0, i % 2 == 0 ? &one : &two, now + i * MINUTE);
    see(world, 1, &two);
    see(world, 2, &one);
    world->now_unix_ms = now + 7 * HOUR;
    /* us and ap stand still, and differ: that is told. */
    assert_raised(world, "CERT acme/cert regions");
    see_at(world, 1, &one, now + HOUR);
    see_at(world, 1, &two, now + HOUR + MINUTE);
    world->now_unix_ms = now + 8 * HOUR;
    assert_raised(world, "");
}

/* ---- answers ---- */

static void
answer(struct world *world, int leg, const char *data, int64_t ts)
{
    struct dns_answer_fact items[2] = {{.type = "A"}, {.type = "SOA"}};
    struct dns_facts dns = {.answers = items, .answer_count = 2};
    struct facts facts = {.dns = &dns};
    struct measure measure;

    world->check.kind = CHECK_DNS;
    (void)snprintf(items[0].data, sizeof(items[0].data), "%s", data);
    (void)snprintf(
        items[1].data, sizeof(items[1].data), "serial %lld", (long long)ts);
    measure_init(&measure);
    measure.ts_unix_ms = ts;
    measure.facts = &facts;
    (void)seen_take(&world->seen[leg], &world->check, &measure);
}

static void
assert_answers(struct world *world, int64_t at, const char *expected)
{
    struct raise_certs legs = certs_of(world);
    struct condition_claims claims = {0};
    struct err err;

    legs.now_unix_ms = at;
    world->next_unix_ms = INT64_MAX;
    assert_ok(
        raise_answers(&legs, world->marks, &claims, &world->next_unix_ms, &err),
        err);
    for (int i = 0; i < LEGS; i++) {
        world->seen[i].answers.told = world->marks[i].told;
        world->seen[i].answers.agreed = world->marks[i].agreed;
    }
    for (size_t i = 0; i < claims.count; i++)
        claims.items[i].key[3] = '\0'; /* what it is of, without the set */
    assert_claims(&claims, expected);
}

static void
answers_that_stood_for_a_day_and_changed_are_told_once(void **state)
{
    struct world *world = *state;
    int64_t then = now + 2 * DAY;

    for (int i = 0; i < LEGS; i++)
        answer(world, i, "203.0.113.7", now);
    assert_answers(world, now + DAY, "");
    for (int i = 0; i < LEGS; i++)
        answer(world, i, "198.51.100.9", then + i * MINUTE);
    assert_answers(world, then + 3 * MINUTE, "");
    assert_int_equal(world->next_unix_ms, then + 15 * MINUTE);
    assert_answers(world, then + 15 * MINUTE, "DNS acme/cert new");
    assert_answers(world, then + 30 * MINUTE, "");
}

static void
answers_that_rotate_are_nothing_to_tell(void **state)
{
    struct world *world = *state;
    char data[32];

    for (int i = 0; i < 300; i++) {
        (void)snprintf(data, sizeof(data), "203.0.113.%d", i % 7 + 1);
        answer(world, i % LEGS, data, now + i * HOUR);
        assert_answers(world, now + i * HOUR + 20 * MINUTE, "");
    }
}

static void
regions_that_agreed_and_differ_are_told_after_an_hour(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < LEGS; i++)
        answer(world, i, "203.0.113.7", now);
    assert_answers(world, now, "");
    answer(world, 2, "198.51.100.9", now + 2 * HOUR);
    assert_answers(world, now + 3 * HOUR - 1, "");
    assert_answers(world, now + 3 * HOUR, "DNS acme/cert reg");
    answer(world, 2, "203.0.113.7", now + 4 * HOUR);
    assert_answers(world, now + 4 * HOUR, "");
}

static void
names_answered_by_where_one_asks_never_agreed(void **state)
{
    struct world *world = *state;

    answer(world, 0, "203.0.113.7", now);
    answer(world, 1, "203.0.113.8", now);
    answer(world, 2, "203.0.113.9", now);
    assert_answers(world, now + 30 * DAY, "");
}

/* ---- rows ---- */

static int
take_row(void *ctx, const struct seen *seen, struct err *err)
{
    (void)err;
    *(struct seen *)ctx = *seen;
    return 0;
}

static void
what_was_seen_is_kept(void **state)
{
    struct world *world;
    void *fixture;
    void *tmp;
    struct seen back = {0};
    struct store_txn *txn;
    struct err err;

    (void)state;
    assert_int_equal(tmp_store_setup(&tmp), 0);
    (void)setup(&fixture);
    world = fixture;
    see(world, 2,
        &(struct leaf){.print = "aa11",
            .begin = now - DAY,
            .end = now + 89 * DAY,
            .above = now + 80 * DAY});
    answer(world, 2, "203.0.113.7", now + 1);
    world->seen[2].answers.agreed = true;
    txn = store_begin_write(((struct tmp_store *)tmp)->store, &err);
    assert_made(txn, err);
    assert_ok(seen_put(txn, &world->seen[2], &err), err);
    assert_ok(seen_each(txn, take_row, &back, &err), err);
    assert_int_equal(back.check, 7);
    assert_int_equal(back.agent, 3);
    assert_string_equal(back.cert.ends_first, "R11");
    assert_int_equal(back.cert.end_unix_ms, now + 80 * DAY);
    assert_string_equal(back.answers.text, "203.0.113.7");
    assert_true(back.answers.agreed);
    assert_ok(seen_delete(txn, &back, &err), err);
    back.check = 0;
    assert_ok(seen_each(txn, take_row, &back, &err), err);
    assert_int_equal(back.check, 0);
    store_abort(txn);
    assert_int_equal(tmp_store_teardown(&tmp), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_follow_the_lifetime),
        cmocka_unit_test_setup(
            an_end_is_told_at_each_stage_and_paged_at_the_last, setup),
        cmocka_unit_test_setup(a_renewed_certificate_raises_nothing, setup),
        cmocka_unit_test_setup(the_authority_above_may_end_first, setup),
        cmocka_unit_test_setup(
            the_presented_chain_is_told_apart_and_never_paged, setup),
        cmocka_unit_test_setup(
            a_changed_certificate_is_told_once_by_whoever_sees_it_first, setup),
        cmocka_unit_test_setup(
            regions_that_differ_are_told_after_six_quiet_hours, setup),
        cmocka_unit_test_setup(
            two_that_are_served_in_turn_are_no_difference, setup),
        cmocka_unit_test_setup(
            answers_that_stood_for_a_day_and_changed_are_told_once, setup),
        cmocka_unit_test_setup(answers_that_rotate_are_nothing_to_tell, setup),
        cmocka_unit_test_setup(
            regions_that_agreed_and_differ_are_told_after_an_hour, setup),
        cmocka_unit_test_setup(
            names_answered_by_where_one_asks_never_agreed, setup),
        cmocka_unit_test(what_was_seen_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
