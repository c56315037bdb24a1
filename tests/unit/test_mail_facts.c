#include "mail_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "digest_facts.h"
#include "evidence.h"
#include "mailq.h"
#include "notice_log.h"
#include "raw.h"
#include "registry.h"
#include "tmp_store.h"
#include "verdict.h"

#define MINUTE INT64_C(60000)

enum { SLOTS = 40, BAD_FROM = 30, REGIONS = 3 };

/* 2026-11-24T02:00:00Z; slot 30 is the first bad one, in eu. */
static const int64_t first = INT64_C(1795485600000);

static const char *const regions[REGIONS] = {"eu", "us", "ap"};

struct fixture {
    struct tmp_store *tmp;
    struct store_txn *txn;
    struct conf_history *conf;
    struct incident_row incident;
    struct mail_facts facts;
    uint32_t region_numbers[REGIONS];
    uint32_t agent_numbers[REGIONS];
};

static void
print_mistake(void *ctx, const char *line)
{
    (void)ctx;
    print_error("%s\n", line);
}

static void
record(struct fixture *fixture)
{
    static const char text[] =
        "regions: [eu, us, ap]\n"
        "sites: [{name: acme, url: \"https://acme.example/\", derive: false,\n"
        "  checks: [{name: home, kind: http, interval: 60s,\n"
        "    url: \"https://acme.example/\", server: \"203.0.113.53#5353\",\n"
        "    resolve: [\"acme.example:443:203.0.113.7\"]}]}]\n";
    struct err err;
    struct config *config = collector_conf_parse(
        text, sizeof(text) - 1, "test.yaml", print_mistake, NULL, &err);
    uint64_t version;

    assert_made(config, err);
    assert_ok(
        conf_history_record(fixture->txn, config, first, &version, &err), err);
    collector_conf_free(config);
    fixture->conf = conf_history_load(fixture->txn, &err);
    assert_made(fixture->conf, err);
}

static struct raw_result
result_of(const struct fixture *fixture, int region, int slot)
{
    struct raw_result result = {
        .region = (uint16_t)fixture->region_numbers[region],
        .agent = fixture->agent_numbers[region]};
    struct measure *measure = &result.measure;
    bool bad = region == 0 && slot >= BAD_FROM;

    measure_init(measure);
    measure->check_id = fixture->incident.check;
    measure->slot_unix_ms = first + slot * MINUTE;
    measure->ts_unix_ms = measure->slot_unix_ms + region * 1000;
    measure->family = FAMILY_V4;
    measure->status = bad ? MEASURE_DOWN : MEASURE_UP;
    measure->phase_us[PHASE_DNS] = 800;
    measure->phase_us[PHASE_TOTAL] = (region + 1) * 100000;
    if (bad) {
        measure->reason = REASON_CONNECT_REFUSED;
        measure->failed_phase = PHASE_CONNECT;
    }
    return result;
}

/* Each bad slot with its confirming attempt, and what the first saw. */
static void
add_results(struct fixture *fixture)
{
    struct err err;

    for (int slot = 0; slot < SLOTS; slot++) {
        for (int region = 0; region < REGIONS; region++) {
            struct raw_result result = result_of(fixture, region, slot);
            enum raw_outcome outcome;

            assert_ok(raw_add(fixture->txn, &result, 1, &outcome, &err), err);
            if (result.measure.status != MEASURE_DOWN)
                continue;
            result.measure.attempt = 1;
            result.measure.ts_unix_ms += 5000;
            assert_ok(raw_add(fixture->txn, &result, 1, &outcome, &err), err);
        }
    }
}

