#include "webhook_body.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "json_text.h"

static const struct webhook_item home = {
    .id = "INC-7K3QX2MA",
    .class = "SITE_DOWN",
    .subject = "acme/home",
    .scope = "global",
    .severity = "page",
    .state = "firing",
    .start_unix_ms = INT64_C(1795486200000),
    .summary = "DOWN in 3 of 5 regions — <!channel> \"acme/home\"",
    .details = "what failed\n  \x1b[31mtitle\xff & <https://evil.example|x>",
};

static struct webhook_message
message_of(const struct webhook_item *items, size_t count)
{
    return (struct webhook_message){
        .receiver = "chat",
        .title = "[INC-7K3QX2MA] acme/home",
        .key = "INC-7K3QX2MA",
        .items = items,
        .count = count,
    };
}

static void
write_body(enum webhook_kind kind, const struct webhook_item *items,
    size_t count, struct buf *out)
{
    struct webhook_message message = message_of(items, count);
    struct err err;

    buf_init(out, WEBHOOK_BODY_MAX_BYTES);
    assert_ok(webhook_body_write(kind, &message, out, &err), err);
}

static json_t *
parsed(const struct buf *body)
{
    json_error_t error;
    json_t *json = json_loadb((const char *)body->data, body->len, 0, &error);

    if (json == NULL)
        fail_msg("%s: %.*s", error.text, (int)body->len, body->data);
    return json;
}

static const char *
text_at(json_t *json, const char *a, const char *b)
{
    json_t *inner = json_object_get(json, a);

    return json_string_value(b == NULL ? inner : json_object_get(inner, b));
}

static void
generic_is_what_alertmanager_posts(void **state)
{
    struct webhook_item items[2] = {home, home};
    struct buf body;
    json_t *json;
    json_t *alert;

    (void)state;
    write_body(WEBHOOK_GENERIC, items, 1, &body);
    json = parsed(&body);
    assert_string_equal(text_at(json, "version", NULL), "4");
    assert_string_equal(text_at(json, "status", NULL), "firing");
    assert_string_equal(text_at(json, "receiver", NULL), "chat");
    assert_string_equal(text_at(json, "groupKey", NULL), "INC-7K3QX2MA");
    assert_string_equal(
        text_at(json, "commonAnnotations", "summary"), home.summary);
    alert = json_array_get(json_object_get(json, "alerts"), 0);
    assert_string_equal(text_at(alert, "labels", "alertname"), "SITE_DOWN");
    assert_string_equal(text_at(alert, "labels", "site"), "acme");
    assert_string_equal(text_at(alert, "labels", "check"), "acme/home");
    assert_string_equal(
        text_at(alert, "startsAt", NULL), "2026-11-24T02:10:00.000Z");
    assert_string_equal(text_at(alert, "endsAt", NULL), "0001-01-01T00:00:00Z");
    assert_string_equal(text_at(alert, "annotations", "description"),
        "what failed\n  \x1b[31mtitle? & <https://evil.example|x>");
    json_decref(json);
    buf_free(&body);

    items[0].over = true;
    items[0].end_unix_ms = home.start_unix_ms + 60000;
    write_body(WEBHOOK_GENERIC, items, 2, &body);
    json = parsed(&body);
    assert_string_equal(text_at(json, "status", NULL), "firing");
    assert_string_equal(
        text_at(json, "commonLabels", "alertname"), "SITE_DOWN");
    alert = json_array_get(json_object_get(json, "alerts"), 0);
    assert_string_equal(text_at(alert, "status", NULL), "resolved");
    json_decref(json);
    buf_free(&body);
}

static void
slack_gets_no_mention_and_no_link_of_a_stranger(void **state)
{
    struct webhook_item item = home;
    struct buf body;
    json_t *json;
    const char *text;

    (void)state;
    item.details = "what failed\n  ``` & <https://evil.example|x>";
    write_body(WEBHOOK_SLACK, &item, 1, &body);
    json = parsed(&body);
    assert_string_equal(text_at(json, "text", NULL),
        "DOWN in 3 of 5 regions — "
        "&lt;!channel&gt; \"acme/home\" [INC-7K3QX2MA]");
    text = text_at(
        json_array_get(json_object_get(json, "attachments"), 0), "text", NULL);
    assert_non_null(strstr(text, "&amp; &lt;https://evil.example|x&gt;"));
    /* One block of letters of one width, which nothing in it can end. */
    assert_memory_equal(text, "```", 3);
    assert_string_equal(strstr(text + 3, "```"), "```");
    assert_string_equal(
        json_string_value(json_array_get(
            json_object_get(
                json_array_get(json_object_get(json, "attachments"), 0),
                "mrkdwn_in"),
            0)),
        "text");
    json_decref(json);
    buf_free(&body);
}

