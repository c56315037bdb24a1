#include "raise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "clock.h"
#include "cm.h"
#include "judge_world.h"
#include "raise_fleet.h"
#include "tmp_store.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* 2026-11-24T03:12:00Z */
static const int64_t start = INT64_C(1795489920000);

static const char yaml[] =
    "regions: [eu, us]\n"
    "sites:\n"
    "  - name: acme\n"
    "    url: https://acme.example/\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: https://acme.example/,\n"
    "         interval: 60s, slow: 2s, expect: {p95: 500ms}}\n"
    "      - {name: cert, kind: tls, host: acme.example, port: 443,\n"
    "         interval: 60s}\n";

struct fixture {
    void *tmp;
    struct judge_world world;
    struct store_txn *txn;
    struct watch *watch;
    struct raise *raise;
    struct raise_now now;
    int news;
};

static void
begin(struct fixture *f)
{
    struct err err;

    f->txn = store_begin_write(f->world.store, &err);
    assert_made(f->txn, err);
}

static struct raise *
make(struct fixture *f)
{
    struct err err;
    struct raise *raise = raise_new(f->txn, f->world.conf, &f->now, &err);

    assert_made(raise, err);
    return raise;
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err;

    if (f == NULL || tmp_store_setup(&f->tmp) != 0)
        return -1;
    judge_world_init(&f->world, ((struct tmp_store *)f->tmp)->store);
    judge_world_configure(&f->world, yaml, start - HOUR);
    f->now = (struct raise_now){.unix_ms = start, .mono_ns = 77};
    begin(f);
    f->watch = watch_new(f->txn, f->world.conf, start, &err);
    assert_made(f->watch, err);
    f->raise = make(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    void *tmp = f->tmp;

    raise_free(f->raise);
    watch_free(f->watch);
    store_abort(f->txn);
    judge_world_free(&f->world);
    free(f);
    return tmp_store_teardown(&tmp);
}

static int
count_news(void *ctx, struct store_txn *txn, enum condition_news news,
    const struct condition *condition, struct err *err)
{
    struct fixture *f = ctx;

    (void)txn;
    (void)news;
    (void)condition;
    (void)err;
    f->news++;
    return 0;
}

static void
run(struct fixture *f)
{
    struct err err;

    assert_ok(raise_run(f->raise, f->txn, &f->now, count_news, f, &err), err);
}

/* Second by second, as the writer does. */
static void
pass(struct fixture *f, int64_t span_ms)
{
    for (; span_ms > 0; span_ms -= SECOND) {
        f->now.unix_ms += SECOND;
        f->now.mono_ns += SECOND * NS_PER_MS;
        run(f);
    }
}

static int
collect(void *ctx, const struct condition *condition, struct err *err)
{
    return condition_claims_add(ctx, &condition->claim, err);
}

static int
compare(const void *a, const void *b)
{
    const struct condition_claim *left = a;
    const struct condition_claim *right = b;
    int order = (int)left->class - (int)right->class;

    if (order == 0)
        order = strcmp(left->subject, right->subject);
    return order != 0 ? order : strcmp(left->key, right->key);
}

static void
assert_open(struct fixture *f, const char *expected)
{
    struct condition_claims claims = {0};
    struct err err;

    assert_ok(condition_each_open(f->txn, collect, &claims, &err), err);
    if (claims.count > 0)
        qsort(claims.items, claims.count, sizeof(claims.items[0]), compare);
    assert_claims(&claims, expected);
}

/* The collector ends and is started again after a while. */
static void
restart(struct fixture *f, int64_t away_ms)
{
    struct err err;

    assert_ok(store_commit(f->txn, &err), err);
    raise_free(f->raise);
    f->now.unix_ms += away_ms;
    f->now.mono_ns = 5; /* of another boot, perhaps */
    begin(f);
    f->raise = make(f);
}

static struct agent_row
row_of(struct fixture *f, const char *name, const char *region)
{
    struct agent_row row = {.key_count = 1, .self_check = 1};
    uint32_t number;
    struct err err;

    (void)snprintf(row.name, sizeof(row.name), "%s", name);
    (void)snprintf(row.region, sizeof(row.region), "%s", region);
    (void)strcpy(row.address, "203.0.113.9");
    assert_ok(
        registry_number(f->txn, REGISTRY_AGENT, name, &row.number, &err), err);
    assert_ok(
        registry_number(f->txn, REGISTRY_REGION, region, &number, &err), err);
    row.region_number = number;
    return row;
}

static void
hear(struct fixture *f, struct agent_row *row)
{
    struct err err;

    row->last_seen_unix_ms = f->now.unix_ms;
    assert_ok(agent_put(f->txn, row, &err), err);
    assert_ok(raise_note_agent(f->raise, row, &f->now, &err), err);
}

static void
silence_is_raised_kept_over_a_restart_and_ended(void **state)
{
    struct fixture *f = *state;
    struct agent_row eu = row_of(f, "eu1", "eu");
    struct agent_row us = row_of(f, "us1", "us");

    hear(f, &eu);
    hear(f, &us);
    for (int i = 0; i < 12; i++) {
        pass(f, 10 * SECOND);
        hear(f, &us);
    }
    assert_open(f, "AGENT_OFFLINE eu1, REGION_BLIND eu");
    assert_int_equal(f->news, 2);
    restart(f, HOUR);
    run(f);
    pass(f, 10 * SECOND);
    assert_open(f, "AGENT_OFFLINE eu1, REGION_BLIND eu");
    hear(f, &us);
    hear(f, &eu);
    run(f);
    assert_open(f, "");
    assert_int_equal(f->news, 4);
}

static void
a_stopped_collector_makes_nobody_silent(void **state)
{
    struct fixture *f = *state;
    struct agent_row eu = row_of(f, "eu1", "eu");
    struct agent_row us = row_of(f, "us1", "us");

    hear(f, &eu);
    hear(f, &us);
    pass(f, 10 * SECOND);
    /* The machine slept; its clocks went on, or only one of them. */
    f->now.unix_ms += HOUR;
    f->now.mono_ns += HOUR * NS_PER_MS;
    run(f);
    f->now.unix_ms += HOUR;
    run(f);
    pass(f, 2 * MINUTE);
    assert_open(f, "");
    pass(f, MINUTE);
    assert_open(f, "COLLECTOR_ISOLATED, AGENT_OFFLINE eu1, AGENT_OFFLINE us1, "
                   "REGION_BLIND eu, REGION_BLIND us");
    hear(f, &eu);
    hear(f, &us);
    run(f);
    assert_open(f, "");
}

static void
what_is_refused_is_raised_until_it_is_not(void **state)
{
    struct fixture *f = *state;

    raise_note_refused(f->raise, "leadline.yaml:3:1: regions: what", start);
    run(f);
    assert_open(f, "CONFIG_REJECTED");
    raise_note_refused(f->raise, "", start);
    run(f);
    assert_open(f, "");
}

static void
note_own(struct fixture *f, enum alert_class class, bool bad)
{
    struct condition_claim claim = {.class = class,
        .severity = SEVERITY_NOTIFY,
        .on = CONDITION_ON_COLLECTOR,
        .since_unix_ms = f->now.unix_ms,
        .event = class == ALERT_STORE_DAMAGED,
        .words = "so"};
    struct err err;

    assert_ok(raise_note_own(f->raise, &claim, bad, &err), err);
    run(f);
}

static void
what_is_noted_of_the_collector_is_raised_until_it_is_well(void **state)
{
    struct fixture *f = *state;

    note_own(f, ALERT_STORE_FULL, true);
    note_own(f, ALERT_BACKUP_FAILED, true);
    note_own(f, ALERT_STORE_FULL, true);
    note_own(f, ALERT_STORE_DAMAGED, true);
    assert_open(f, "STORE_FULL, STORE_DAMAGED, BACKUP_FAILED");
    restart(f, MINUTE);
    run(f);
    note_own(f, ALERT_STORE_FULL, false);
    assert_open(f, "STORE_DAMAGED, BACKUP_FAILED");
    note_own(f, ALERT_BACKUP_FAILED, false);
    assert_open(f, "STORE_DAMAGED");
    assert_int_equal(f->news, 5);
}

/* ---- checks ---- */

struct found {
    const char *check;
    enum measure_status status;
    int64_t total_us;
    const struct facts *facts;
};

/* One slot of a check, as an agent finds it. */
static void
measure_slot_by(struct fixture *f, const char *region, const char *agent,
    const struct found *found)
{
    int64_t slot = f->now.unix_ms - f->now.unix_ms % MINUTE;
    struct raw_result result = judge_world_result(&f->world, f->txn,
        &(struct world_result){.check = found->check,
            .region = region,
            .agent = agent,
            .ts_unix_ms = slot,
            .slot_unix_ms = slot,
            .attempt = found->status == MEASURE_DOWN,
            .status = found->status});
    struct err err;

    result.measure.phase_us[PHASE_TOTAL] = found->total_us;
    judge_world_add(&f->world, f->txn, &result, f->watch, false);
    assert_ok(raise_note(f->raise, f->txn, &result, found->facts,
                  f->now.unix_ms, &err),
        err);
    judge_world_run(f->watch, f->txn, f->now.unix_ms, NULL, NULL);
    run(f);
}

static void
measure_slot(struct fixture *f, const struct found *found)
{
    measure_slot_by(f, "eu", "eu1", found);
}

static void
measure_slots(struct fixture *f, int count, const struct found *found)
{
    struct agent_row eu = row_of(f, "eu1", "eu");

    for (int i = 0; i < count; i++) {
        hear(f, &eu);
        measure_slot(f, found);
        pass(f, MINUTE);
    }
}

static void
slowness_is_kept_over_a_restart_until_it_is_known(void **state)
{
    struct fixture *f = *state;
    const struct found slow = {"acme/home", MEASURE_SLOW, 400000, NULL};
    const struct found fast = {"acme/home", MEASURE_UP, 90000, NULL};

    measure_slots(f, 5, &slow);
    assert_open(f, "SLOW acme/home");
    restart(f, 20 * MINUTE);
    run(f);
    assert_open(f, "SLOW acme/home");
    measure_slots(f, 4, &fast);
    assert_open(f, "SLOW acme/home");
    measure_slots(f, 1, &fast);
    assert_open(f, "");
    assert_int_equal(f->news, 2);
}

static void
a_missed_p95_is_raised_from_the_last_hour(void **state)
{
    struct fixture *f = *state;

    measure_slots(
        f, 19, &(struct found){"acme/home", MEASURE_UP, 700000, NULL});
    assert_open(f, "");
    measure_slots(f, 2, &(struct found){"acme/home", MEASURE_UP, 700000, NULL});
    assert_open(f, "P95 acme/home");
    restart(f, SECOND);
    run(f);
    assert_open(f, "P95 acme/home");
    measure_slots(
        f, 61, &(struct found){"acme/home", MEASURE_UP, 100000, NULL});
    assert_open(f, "");
}

static void
a_used_budget_is_told_once(void **state)
{
    struct fixture *f = *state;
    const struct found down = {"acme/home", MEASURE_DOWN, -1, NULL};

    measure_slots(f, 21, &down);
    assert_open(f, "");
    measure_slots(f, 3, &down);
    assert_open(f, "BUDGET acme/home 2026-11:50");
    restart(f, SECOND);
    measure_slots(f, 23, &down);
    assert_open(f, "BUDGET acme/home 2026-11:100, BUDGET acme/home 2026-11:50");
    assert_int_equal(f->news, 2);
}

static void
see_leaf_by(
    struct fixture *f, const char *check, const char *print, int64_t left_ms)
{
    struct tls_facts tls = {.chain_count = 1,
        .verified_count = 1,
        .verified_not_after_unix_ms = f->now.unix_ms + left_ms,
        .presented_not_after_unix_ms = f->now.unix_ms + left_ms};
    struct facts facts = {.tls = &tls};

    (void)snprintf(tls.chain[0].fingerprint_sha256, 65, "%s", print);
    (void)strcpy(tls.chain[0].issuer, "CN=R11");
    tls.chain[0].not_before_unix_ms = f->now.unix_ms - 90 * 24 * HOUR;
    tls.chain[0].not_after_unix_ms = f->now.unix_ms + left_ms;
    tls.verified_chain[0] = tls.chain[0];
    measure_slot(f, &(struct found){check, MEASURE_UP, 90000, &facts});
}

static void
see_leaf(struct fixture *f, const char *print, int64_t left_ms)
{
    see_leaf_by(f, "acme/cert", print, left_ms);
}

static void
several_checks_of_a_site_tell_a_certificate_once(void **state)
{
    struct fixture *f = *state;
    struct agent_row eu = row_of(f, "eu1", "eu");

    hear(f, &eu);
    see_leaf_by(f, "acme/home", "aa11", HOUR);
    assert_open(f, "CERT acme/home aa11:2");
    see_leaf(f, "aa11", HOUR);
    assert_open(f, "CERT acme/cert aa11:2");
    pass(f, MINUTE);
    hear(f, &eu);
    see_leaf_by(f, "acme/home", "bb22", 90 * 24 * HOUR);
    see_leaf(f, "bb22", 90 * 24 * HOUR);
    assert_open(f, "CERT acme/cert new:bb22");
}

static void
a_certificates_end_is_known_though_nothing_comes_any_more(void **state)
{
    struct fixture *f = *state;
    struct agent_row eu = row_of(f, "eu1", "eu");

    hear(f, &eu);
    see_leaf(f, "aa11", 30 * 24 * HOUR + 2 * MINUTE);
    assert_open(f, "");
    restart(f, SECOND);
    hear(f, &eu);
    pass(f, 3 * MINUTE);
    hear(f, &eu);
    run(f);
    assert_open(f, "CERT acme/cert aa11:0");
}

static void
a_changed_certificate_is_an_event(void **state)
{
    struct fixture *f = *state;
    struct agent_row eu = row_of(f, "eu1", "eu");

    hear(f, &eu);
    see_leaf(f, "aa11", 80 * 24 * HOUR);
    restart(f, MINUTE);
    hear(f, &eu);
    see_leaf(f, "bb22", 90 * 24 * HOUR);
    assert_open(f, "CERT acme/cert new:bb22");
    /* It ends by itself, a day later. */
    for (int i = 0; i < 26; i++) {
        f->now.unix_ms += HOUR;
        f->now.mono_ns += HOUR * NS_PER_MS + 1;
        hear(f, &eu);
        run(f);
    }
    assert_open(f, "");
    assert_int_equal(f->news, 2);
}

static void
a_check_that_is_removed_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct agent_row eu = row_of(f, "eu1", "eu");
    struct err err;

    hear(f, &eu);
    see_leaf(f, "aa11", HOUR);
    assert_open(f, "CERT acme/cert aa11:2");
    assert_ok(store_commit(f->txn, &err), err);
    judge_world_configure(&f->world,
        "regions: [eu, us]\nsites: [{name: acme, derive: false, checks: "
        "[{name: home, kind: http, url: \"https://acme.example/\"}]}]\n",
        f->now.unix_ms);
    begin(f);
    assert_ok(watch_set_history(
                  f->watch, f->txn, f->world.conf, f->now.unix_ms, &err),
        err);
    raise_set_history(f->raise, f->world.conf);
    run(f);
    assert_open(f, "");
}