static int
setup(void **state)
{
    struct fixture *fixture;
    struct incident_row *row;
    struct err err;
    void *tmp;

    if (tmp_store_setup(&tmp) != 0)
        return -1;
    fixture = calloc(1, sizeof(*fixture));
    if (fixture == NULL)
        return -1;
    *state = fixture;
    fixture->tmp = tmp;
    fixture->txn = store_begin_write(fixture->tmp->store, &err);
    assert_made(fixture->txn, err);
    record(fixture);
    for (int i = 0; i < REGIONS; i++) {
        char agent[8];

        (void)snprintf(agent, sizeof(agent), "%s1", regions[i]);
        assert_ok(registry_number(fixture->txn, REGISTRY_REGION, regions[i],
                      &fixture->region_numbers[i], &err),
            err);
        assert_ok(registry_number(fixture->txn, REGISTRY_AGENT, agent,
                      &fixture->agent_numbers[i], &err),
            err);
    }
    row = &fixture->incident;
    row->check = check_id_of("acme/home");
    (void)strcpy(row->check_name, "acme/home");
    (void)strcpy(row->scope, "eu");
    (void)strcpy(row->id, "7K3QX2MA");
    row->start_unix_ms = first + BAD_FROM * MINUTE;
    assert_ok(
        check_row_note(fixture->txn, row->check, row->check_name, first, &err),
        err);
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;
    void *tmp = fixture->tmp;

    mail_facts_free(&fixture->facts);
    conf_history_free(fixture->conf);
    store_abort(fixture->txn);
    free(fixture);
    return tmp_store_teardown(&tmp);
}

static void
collect(struct fixture *fixture)
{
    struct err err;

    assert_ok(mail_facts_collect(fixture->txn,
                  &(struct mail_facts_query){
                      .conf = fixture->conf,
                      .incident = &fixture->incident,
                      .severity = SEVERITY_NOTIFY,
                      .now_unix_ms = first + SLOTS * MINUTE + 30000,
                  },
                  &fixture->facts, &err),
        err);
}

static void
the_check_and_its_regions_are_told_as_they_are(void **state)
{
    struct fixture *fixture = *state;
    const struct mail_facts *facts = &fixture->facts;

    add_results(fixture);
    collect(fixture);
    assert_string_equal(facts->kind, "http");
    assert_string_equal(facts->target, "https://acme.example/");
    /* What a probe by hand needs to meet the same servers. */
    assert_string_equal(facts->probe_as,
        " --server '203.0.113.53#5353'"
        " --resolve 'acme.example:443:203.0.113.7'");
    assert_int_equal(facts->interval_ms, MINUTE);
    assert_int_equal(facts->region_count, REGIONS);
    for (size_t i = 0; i < REGIONS; i++) {
        const struct mail_region *region = &facts->regions[i];

        assert_string_equal(region->name, regions[i]);
        assert_int_equal(region->verdict, i == 0 ? VERDICT_DOWN : VERDICT_UP);
        assert_int_equal(
            region->last_status, i == 0 ? MEASURE_DOWN : MEASURE_UP);
        assert_int_equal(region->last_us, (int64_t)(i + 1) * 100000);
        /* Within the histogram's error of what all of them took. */
        assert_in_range(region->p95_us, (i + 1) * 99458, (i + 1) * 100542);
    }
    assert_int_equal(
        facts->regions[0].since_unix_ms, fixture->incident.start_unix_ms);
}

static void
the_month_s_uptime_is_that_of_the_whole(void **state)
{
    struct fixture *fixture = *state;
    const struct uptime *month = &fixture->facts.month;

    add_results(fixture);
    collect(fixture);
    assert_int_equal(month->up_ms, BAD_FROM * MINUTE);
    assert_int_equal(month->partial_ms, (SLOTS - BAD_FROM) * MINUTE);
    assert_int_equal(month->down_ms, 0);
    assert_int_equal(fixture->facts.target_millionths, 999000);
}

static void
the_newest_failure_and_the_last_results_are_shown(void **state)
{
    struct fixture *fixture = *state;
    const struct mail_facts *facts = &fixture->facts;

    add_results(fixture);
    collect(fixture);
    assert_true(facts->has_failure);
    assert_int_equal(facts->failure.reason, REASON_CONNECT_REFUSED);
    assert_int_equal(facts->failure.attempt, 1);
    assert_int_equal(
        facts->failure.ts_unix_ms, first + (SLOTS - 1) * MINUTE + 5000);
    assert_string_equal(facts->failure_agent, "eu1");
    assert_string_equal(facts->failure_region, "eu");
    assert_null(facts->facts);
    assert_int_equal(facts->result_count, MAIL_RESULTS_MAX);
    assert_string_equal(facts->results[0].region, "eu");
    assert_string_equal(facts->results[1].agent, "ap1");
    assert_string_equal(facts->results[2].agent, "us1");
    for (size_t i = 1; i < facts->result_count; i++)
        assert_true(
            facts->results[i].ts_unix_ms <= facts->results[i - 1].ts_unix_ms);
}