static void
pagerduty_resolves_what_it_triggered(void **state)
{
    struct webhook_item item = home;
    struct buf body;
    struct buf whole;
    struct err err;
    json_t *json;

    (void)state;
    write_body(WEBHOOK_PAGERDUTY, &item, 1, &body);
    buf_init(&whole, WEBHOOK_BODY_MAX_BYTES);
    assert_ok(
        webhook_body_add_key(buf_bytes(&body), "R0\"UTE", &whole, &err), err);
    json = parsed(&whole);
    assert_string_equal(text_at(json, "routing_key", NULL), "R0\"UTE");
    assert_string_equal(text_at(json, "event_action", NULL), "trigger");
    assert_string_equal(text_at(json, "dedup_key", NULL), "INC-7K3QX2MA");
    assert_string_equal(text_at(json, "payload", "severity"), "critical");
    assert_string_equal(text_at(json, "payload", "source"), "acme/home");
    assert_string_equal(
        text_at(json, "payload", "timestamp"), "2026-11-24T02:10:00.000Z");
    json_decref(json);
    buf_free(&body);
    buf_free(&whole);
    item.over = true;
    write_body(WEBHOOK_PAGERDUTY, &item, 1, &body);
    json = parsed(&body);
    assert_string_equal(text_at(json, "event_action", NULL), "resolve");
    assert_string_equal(text_at(json, "dedup_key", NULL), "INC-7K3QX2MA");
    json_decref(json);
    buf_free(&body);
}

static void
ntfy_gets_headers_that_no_title_can_add_to(void **state)
{
    struct webhook_message message = message_of(&home, 1);
    struct bytes left;
    struct bytes line;
    struct buf body;
    struct err err;

    (void)state;
    message.title = "x\nAuthorization: y — z";
    buf_init(&body, WEBHOOK_BODY_MAX_BYTES);
    assert_ok(webhook_body_write(WEBHOOK_NTFY, &message, &body, &err), err);
    left = buf_bytes(&body);
    assert_true(webhook_body_take_header(&left, &line));
    assert_memory_equal(line.data, "Title: x?Authorization: y ??? z", line.len);
    assert_true(webhook_body_take_header(&left, &line));
    assert_memory_equal(line.data, "Priority: 5", line.len);
    assert_true(webhook_body_take_header(&left, &line));
    assert_false(webhook_body_take_header(&left, &line));
    assert_memory_equal(left.data, home.summary, strlen(home.summary));
    buf_free(&body);
}

static void
a_long_story_is_cut_on_a_whole_character(void **state)
{
    struct webhook_item item = home;
    static char details[20001];
    struct buf body;
    json_t *json;

    (void)state;
    for (size_t i = 0; i < sizeof(details) - 1; i += 2)
        memcpy(details + i, "ä", 2);
    item.details = details;
    write_body(WEBHOOK_NTFY, &item, 1, &body);
    assert_true(body.len < 4096);
    buf_free(&body);
    write_body(WEBHOOK_SLACK, &item, 1, &body);
    json = parsed(&body);
    assert_null(
        strchr(text_at(json_array_get(json_object_get(json, "attachments"), 0),
                   "text", NULL),
            '?'));
    json_decref(json);
    buf_free(&body);
}

static void
a_target_travels_as_one_line(void **state)
{
    static const char *const bad[] = {"", "a", "a slack", "a/b slack http://x",
        "a carrier http://x", "a slack ftp://x/", "a slack http://x y\n",
        "a slack+link http://x/", "a slack http://u@x/"};
    struct webhook_target target = {.name = "chat",
        .kind = WEBHOOK_NTFY,
        .url = "https://ntfy.example/topic?x=1",
        .secret = "tk one",
        .allow_link_local = true};
    struct webhook_target again;
    char text[WEBHOOK_TARGET_TEXT_BYTES];
    struct err err;

    (void)state;
    webhook_target_put(&target, text);
    assert_string_equal(
        text, "chat ntfy+link-local https://ntfy.example/topic?x=1 tk one");
    assert_ok(webhook_target_take(text, &again, &err), err);
    assert_string_equal(again.name, target.name);
    assert_int_equal(again.kind, target.kind);
    assert_string_equal(again.url, target.url);
    assert_string_equal(again.secret, target.secret);
    assert_true(again.allow_link_local);
    assert_ok(
        webhook_target_take("a slack http://127.0.0.1:1/x", &again, &err), err);
    assert_string_equal(again.secret, "");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (webhook_target_take(bad[i], &again, &err) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generic_is_what_alertmanager_posts),
        cmocka_unit_test(slack_gets_no_mention_and_no_link_of_a_stranger),
        cmocka_unit_test(pagerduty_resolves_what_it_triggered),
        cmocka_unit_test(ntfy_gets_headers_that_no_title_can_add_to),
        cmocka_unit_test(a_long_story_is_cut_on_a_whole_character),
        cmocka_unit_test(a_target_travels_as_one_line),
    };

    return cmocka_run_group_tests_name("webhook_body", tests, NULL, NULL);
}
