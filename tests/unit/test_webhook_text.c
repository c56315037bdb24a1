#include "webhook_text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "mail_sample.h"

static const int64_t start_unix_ms = INT64_C(1795486200000);

static json_t *
written(enum webhook_kind kind, const struct webhook_note *note)
{
    struct buf body;
    struct err err;
    json_t *json;

    buf_init(&body, WEBHOOK_BODY_MAX_BYTES);
    assert_ok(webhook_text_write(kind, "chat", note, &body, &err), err);
    json = json_loadb((const char *)body.data, body.len, 0, NULL);
    assert_non_null(json);
    buf_free(&body);
    return json;
}

static const char *
text_at(json_t *json, const char *a, const char *b)
{
    json_t *inner = json_object_get(json, a);

    return json_string_value(b == NULL ? inner : json_object_get(inner, b));
}

static void
an_incident_is_told_as_its_mail_tells_it(void **state)
{
    struct mail_facts *facts = calloc(1, sizeof(*facts));
    struct webhook_note note = {.facts = facts};
    json_t *json;
    json_t *alert;

    (void)state;
    assert_non_null(facts);
    mail_sample(facts, MAIL_FIRING, start_unix_ms, NULL);
    json = written(WEBHOOK_GENERIC, &note);
    alert = json_array_get(json_object_get(json, "alerts"), 0);
    assert_string_equal(text_at(alert, "labels", "alertname"), "SITE_DOWN");
    assert_string_equal(text_at(alert, "labels", "severity"), "page");
    assert_string_equal(text_at(alert, "labels", "check"), "acme/home");
    assert_non_null(
        strstr(text_at(alert, "annotations", "summary"), "DOWN in 2 of 3"));
    assert_non_null(strstr(text_at(alert, "annotations", "description"),
        "leadline incidents show"));
    assert_true(strncmp(text_at(alert, "fingerprint", NULL), "INC-", 4) == 0);
    json_decref(json);
    mail_facts_free(facts);
    free(facts);
}

static void
a_notice_says_which_agent_it_is_about(void **state)
{
    struct notice notice = {
        .id = "7K3QX2MA",
        .is_condition = true,
        .on = CONDITION_ON_AGENT,
        .subject = "eu1",
        .class = ALERT_AGENT_OFFLINE,
        .severity = SEVERITY_NOTIFY,
        .state = INCIDENT_CLOSED,
        .start_unix_ms = start_unix_ms,
        .end_unix_ms = start_unix_ms + 1,
    };
    struct webhook_note note = {.notice = &notice};
    json_t *json = written(WEBHOOK_PAGERDUTY, &note);

    (void)state;
    assert_string_equal(text_at(json, "event_action", NULL), "resolve");
    assert_string_equal(text_at(json, "dedup_key", NULL), "INC-7K3QX2MA");
    assert_string_equal(text_at(json, "payload", "source"), "agent eu1");
    json_decref(json);
}

static void
a_group_is_one_post_with_all_of_it(void **state)
{
    struct mail_group_item items[2] = {
        {.id = "AAAAAAAA",
            .subject = "acme/home",
            .scope = "global",
            .class = ALERT_SITE_DOWN,
            .severity = SEVERITY_PAGE,
            .state = MAIL_RESOLVED,
            .start_unix_ms = start_unix_ms,
            .end_unix_ms = start_unix_ms + 1},
        {.id = "BBBBBBBB",
            .subject = "acme/cert",
            .scope = "global",
            .class = ALERT_SITE_DOWN,
            .severity = SEVERITY_PAGE,
            .state = MAIL_FIRING,
            .start_unix_ms = start_unix_ms,
            .words = "refused"},
    };
    struct mail_group group = {.now_unix_ms = start_unix_ms,
        .site = "acme",
        .items = items,
        .count = 2,
        .root = "AAAAAAAA"};
    struct webhook_note note = {.group = &group};
    json_t *json = written(WEBHOOK_GENERIC, &note);

    (void)state;
    assert_string_equal(text_at(json, "status", NULL), "firing");
    assert_string_equal(text_at(json, "groupKey", NULL), "GRP-AAAAAAAA");
    assert_int_equal(json_array_size(json_object_get(json, "alerts")), 2);
    json_decref(json);
    json = written(WEBHOOK_PAGERDUTY, &note);
    assert_string_equal(text_at(json, "event_action", NULL), "trigger");
    assert_string_equal(text_at(json, "dedup_key", NULL), "GRP-AAAAAAAA");
    json_decref(json);
    items[1].state = MAIL_WITHDRAWN;
    json = written(WEBHOOK_PAGERDUTY, &note);
    assert_string_equal(text_at(json, "event_action", NULL), "resolve");
    json_decref(json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_is_told_as_its_mail_tells_it),
        cmocka_unit_test(a_notice_says_which_agent_it_is_about),
        cmocka_unit_test(a_group_is_one_post_with_all_of_it),
    };

    return cmocka_run_group_tests_name("webhook_text", tests, NULL, NULL);
}