static void
evidence_of_that_minute_comes_with_it(void **state)
{
    struct fixture *fixture = *state;
    struct evidence_key key = {
        .check = fixture->incident.check,
        .agent = fixture->agent_numbers[0],
        .ts_unix_ms = first + (SLOTS - 1) * MINUTE,
        .family = FAMILY_V4,
    };
    struct facts *seen = facts_new();
    struct err err;

    assert_non_null(seen);
    (void)strcpy(seen->detail, "Connection refused");
    assert_ok(evidence_put(fixture->txn, &key, seen, &err), err);
    facts_free(seen);
    add_results(fixture);
    collect(fixture);
    assert_non_null(fixture->facts.facts);
    assert_string_equal(fixture->facts.facts->detail, "Connection refused");
}

static void
after_its_end_the_last_failure_in_it_is_shown(void **state)
{
    struct fixture *fixture = *state;

    fixture->incident.state = INCIDENT_CLOSED;
    fixture->incident.end_unix_ms = first + (BAD_FROM + 5) * MINUTE;
    add_results(fixture);
    collect(fixture);
    assert_true(fixture->facts.has_failure);
    assert_true(
        fixture->facts.failure.slot_unix_ms <= fixture->incident.end_unix_ms);
}

static void
what_is_not_in_the_store_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    const struct mail_facts *facts = &fixture->facts;

    collect(fixture);
    assert_false(facts->has_failure);
    assert_int_equal(facts->result_count, 0);
    assert_int_equal(facts->region_count, REGIONS);
    assert_int_equal(facts->regions[0].p95_us, -1);
    assert_int_equal(facts->regions[0].last_unix_ms, 0);
    mail_facts_free(&fixture->facts);
    fixture->incident.check = 12345;
    collect(fixture);
    assert_int_equal(facts->region_count, 0);
    assert_string_equal(facts->incident.id, "7K3QX2MA");
}

#define with_store(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* ---- the digest ---- */

static void
digest_of(struct fixture *fixture, struct mail_digest *digest)
{
    int64_t now_unix_ms = first + SLOTS * MINUTE + 30000;
    struct err err;

    assert_ok(digest_facts_collect(fixture->txn,
                  &(struct digest_query){
                      .conf = fixture->conf,
                      .from_unix_ms = now_unix_ms - 24 * 60 * MINUTE,
                      .now_unix_ms = now_unix_ms,
                  },
                  digest, &err),
        err);
}

static void
a_digest_of_nothing_has_every_site_in_it(void **state)
{
    struct fixture *fixture = *state;
    struct mail_digest digest;

    digest_of(fixture, &digest);
    assert_int_equal(digest.site_count, 1);
    assert_string_equal(digest.sites[0].name, "acme");
    assert_string_equal(digest.sites[0].main_check, "acme/home");
    assert_int_equal(digest.sites[0].p95_us, -1);
    assert_false(digest.sites[0].has_form);
    assert_int_equal(digest.open_count, 0);
    assert_int_equal(digest.over_count, 0);
    assert_int_equal(digest.untold_count, 0);
    assert_int_equal(digest.agents_expected, 0);
    mail_digest_free(&digest);
}

static void
put_incident(struct fixture *fixture, const char *id, int slot, bool late)
{
    struct incident_row row = fixture->incident;
    struct err err;

    (void)strcpy(row.id, id);
    row.start_unix_ms = first + slot * MINUTE;
    row.end_unix_ms = row.start_unix_ms + MINUTE;
    row.state = INCIDENT_CLOSED;
    row.late = late;
    assert_ok(incident_put(fixture->txn, &row, &err), err);
}