/* ---- a region's network ---- */

static const char three_sites[] =
    "regions: [eu, us]\n"
    "sites:\n"
    "  - {name: a, derive: false, checks: [{name: home, kind: http,\n"
    "     url: \"https://a.example/\", interval: 60s}]}\n"
    "  - {name: b, derive: false, checks: [{name: home, kind: http,\n"
    "     url: \"https://b.example/\", interval: 60s}]}\n"
    "  - {name: c, derive: false, checks: [{name: home, kind: http,\n"
    "     url: \"https://c.example/\", interval: 60s}]}\n";

static void
configure(struct fixture *f, const char *text)
{
    struct err err;

    assert_ok(store_commit(f->txn, &err), err);
    judge_world_configure(&f->world, text, f->now.unix_ms);
    begin(f);
    assert_ok(watch_set_history(
                  f->watch, f->txn, f->world.conf, f->now.unix_ms, &err),
        err);
    raise_set_history(f->raise, f->world.conf);
    run(f);
}

static void
all_sites(struct fixture *f, const char *region, const char *agent,
    enum measure_status status)
{
    static const char *const checks[] = {"a/home", "b/home", "c/home"};

    for (size_t i = 0; i < 3; i++)
        measure_slot_by(
            f, region, agent, &(struct found){checks[i], status, 90000, NULL});
}

