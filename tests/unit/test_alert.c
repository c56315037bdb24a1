#include "alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert_ack.h"
#include "alert_view.h"
#include "cm.h"
#include "mail_text.h"
#include "mailq.h"
#include "notice_log.h"
#include "silence.h"
#include "tmp_store.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* 2026-11-24T02:10:00Z */
static const int64_t start = INT64_C(1795486200000);

struct fixture {
    struct tmp_store *tmp;
    struct store_txn *txn;
    struct conf_history *conf;
    struct alert *alert;
    int64_t now_unix_ms;
    int64_t next_unix_ms;
    bool queued;
};

static void
print_mistake(void *ctx, const char *line)
{
    (void)ctx;
    print_error("%s\n", line);
}

static void
record(struct fixture *fixture, const char *more)
{
    char text[2048];
    struct config *config;
    struct err err;
    uint64_t version;

    (void)snprintf(text, sizeof(text),
        "mail: {server: \"smtp://127.0.0.1:2525\", from: a@mail.example,\n"
        "  to: [one@mail.example]}\n"
        "regions: [eu, us, ap]\n"
        "sites: [{name: acme, url: \"https://acme.example/\"}]\n%s",
        more);
    config = collector_conf_parse(
        text, strlen(text), "test.yaml", print_mistake, NULL, &err);
    assert_made(config, err);
    assert_ok(
        conf_history_record(fixture->txn, config, start - HOUR, &version, &err),
        err);
    collector_conf_free(config);
    conf_history_free(fixture->conf);
    fixture->conf = conf_history_load(fixture->txn, &err);
    assert_made(fixture->conf, err);
    if (fixture->alert != NULL)
        alert_set_history(fixture->alert, fixture->conf);
}

static int
setup(void **state)
{
    struct fixture *fixture;
    struct err err;
    void *tmp;

    if (tmp_store_setup(&tmp) != 0)
        return -1;
    fixture = calloc(1, sizeof(*fixture));
    if (fixture == NULL)
        return -1;
    fixture->tmp = tmp;
    fixture->now_unix_ms = start;
    fixture->txn = store_begin_write(fixture->tmp->store, &err);
    assert_made(fixture->txn, err);
    record(fixture, "");
    fixture->alert = alert_new(fixture->conf, &err);
    assert_made(fixture->alert, err);
    *state = fixture;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;
    void *tmp = fixture->tmp;

    alert_free(fixture->alert);
    conf_history_free(fixture->conf);
    store_abort(fixture->txn);
    free(fixture);
    return tmp_store_teardown(&tmp);
}

/* What a crash leaves: the store as it was committed, nothing else. */
static void
begin_again(struct fixture *fixture)
{
    struct err err;

    assert_ok(store_commit(fixture->txn, &err), err);
    fixture->txn = store_begin_write(fixture->tmp->store, &err);
    assert_made(fixture->txn, err);
    alert_free(fixture->alert);
    fixture->alert = alert_new(fixture->conf, &err);
    assert_made(fixture->alert, err);
}

static struct incident_row
incident_of(const char *check, const char *scope)
{
    struct incident_row row = {
        .check = check_id_of(check),
        .state = INCIDENT_OPEN,
        .start_unix_ms = start - 2 * MINUTE,
        .detected_unix_ms = start,
        .noticed_unix_ms = start,
        .reason = REASON_CONNECT_TIMEOUT,
    };

    (void)snprintf(row.check_name, sizeof(row.check_name), "%s", check);
    (void)snprintf(row.scope, sizeof(row.scope), "%s", scope);
    incident_make_id(row.check, scope, row.start_unix_ms, row.id);
    return row;
}

static void
tell(struct fixture *fixture, const struct incident_row *row, bool fresh)
{
    struct err err;

    assert_ok(incident_put(fixture->txn, row, &err), err);
    assert_ok(alert_take_news(fixture->alert, fixture->txn,
                  INCIDENT_NEWS_CHANGED, row, fresh, &err),
        err);
}

static void
close_it(struct fixture *fixture, struct incident_row *row)
{
    row->state = INCIDENT_CLOSED;
    row->end_unix_ms = fixture->now_unix_ms - MINUTE;
    tell(fixture, row, false);
}

static void
run_at(struct fixture *fixture, int64_t now_unix_ms)
{
    struct err err;

    fixture->now_unix_ms = now_unix_ms;
    assert_ok(alert_run(fixture->alert, fixture->txn, now_unix_ms,
                  &fixture->queued, &fixture->next_unix_ms, &err),
        err);
}

/* The mails that are to be sent: "firing acme/home global, ..." */
struct seen {
    struct fixture *fixture;
    char text[1024];
    uint64_t ids[32];
    size_t count;
    char body[64 * 1024]; /* of the last */
    size_t digests;       /* which stand in no text */
    uint64_t digest_id;
};