/* Somebody was told that it fires, and that it ended. */
static void
put_told(struct fixture *fixture, const char *id, int64_t at_unix_ms)
{
    struct notice notice = {.state = INCIDENT_CLOSED};
    struct notice_target *target;
    struct err err;

    (void)strcpy(notice.id, id);
    (void)strcpy(notice.subject, "acme/home");
    (void)strcpy(notice.scope, "eu");
    target = notice_target(&notice, "one@acme-mail.example", &err);
    assert_made(target, err);
    target->told = NOTICE_TOLD_RESOLVED;
    target->last_unix_ms = at_unix_ms;
    assert_ok(notice_settle(fixture->txn, &notice, &err), err);
    notice_free(&notice);
}

static void
put_queued(struct fixture *fixture, uint64_t id, bool dead)
{
    struct mailq_row row = {
        .id = id,
        .dead = dead,
        .queued_unix_ms = first + (int64_t)id * MINUTE,
        .message = {.data = (const uint8_t *)"x", .len = 1},
    };
    struct err err;

    (void)strcpy(row.recipient, "two@acme-mail.example");
    (void)strcpy(row.last_error, "550 no such user");
    assert_ok(mailq_put(fixture->txn, &row, &err), err);
}

static void
put_agent(struct fixture *fixture, const char *name, int64_t seen_unix_ms)
{
    struct agent_row row = {.key_count = 1, .last_seen_unix_ms = seen_unix_ms};
    struct err err;

    (void)strcpy(row.name, name);
    (void)strcpy(row.region, "eu");
    row.number = fixture->agent_numbers[0];
    row.region_number = fixture->region_numbers[0];
    assert_ok(agent_put(fixture->txn, &row, &err), err);
}

static void
a_digest_tells_what_nobody_was_told_and_why(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_unix_ms = first + SLOTS * MINUTE;
    struct mail_digest digest;

    add_results(fixture);
    put_incident(fixture, "AAAAAAA1", 3, true);
    put_incident(fixture, "AAAAAAA2", 10, false);
    put_incident(fixture, "AAAAAAA3", 20, false);
    put_told(fixture, "AAAAAAA3", now_unix_ms);
    put_queued(fixture, 1, false);
    put_queued(fixture, 2, true);
    put_agent(fixture, "eu1", now_unix_ms);
    put_agent(fixture, "eu2", now_unix_ms - 60 * MINUTE);
    digest_of(fixture, &digest);
    assert_int_equal(digest.untold_count, 2);
    assert_string_equal(digest.untold[0].item.id, "AAAAAAA1");
    assert_non_null(strstr(digest.untold[0].why, "late"));
    assert_string_equal(digest.untold[1].item.id, "AAAAAAA2");
    assert_int_equal(digest.over_count, 1);
    assert_string_equal(digest.over[0].id, "AAAAAAA3");
    assert_int_equal(digest.mails_told, 1);
    assert_int_equal(digest.mails_queued, 1);
    assert_int_equal(digest.oldest_queued_unix_ms, first + MINUTE);
    assert_int_equal(digest.dead_count, 1);
    assert_string_equal(digest.dead[0].error, "550 no such user");
    assert_int_equal(digest.agents_expected, 2);
    assert_int_equal(digest.agents_present, 1);
    assert_string_equal(digest.silent[0].name, "eu2");
    /* Down in one region of three: partial, so up. */
    assert_true(digest.sites[0].day.partial_ms >= 9 * MINUTE);
    assert_int_equal(digest.sites[0].day.down_ms, 0);
    assert_in_range(digest.sites[0].p95_us, 298375, 301625);
    mail_digest_free(&digest);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(the_check_and_its_regions_are_told_as_they_are),
        with_store(the_month_s_uptime_is_that_of_the_whole),
        with_store(the_newest_failure_and_the_last_results_are_shown),
        with_store(evidence_of_that_minute_comes_with_it),
        with_store(after_its_end_the_last_failure_in_it_is_shown),
        with_store(what_is_not_in_the_store_is_left_out),
        cmocka_unit_test_setup_teardown(
            a_digest_of_nothing_has_every_site_in_it, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_digest_tells_what_nobody_was_told_and_why, setup, teardown),
    };

    return cmocka_run_group_tests_name("mail_facts", tests, NULL, NULL);
}