static void
begin_up_everywhere(struct fixture *f)
{
    struct agent_row eu = row_of(f, "eu1", "eu");
    struct agent_row us = row_of(f, "us1", "us");

    configure(f, three_sites);
    hear(f, &eu);
    hear(f, &us);
    all_sites(f, "eu", "eu1", MEASURE_UP);
    all_sites(f, "us", "us1", MEASURE_UP);
    pass(f, MINUTE);
    hear(f, &eu);
    hear(f, &us);
}

static void
a_region_alone_is_its_network_once_others_have_looked(void **state)
{
    struct fixture *f = *state;

    begin_up_everywhere(f);
    all_sites(f, "eu", "eu1", MEASURE_DOWN);
    assert_open(f, "");
    all_sites(f, "us", "us1", MEASURE_UP);
    assert_open(f, "REGION_NETWORK eu");
}

/* What fails for everybody is met by one region first. */
static void
what_others_find_down_in_the_same_slot_is_no_regions_network(void **state)
{
    struct fixture *f = *state;

    begin_up_everywhere(f);
    all_sites(f, "eu", "eu1", MEASURE_DOWN);
    all_sites(f, "us", "us1", MEASURE_DOWN);
    assert_open(f, "");
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(silence_is_raised_kept_over_a_restart_and_ended),
        CASE(a_stopped_collector_makes_nobody_silent),
        CASE(what_is_refused_is_raised_until_it_is_not),
        CASE(what_is_noted_of_the_collector_is_raised_until_it_is_well),
        CASE(slowness_is_kept_over_a_restart_until_it_is_known),
        CASE(a_missed_p95_is_raised_from_the_last_hour),
        CASE(a_used_budget_is_told_once),
        CASE(a_certificates_end_is_known_though_nothing_comes_any_more),
        CASE(a_changed_certificate_is_an_event),
        CASE(several_checks_of_a_site_tell_a_certificate_once),
        CASE(a_check_that_is_removed_leaves_nothing),
        cmocka_unit_test_setup_teardown(
            a_region_alone_is_its_network_once_others_have_looked, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            what_others_find_down_in_the_same_slot_is_no_regions_network, setup,
            teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