static int
see(void *ctx, const struct mailq_row *row, struct err *err)
{
    struct seen *seen = ctx;
    struct notice notice;
    size_t used = strlen(seen->text);

    if (row->dead || row->cancelled)
        return 0;
    if (row->incident[0] == '\0') {
        seen->digests++;
        seen->digest_id = row->id;
        return 0;
    }
    assert_int_equal(
        notice_get(seen->fixture->txn, row->incident, &notice, err), 1);
    (void)snprintf(seen->text + used, sizeof(seen->text) - used,
        "%s%s %s %s %.3s", used > 0 ? ", " : "",
        mail_state_name(row->state_told), notice.subject, notice.scope,
        row->recipient);
    notice_free(&notice);
    seen->ids[seen->count++] = row->id;
    assert_true(row->message.len < sizeof(seen->body));
    memcpy(seen->body, row->message.data, row->message.len);
    seen->body[row->message.len] = '\0';
    return 0;
}

static void
look(struct fixture *fixture, struct seen *seen)
{
    struct err err;

    *seen = (struct seen){.fixture = fixture};
    assert_ok(mailq_each(fixture->txn, see, seen, &err), err);
}

static void
assert_queue(struct fixture *fixture, const char *expected)
{
    struct seen seen;

    look(fixture, &seen);
    assert_string_equal(seen.text, expected);
}

/* The mailer reports each as accepted. */
static void
deliver(struct fixture *fixture, const char *expected)
{
    struct seen seen;
    struct err err;

    look(fixture, &seen);
    assert_string_equal(seen.text, expected);
    for (size_t i = 0; i < seen.count; i++)
        assert_ok(mailq_take_report(fixture->txn,
                      &(struct mailq_report){.id = seen.ids[i],
                          .outcome = MAILQ_SENT,
                          .at_unix_ms = fixture->now_unix_ms},
                      &err),
            err);
}

static void
a_page_is_told_after_five_seconds_and_its_resolve_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");

    tell(fixture, &row, true);
    run_at(fixture, start);
    assert_queue(fixture, "");
    assert_true(fixture->next_unix_ms <= start + 5 * SECOND);
    run_at(fixture, start + 5 * SECOND - 1);
    assert_queue(fixture, "");
    run_at(fixture, start + 5 * SECOND);
    assert_true(fixture->queued);
    deliver(fixture, "firing acme/home global one");
    run_at(fixture, start + 10 * MINUTE);
    assert_queue(fixture, "");
    close_it(fixture, &row);
    run_at(fixture, start + 10 * MINUTE);
    deliver(fixture, "resolved acme/home global one");
    run_at(fixture, start + 12 * HOUR);
    assert_queue(fixture, "");
    assert_true(fixture->next_unix_ms >= fixture->now_unix_ms + HOUR);
}

static void
what_waits_survives_a_crash(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "eu");

    tell(fixture, &row, true);
    run_at(fixture, start);
    begin_again(fixture);
    run_at(fixture, start + 29 * SECOND);
    assert_queue(fixture, "");
    begin_again(fixture);
    run_at(fixture, start + 30 * SECOND);
    begin_again(fixture);
    run_at(fixture, start + 31 * SECOND);
    deliver(fixture, "firing acme/home eu one");
    close_it(fixture, &row);
    begin_again(fixture);
    run_at(fixture, start + 40 * SECOND);
    deliver(fixture, "resolved acme/home eu one");
}

static void
what_is_over_before_its_wait_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "eu");
    struct notice notice;
    struct err err;

    tell(fixture, &row, true);
    run_at(fixture, start);
    close_it(fixture, &row);
    run_at(fixture, start + 20 * SECOND);
    run_at(fixture, start + 2 * MINUTE);
    assert_queue(fixture, "");
    assert_int_equal(notice_get(fixture->txn, row.id, &notice, &err), 0);
}

static void
late_and_imported_incidents_are_never_told(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");

    row.late = true;
    row.state = INCIDENT_CLOSED;
    row.end_unix_ms = start;
    tell(fixture, &row, false);
    row = incident_of("acme/www", "global");
    row.imported = true;
    tell(fixture, &row, true);
    run_at(fixture, start);
    run_at(fixture, start + HOUR);
    assert_queue(fixture, "");
}

/* The line was cut: it opened in old slots, and is told once it is news. */
static void
an_old_incident_that_goes_on_is_told_when_it_is_fresh(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");

    tell(fixture, &row, false);
    run_at(fixture, start);
    run_at(fixture, start + HOUR);
    assert_queue(fixture, "");
    tell(fixture, &row, true);
    run_at(fixture, start + HOUR);
    run_at(fixture, start + HOUR + 5 * SECOND);
    assert_queue(fixture, "firing acme/home global one");
}

static void
an_outage_of_the_whole_keeps_its_regions_quiet(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row whole = incident_of("acme/home", "global");
    struct incident_row eu = incident_of("acme/home", "eu");

    tell(fixture, &eu, true);
    run_at(fixture, start);
    tell(fixture, &whole, true);
    run_at(fixture, start + 10 * SECOND);
    run_at(fixture, start + 60 * SECOND);
    deliver(fixture, "firing acme/home global one");
    run_at(fixture, start + 20 * MINUTE);
    assert_queue(fixture, "");
    close_it(fixture, &whole);
    run_at(fixture, start + 20 * MINUTE);
    deliver(fixture, "resolved acme/home global one");
    /* It has three slots of a minute to be over, too, and one to be judged. */
    run_at(fixture, start + 24 * MINUTE - 1);
    assert_queue(fixture, "");
    run_at(fixture, start + 24 * MINUTE);
    deliver(fixture, "firing acme/home eu one");
}

static void
a_reminder_comes_every_four_hours(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");

    tell(fixture, &row, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    deliver(fixture, "firing acme/home global one");
    run_at(fixture, start + 4 * HOUR);
    assert_queue(fixture, "");
    run_at(fixture, start + 4 * HOUR + 5 * SECOND);
    deliver(fixture, "reminder acme/home global one");
    run_at(fixture, start + 8 * HOUR + 5 * SECOND);
    deliver(fixture, "reminder acme/home global one");
}

static void
a_firing_mail_still_queued_becomes_one_that_says_it_was_down(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");
    struct seen seen;

    tell(fixture, &row, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    assert_queue(fixture, "firing acme/home global one");
    fixture->now_unix_ms = start + 11 * MINUTE;
    close_it(fixture, &row);
    run_at(fixture, start + 11 * MINUTE);
    look(fixture, &seen);
    assert_string_equal(seen.text, "resolved acme/home global one");
    assert_non_null(strstr(seen.body, "WAS DOWN 02:08=E2=80=9302:20 (12 m)"));
    assert_non_null(strstr(seen.body, "\r\nX-State: resolved\r\n"));
    deliver(fixture, "resolved acme/home global one");
    run_at(fixture, start + 12 * MINUTE);
    assert_queue(fixture, "");
}

/* The mailer reports of each that it could not be sent. */
static void
fail_to_deliver(struct fixture *fixture)
{
    struct seen seen;
    struct mailq_row row;
    struct err err;

    look(fixture, &seen);
    for (size_t i = 0; i < seen.count; i++) {
        assert_int_equal(mailq_get(fixture->txn, seen.ids[i], &row, &err), 1);
        assert_ok(mailq_take_report(fixture->txn,
                      &(struct mailq_report){.id = row.id,
                          .tries = row.tries,
                          .outcome = MAILQ_LATER,
                          .text = "Connection refused",
                          .at_unix_ms = fixture->now_unix_ms},
                      &err),
            err);
    }
}

/* Told before, over meanwhile; come and gone meanwhile; and still there. */
static void
after_an_hour_without_mail_what_comes_makes_sense(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row home = incident_of("acme/home", "global");
    struct incident_row www = incident_of("acme/www", "global");
    struct incident_row again = home;

    tell(fixture, &home, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    deliver(fixture, "firing acme/home global one");
    for (int64_t minute = 1; minute <= 60; minute++) {
        fixture->now_unix_ms = start + minute * MINUTE;
        if (minute == 10)
            tell(fixture, &www, true);
        if (minute == 20)
            close_it(fixture, &www);
        if (minute == 30)
            close_it(fixture, &home);
        if (minute == 40) {
            again.start_unix_ms = fixture->now_unix_ms - 2 * MINUTE;
            again.detected_unix_ms = fixture->now_unix_ms;
            again.noticed_unix_ms = fixture->now_unix_ms;
            incident_make_id(
                again.check, again.scope, again.start_unix_ms, again.id);
            tell(fixture, &again, true);
        }
        run_at(fixture, fixture->now_unix_ms);
        run_at(fixture, fixture->now_unix_ms + 6 * SECOND);
        fail_to_deliver(fixture);
    }
    deliver(fixture, "resolved acme/www global one, "
                     "resolved acme/home global one, "
                     "firing acme/home global one");
    run_at(fixture, start + 61 * MINUTE);
    assert_queue(fixture, "");
}

static void
what_becomes_untrue_is_withdrawn_once_if_it_was_told(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row told = incident_of("acme/home", "global");
    struct incident_row untold = incident_of("acme/www", "eu");
    struct seen seen;

    tell(fixture, &told, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    deliver(fixture, "firing acme/home global one");
    close_it(fixture, &told);
    run_at(fixture, start + MINUTE);
    deliver(fixture, "resolved acme/home global one");
    run_at(fixture, start + 2 * MINUTE);
    tell(fixture, &untold, true);
    run_at(fixture, start + 2 * MINUTE);
    told.state = INCIDENT_WITHDRAWN;
    untold.state = INCIDENT_WITHDRAWN;
    untold.end_unix_ms = start;
    tell(fixture, &told, false);
    tell(fixture, &untold, false);
    run_at(fixture, start + HOUR);
    look(fixture, &seen);
    assert_non_null(strstr(seen.body, "WITHDRAWN"));
    deliver(fixture, "withdrawn acme/home global one");
    run_at(fixture, start + 2 * HOUR);
    tell(fixture, &told, false);
    run_at(fixture, start + 3 * HOUR);
    assert_queue(fixture, "");
}

/* The mailer was sending it while it became untrue. */
static void
a_mail_that_got_out_after_all_is_withdrawn(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");
    struct seen seen;
    struct err err;

    tell(fixture, &row, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    look(fixture, &seen);
    assert_int_equal(seen.count, 1);
    row.state = INCIDENT_WITHDRAWN;
    row.end_unix_ms = start;
    tell(fixture, &row, false);
    run_at(fixture, start + 6 * SECOND);
    assert_queue(fixture, "");
    assert_ok(mailq_take_report(fixture->txn,
                  &(struct mailq_report){.id = seen.ids[0],
                      .outcome = MAILQ_SENT,
                      .at_unix_ms = start + 7 * SECOND},
                  &err),
        err);
    run_at(fixture, start + 8 * SECOND);
    deliver(fixture, "withdrawn acme/home global one");
}

static void
whoever_was_told_of_a_merged_incident_hears_of_its_end(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row old = incident_of("acme/home", "eu");
    struct incident_row merged = incident_of("acme/home", "eu");

    tell(fixture, &old, true);
    run_at(fixture, start);
    run_at(fixture, start + 30 * SECOND);
    deliver(fixture, "firing acme/home eu one");
    merged.start_unix_ms -= HOUR;
    incident_make_id(merged.check, "eu", merged.start_unix_ms, merged.id);
    memcpy(merged.aliases[0], old.id, sizeof(old.id));
    merged.alias_count = 1;
    fixture->now_unix_ms = start + 10 * MINUTE;
    close_it(fixture, &merged);
    run_at(fixture, start + 10 * MINUTE);
    deliver(fixture, "resolved acme/home eu one");
}

static void
nothing_new_is_told_in_maintenance_but_the_resolve_is(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");
    struct incident_row www = incident_of("acme/www", "global");

    tell(fixture, &row, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    deliver(fixture, "firing acme/home global one");
    record(fixture,
        "maintenance: [{checks: [\"acme/*\"], from: 2026-11-24T02:00:00Z,\n"
        "  to: 2026-11-24T12:00:00Z, reason: move}]\n");
    tell(fixture, &www, true);
    run_at(fixture, start + MINUTE);
    run_at(fixture, start + 5 * HOUR);
    assert_queue(fixture, "");
    close_it(fixture, &row);
    run_at(fixture, start + 5 * HOUR);
    deliver(fixture, "resolved acme/home global one");
}

static void
each_receiver_is_told_what_it_wants(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row whole = incident_of("acme/home", "global");
    struct incident_row eu = incident_of("acme/www", "eu");

    record(fixture, "receivers:\n"
                    "- {name: a, mail: [all@mail.example]}\n"
                    "- {name: b, mail: [big@mail.example],\n"
                    "   from_severity: page}\n");
    tell(fixture, &whole, true);
    tell(fixture, &eu, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    deliver(fixture, "firing acme/home global all, "
                     "firing acme/home global big, "
                     "firing acme/www eu all");
}

static void
the_mail_threads_with_its_incident(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");
    char root[128];
    struct seen seen;

    tell(fixture, &row, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    look(fixture, &seen);
    (void)snprintf(root, sizeof(root),
        "\r\nReferences: <inc.%s@mail.example>\r\n", row.id);
    assert_non_null(strstr(seen.body, root));
    (void)snprintf(root, sizeof(root), "\r\nMessage-ID: <n.%llu@mail.example>",
        (unsigned long long)seen.ids[0]);
    assert_non_null(strstr(seen.body, root));
    assert_non_null(strstr(seen.body, "\r\nX-Severity: page\r\n"));
    assert_non_null(strstr(seen.body, "https://acme.example/"));
}

static void
a_lost_transaction_is_decided_again(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");
    struct err err;

    tell(fixture, &row, true);
    run_at(fixture, start);
    begin_again(fixture);
    run_at(fixture, start + 5 * SECOND);
    assert_queue(fixture, "firing acme/home global one");
    store_abort(fixture->txn);
    fixture->txn = store_begin_write(fixture->tmp->store, &err);
    assert_made(fixture->txn, err);
    alert_forget(fixture->alert);
    assert_queue(fixture, "");
    run_at(fixture, start + 5 * SECOND);
    assert_queue(fixture, "firing acme/home global one");
}

static void
a_clock_set_back_does_not_make_it_wait(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");

    tell(fixture, &row, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    deliver(fixture, "firing acme/home global one");
    close_it(fixture, &row);
    run_at(fixture, start - HOUR);
    assert_queue(fixture, "resolved acme/home global one");
}

#define with_store(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* ---- what is no incident of slots ---- */

static void
settle(struct fixture *fixture, const struct condition_claim *claim)
{
    struct condition_claims held = {0};
    struct err err;

    if (claim != NULL)
        assert_ok(condition_claims_add(&held, claim, &err), err);
    assert_ok(
        condition_settle(fixture->txn, ALERT_AGENT_OFFLINE, &held,
            fixture->now_unix_ms, alert_take_condition, fixture->alert, &err),
        err);
    condition_claims_free(&held);
}

static struct condition_claim
agent_is_silent(void)
{
    return (struct condition_claim){
        .class = ALERT_AGENT_OFFLINE,
        .severity = SEVERITY_NOTIFY,
        .on = CONDITION_ON_AGENT,
        .subject = "eu1",
        .since_unix_ms = start - MINUTE,
        .tell_unix_ms = start + 5 * MINUTE,
        .words = "silent since 02:09:00",
    };
}

static void
a_condition_is_told_from_its_moment_on_and_resolved(void **state)
{
    struct fixture *fixture = *state;
    struct condition_claim claim = agent_is_silent();
    struct seen seen;

    settle(fixture, &claim);
    run_at(fixture, start);
    run_at(fixture, start + 5 * MINUTE - 1);
    assert_queue(fixture, "");
    run_at(fixture, start + 5 * MINUTE);
    look(fixture, &seen);
    assert_non_null(strstr(seen.body, "] agent eu1\r\n"));
    assert_non_null(strstr(seen.body, "Silent since 02:09:00"));
    deliver(fixture, "firing eu1  one");
    fixture->now_unix_ms = start + 6 * MINUTE;
    settle(fixture, NULL);
    begin_again(fixture);
    run_at(fixture, start + 6 * MINUTE);
    deliver(fixture, "resolved eu1  one");
}

static void
a_condition_that_ends_before_its_moment_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    struct condition_claim claim = agent_is_silent();

    settle(fixture, &claim);
    run_at(fixture, start + 4 * MINUTE);
    settle(fixture, NULL);
    run_at(fixture, start + 6 * MINUTE);
    assert_queue(fixture, "");
    assert_true(fixture->next_unix_ms >= fixture->now_unix_ms + HOUR);
}

static void
of_an_event_nothing_is_resolved(void **state)
{
    struct fixture *fixture = *state;
    struct condition_claim claim = agent_is_silent();

    claim.event = true;
    claim.tell_unix_ms = 0;
    settle(fixture, &claim);
    run_at(fixture, start);
    run_at(fixture, start + MINUTE);
    deliver(fixture, "firing eu1  one");
    run_at(fixture, start + 12 * HOUR);
    assert_queue(fixture, "");
    fixture->now_unix_ms = start + 25 * HOUR;
    settle(fixture, NULL);
    run_at(fixture, start + 25 * HOUR);
    assert_queue(fixture, "");
}

/* ---- several at once ---- */

/* "acme/c07", each with an incident of the whole. */
static struct incident_row
numbered(const char *site, int number)
{
    char check[64];

    (void)snprintf(check, sizeof(check), "%s/c%02d", site, number);
    return incident_of(check, "global");
}

static void
count_of(struct fixture *fixture, size_t *mails, struct seen *last)
{
    look(fixture, last);
    *mails = last->count;
}

static void
fifty_checks_failing_together_give_three_mails_in_five_minutes(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen;
    struct err err;
    size_t told = 0;

    for (int second = 0; second < 300; second++) {
        size_t mails;

        for (int i = second; second < 60 && i < 50; i += 60) {
            struct incident_row row = numbered("acme", i);

            tell(fixture, &row, true);
        }
        run_at(fixture, start + second * SECOND);
        count_of(fixture, &mails, &seen);
        told += mails;
        for (size_t i = 0; i < mails; i++)
            assert_ok(mailq_take_report(fixture->txn,
                          &(struct mailq_report){.id = seen.ids[i],
                              .outcome = MAILQ_SENT,
                              .at_unix_ms = fixture->now_unix_ms},
                          &err),
                err);
    }
    assert_in_range(told, 1, 3);
    run_at(fixture, start + 306 * SECOND);
    look(fixture, &seen);
    assert_int_equal(seen.count, 1);
    assert_non_null(strstr(seen.body, "checks failing: acme\r\n"));
}

static void
a_groups_changes_are_told_in_its_thread(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row rows[5];
    struct seen seen;
    char root[64];

    for (int i = 0; i < 5; i++) {
        rows[i] = numbered("acme", i);
        tell(fixture, &rows[i], true);
    }
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    look(fixture, &seen);
    assert_int_equal(seen.count, 1);
    assert_non_null(strstr(seen.body, "<grp."));
    (void)snprintf(root, sizeof(root), "%.20s", strstr(seen.body, "<grp."));
    assert_ok(mailq_take_report(fixture->txn,
                  &(struct mailq_report){.id = seen.ids[0],
                      .outcome = MAILQ_SENT,
                      .at_unix_ms = fixture->now_unix_ms},
                  &(struct err){0}),
        (struct err){0});
    begin_again(fixture);
    fixture->now_unix_ms = start + 10 * MINUTE;
    close_it(fixture, &rows[1]);
    run_at(fixture, start + 10 * MINUTE);
    look(fixture, &seen);
    assert_int_equal(seen.count, 1);
    assert_non_null(strstr(seen.body, root));
    assert_non_null(strstr(seen.body, "] 5 checks failing: acme\r\n"));
    assert_ok(mailq_take_report(fixture->txn,
                  &(struct mailq_report){.id = seen.ids[0],
                      .outcome = MAILQ_SENT,
                      .at_unix_ms = fixture->now_unix_ms},
                  &(struct err){0}),
        (struct err){0});
    /* What leaves nothing firing waits for nothing. */
    fixture->now_unix_ms = start + 11 * MINUTE;
    for (int i = 0; i < 5; i++) {
        if (i != 1)
            close_it(fixture, &rows[i]);
    }
    run_at(fixture, start + 11 * MINUTE);
    look(fixture, &seen);
    assert_int_equal(seen.count, 1);
    assert_non_null(strstr(seen.body, root));
    assert_non_null(strstr(seen.body, "\r\nX-State: resolved\r\n"));
}

/* Nothing was accepted yet: it is written anew, and says both. */
static void
a_queued_group_mail_is_written_anew_when_one_of_them_is_over(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row rows[5];
    struct seen seen;
    uint64_t first;

    for (int i = 0; i < 5; i++) {
        rows[i] = numbered("acme", i);
        tell(fixture, &rows[i], true);
    }
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    look(fixture, &seen);
    assert_int_equal(seen.count, 1);
    first = seen.ids[0];
    fixture->now_unix_ms = start + 2 * MINUTE;
    close_it(fixture, &rows[2]);
    run_at(fixture, start + 2 * MINUTE);
    look(fixture, &seen);
    assert_int_equal(seen.count, 1);
    assert_true(seen.ids[0] > first);
    assert_ok(mailq_take_report(fixture->txn,
                  &(struct mailq_report){.id = seen.ids[0],
                      .outcome = MAILQ_SENT,
                      .at_unix_ms = fixture->now_unix_ms},
                  &(struct err){0}),
        (struct err){0});
    run_at(fixture, start + 3 * MINUTE);
    run_at(fixture, start + 20 * MINUTE);
    assert_queue(fixture, "");
}

static void
a_recipient_gets_ten_mails_and_the_rest_in_one_of_them(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen;

    for (int i = 0; i < 30; i++) {
        char site[16];
        struct incident_row row;

        (void)snprintf(site, sizeof(site), "site%02d", i);
        row = numbered(site, 1);
        tell(fixture, &row, true);
    }
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    look(fixture, &seen);
    assert_int_equal(seen.count, 10);
    run_at(fixture, start + 6 * SECOND);
    look(fixture, &seen);
    assert_int_equal(seen.count, 10);
}

/* ---- what a person says ---- */

static void
a_silence_mutes_messages_but_not_the_resolve(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row home = incident_of("acme/home", "global");
    struct incident_row www = incident_of("acme/www", "global");
    struct silence silence = {.from_unix_ms = start,
        .until_unix_ms = start + HOUR,
        .author = "ann",
        .reason = "move"};
    struct notice notice;
    struct err err;

    tell(fixture, &home, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    deliver(fixture, "firing acme/home global one");
    assert_ok(
        silence_take_match("acme/* class:SITE_DOWN", &silence, &err), err);
    assert_ok(silence_put(fixture->txn, &silence, &err), err);
    tell(fixture, &www, true);
    run_at(fixture, start + 10 * MINUTE);
    run_at(fixture, start + 11 * MINUTE);
    assert_queue(fixture, "");
    assert_int_equal(notice_get(fixture->txn, www.id, &notice, &err), 1);
    assert_int_equal(notice.mute, NOTICE_MUTED_BY_SILENCE);
    assert_string_equal(notice.muted_by, silence.id);
    notice_free(&notice);
    fixture->now_unix_ms = start + 12 * MINUTE;
    close_it(fixture, &home);
    run_at(fixture, start + 12 * MINUTE);
    deliver(fixture, "resolved acme/home global one");
    assert_int_equal(
        silence_end(fixture->txn, silence.id, start + 13 * MINUTE, &err), 1);
    assert_int_equal(
        silence_end(fixture->txn, silence.id, start + 13 * MINUTE, &err), 0);
    run_at(fixture, start + 13 * MINUTE);
    deliver(fixture, "firing acme/www global one");
}

static void
whoever_has_it_is_not_reminded_for_a_day(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");
    char id[INCIDENT_ID_BYTES];
    struct err err;

    tell(fixture, &row, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    deliver(fixture, "firing acme/home global one");
    assert_int_equal(
        alert_ack(fixture->txn, "00000000", "ann", start, id, &err), 0);
    assert_int_equal(
        alert_ack(fixture->txn, row.id, "ann", start + HOUR, id, &err), 1);
    assert_string_equal(id, row.id);
    begin_again(fixture);
    run_at(fixture, start + 24 * HOUR);
    assert_queue(fixture, "");
    run_at(fixture, start + 25 * HOUR);
    deliver(fixture, "reminder acme/home global one");
    assert_int_equal(incident_get(fixture->txn, row.id, &row, &err), 1);
    assert_string_equal(row.acked_by, "ann");
    fixture->now_unix_ms = start + 26 * HOUR;
    assert_int_equal(
        alert_ack(fixture->txn, row.id, "bob", fixture->now_unix_ms, id, &err),
        1);
    assert_int_equal(incident_get(fixture->txn, row.id, &row, &err), 1);
    close_it(fixture, &row);
    run_at(fixture, start + 26 * HOUR);
    deliver(fixture, "resolved acme/home global one");
    assert_int_equal(
        alert_ack(fixture->txn, row.id, "bob", fixture->now_unix_ms, id, &err),
        -1);
}

static void
a_view_says_what_fires_and_what_is_muted_by_what(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row whole = incident_of("acme/home", "global");
    struct incident_row eu = incident_of("acme/home", "eu");
    struct alert_view view;
    size_t muted = 0;
    struct err err;

    tell(fixture, &whole, true);
    tell(fixture, &eu, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    assert_ok(alert_view_read(fixture->txn,
                  fixture->conf->versions[fixture->conf->count - 1].config,
                  fixture->now_unix_ms, &view, &err),
        err);
    assert_int_equal(view.notices.count, 2);
    assert_int_equal(view.queue_count, 1);
    assert_string_equal(view.queue[0].incident, whole.id);
    for (size_t i = 0; i < 2; i++) {
        if (view.hushes[i].mute == NOTICE_HEARD)
            continue;
        muted++;
        assert_string_equal(view.notices.items[i].id, eu.id);
        assert_string_equal(view.hushes[i].by, whole.id);
        assert_string_equal(alert_view_mute_name(view.hushes[i].mute), "alert");
    }
    assert_int_equal(muted, 1);
    alert_view_free(&view);
}

static void
what_mutes_it_is_kept_with_it(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row whole = incident_of("acme/home", "global");
    struct incident_row eu = incident_of("acme/home", "eu");
    struct notice notice;
    struct err err;

    tell(fixture, &eu, true);
    tell(fixture, &whole, true);
    run_at(fixture, start);
    assert_int_equal(notice_get(fixture->txn, eu.id, &notice, &err), 1);
    assert_int_equal(notice.mute, NOTICE_MUTED_BY_ALERT);
    assert_string_equal(notice.muted_by, whole.id);
    notice_free(&notice);
    close_it(fixture, &eu);
    run_at(fixture, start + 2 * MINUTE);
    assert_int_equal(notice_get(fixture->txn, eu.id, &notice, &err), 1);
    assert_int_equal(notice.mute, NOTICE_MUTED_BY_ALERT);
    notice_free(&notice);
}

static void
webhooks_get_pages_and_their_resolves(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row home = incident_of("acme/home", "global");
    struct incident_row eu = incident_of("acme/www", "eu");

    record(fixture, "webhooks: [{name: chat, kind: slack,\n"
                    "  url: \"https://chat.example/x\"}]\n");
    tell(fixture, &home, true);
    tell(fixture, &eu, true);
    run_at(fixture, start);
    run_at(fixture, start + 30 * SECOND);
    deliver(fixture,
        "firing acme/home global one, firing acme/home global web, "
        "firing acme/www eu one");
    fixture->now_unix_ms = start + 10 * MINUTE;
    close_it(fixture, &home);
    close_it(fixture, &eu);
    run_at(fixture, start + 10 * MINUTE);
    deliver(fixture,
        "resolved acme/home global one, resolved acme/home global web, "
        "resolved acme/www eu one");
}

static void
accept_all(struct fixture *fixture)
{
    struct seen seen;
    struct err err;

    look(fixture, &seen);
    for (size_t i = 0; i < seen.count; i++)
        assert_ok(mailq_take_report(fixture->txn,
                      &(struct mailq_report){.id = seen.ids[i],
                          .outcome = MAILQ_SENT,
                          .at_unix_ms = fixture->now_unix_ms},
                      &err),
            err);
}

static void
what_was_told_in_a_group_is_withdrawn_in_its_thread_once(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row rows[4];
    struct seen seen;

    for (int i = 0; i < 4; i++) {
        rows[i] = numbered("acme", i);
        tell(fixture, &rows[i], true);
    }
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    accept_all(fixture);
    rows[3].state = INCIDENT_WITHDRAWN;
    tell(fixture, &rows[3], false);
    run_at(fixture, start + 6 * MINUTE);
    look(fixture, &seen);
    assert_int_equal(seen.count, 1);
    assert_non_null(strstr(seen.body, "<grp."));
    assert_non_null(strstr(seen.body, "withdrawn"));
    accept_all(fixture);
    run_at(fixture, start + 7 * MINUTE);
    run_at(fixture, start + 30 * MINUTE);
    assert_queue(fixture, "");
}

/* Each start is a silence shorter than what is told of. */
static void
an_agent_that_starts_forty_times_is_told_once_at_most(void **state)
{
    struct fixture *fixture = *state;
    struct condition_claim claim = agent_is_silent();
    size_t told = 0;

    for (int i = 0; i < 40; i++) {
        struct seen seen;

        claim.since_unix_ms = start + i * 8 * MINUTE;
        claim.tell_unix_ms = claim.since_unix_ms + 5 * MINUTE;
        fixture->now_unix_ms = claim.since_unix_ms + 4 * MINUTE;
        settle(fixture, &claim);
        run_at(fixture, fixture->now_unix_ms);
        fixture->now_unix_ms += 50 * SECOND;
        settle(fixture, NULL);
        run_at(fixture, fixture->now_unix_ms);
        look(fixture, &seen);
        told += seen.count;
        accept_all(fixture);
    }
    assert_in_range(told, 0, 1);
}

static void
tickets_are_told_to_nobody_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct condition_claim claim = agent_is_silent();

    claim.severity = SEVERITY_TICKET;
    claim.tell_unix_ms = 0;
    settle(fixture, &claim);
    run_at(fixture, start);
    run_at(fixture, start + HOUR);
    assert_queue(fixture, "");
}

static void
what_was_told_is_forgotten_after_ninety_days(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row row = incident_of("acme/home", "global");
    struct notice notice;
    struct err err;

    tell(fixture, &row, true);
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    accept_all(fixture);
    close_it(fixture, &row);
    run_at(fixture, start + MINUTE);
    accept_all(fixture);
    run_at(fixture, start + 2 * MINUTE);
    run_at(fixture, start + 89 * 24 * HOUR);
    assert_int_equal(notice_get(fixture->txn, row.id, &notice, &err), 1);
    notice_free(&notice);
    run_at(fixture, start + 91 * 24 * HOUR);
    assert_int_equal(notice_get(fixture->txn, row.id, &notice, &err), 0);
}

/* 2026-11-24T08:00:00Z is due; whoever begins at 02:10 gets none before. */
static void
a_digest_comes_once_a_day_also_when_there_is_nothing(void **state)
{
    struct fixture *fixture = *state;
    const int64_t eight = start + 5 * HOUR + 50 * MINUTE;
    struct seen seen;
    struct err err;

    run_at(fixture, start);
    look(fixture, &seen);
    assert_int_equal(seen.digests, 0);
    assert_int_equal(fixture->next_unix_ms, eight);
    run_at(fixture, eight);
    assert_true(fixture->queued);
    assert_int_equal(fixture->next_unix_ms, eight + 24 * HOUR);
    begin_again(fixture);
    run_at(fixture, eight + MINUTE);
    look(fixture, &seen);
    assert_int_equal(seen.digests, 1);
    assert_ok(mailq_take_report(fixture->txn,
                  &(struct mailq_report){.id = seen.digest_id,
                      .outcome = MAILQ_SENT,
                      .at_unix_ms = eight + MINUTE},
                  &err),
        err);
    /* A day and a half without a collector: one, and then in time again. */
    begin_again(fixture);
    run_at(fixture, eight + 36 * HOUR);
    look(fixture, &seen);
    assert_int_equal(seen.digests, 1);
    assert_int_equal(fixture->next_unix_ms, eight + 48 * HOUR);
}

/* Pages are not behind what is less severe, and go in the first ten. */
static void
a_storm_of_less_lets_a_page_through(void **state)
{
    struct fixture *fixture = *state;
    struct incident_row page = incident_of("zeta/home", "global");
    struct seen seen;
    bool there = false;

    for (int i = 0; i < 30; i++) {
        char check[32];
        struct incident_row row;

        (void)snprintf(check, sizeof(check), "site%02d/home", i);
        row = incident_of(check, "eu");
        tell(fixture, &row, true);
    }
    tell(fixture, &page, true);
    run_at(fixture, start);
    run_at(fixture, start + 31 * SECOND);
    look(fixture, &seen);
    assert_int_equal(seen.count, 10);
    there = strstr(seen.text, "firing zeta/home global one") != NULL;
    assert_true(there);
}

/* What several posts would say is one: a group's, as in mails. */
static void
a_webhook_gets_one_post_of_a_group(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen;

    record(fixture, "webhooks: [{name: chat, kind: generic,\n"
                    "  url: \"https://chat.example/x\"}]\n");
    for (int i = 0; i < 5; i++) {
        struct incident_row row = numbered("acme", i);

        tell(fixture, &row, true);
    }
    run_at(fixture, start);
    run_at(fixture, start + 5 * SECOND);
    look(fixture, &seen);
    assert_int_equal(seen.count, 2);
    assert_non_null(strstr(seen.text, " web"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(a_page_is_told_after_five_seconds_and_its_resolve_at_once),
        with_store(what_waits_survives_a_crash),
        with_store(what_is_over_before_its_wait_is_not_told),
        with_store(late_and_imported_incidents_are_never_told),
        with_store(an_old_incident_that_goes_on_is_told_when_it_is_fresh),
        with_store(an_outage_of_the_whole_keeps_its_regions_quiet),
        with_store(a_reminder_comes_every_four_hours),
        with_store(
            a_firing_mail_still_queued_becomes_one_that_says_it_was_down),
        with_store(after_an_hour_without_mail_what_comes_makes_sense),
        with_store(what_becomes_untrue_is_withdrawn_once_if_it_was_told),
        with_store(a_mail_that_got_out_after_all_is_withdrawn),
        with_store(whoever_was_told_of_a_merged_incident_hears_of_its_end),
        with_store(nothing_new_is_told_in_maintenance_but_the_resolve_is),
        with_store(each_receiver_is_told_what_it_wants),
        with_store(the_mail_threads_with_its_incident),
        with_store(a_lost_transaction_is_decided_again),
        with_store(a_clock_set_back_does_not_make_it_wait),
        cmocka_unit_test_setup_teardown(
            a_condition_is_told_from_its_moment_on_and_resolved, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            a_condition_that_ends_before_its_moment_is_not_told, setup,
            teardown),
        with_store(
            fifty_checks_failing_together_give_three_mails_in_five_minutes),
        with_store(a_groups_changes_are_told_in_its_thread),
        with_store(
            a_queued_group_mail_is_written_anew_when_one_of_them_is_over),
        with_store(a_recipient_gets_ten_mails_and_the_rest_in_one_of_them),
        with_store(a_silence_mutes_messages_but_not_the_resolve),
        with_store(whoever_has_it_is_not_reminded_for_a_day),
        with_store(a_view_says_what_fires_and_what_is_muted_by_what),
        with_store(what_mutes_it_is_kept_with_it),
        with_store(what_was_told_in_a_group_is_withdrawn_in_its_thread_once),
        with_store(an_agent_that_starts_forty_times_is_told_once_at_most),
        with_store(tickets_are_told_to_nobody_at_once),
        with_store(a_digest_comes_once_a_day_also_when_there_is_nothing),
        with_store(what_was_told_is_forgotten_after_ninety_days),
        with_store(a_storm_of_less_lets_a_page_through),
        with_store(a_webhook_gets_one_post_of_a_group),
        with_store(webhooks_get_pages_and_their_resolves),
        cmocka_unit_test_setup_teardown(
            of_an_event_nothing_is_resolved, setup, teardown),
    };

    return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
