#include "webhook_body.h"

#include <stdio.h>
#include <string.h>

#include "json_text.h"
#include "text.h"

enum {
    SLACK_DETAILS_BYTES = 2800,
    NTFY_TEXT_BYTES = 3600,
    PAGERDUTY_SUMMARY_BYTES = 1000
};

/* As much of a text as fits, ended on a whole character. */
static size_t
cut(const char *text, size_t max)
{
    size_t len = strlen(text);

    if (len <= max)
        return len;
    len = max;
    while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

static size_t
shown(const struct webhook_message *message)
{
    return message->count < WEBHOOK_ITEMS_MAX ? message->count
                                              : WEBHOOK_ITEMS_MAX;
}

static bool
all_over(const struct webhook_message *message)
{
    for (size_t i = 0; i < message->count; i++) {
        if (!message->items[i].over)
            return false;
    }
    return true;
}

/* The first that still fires, else the first. */
static const struct webhook_item *
leader(const struct webhook_message *message)
{
    for (size_t i = 0; i < message->count; i++) {
        if (!message->items[i].over)
            return &message->items[i];
    }
    return &message->items[0];
}

/* What one line says of all of them. */
static void
say_summary(const struct webhook_message *message, char *out, size_t size)
{
    if (message->count == 1)
        (void)snprintf(out, size, "%s", message->items[0].summary);
    else
        (void)snprintf(out, size, "%s%s: %zu alerts",
            all_over(message) ? "RESOLVED: " : "", message->title,
            message->count);
}

/* Appends the details of one, or a line for each of several. */
static int
say_details(
    const struct webhook_message *message, struct buf *out, struct err *err)
{
    if (message->count == 1)
        return buf_append(out, message->items[0].details,
            strlen(message->items[0].details), err);
    for (size_t i = 0; i < shown(message); i++) {
        const struct webhook_item *item = &message->items[i];

        if (buf_printf(out, err, "%s %s: %s\n", item->id, item->subject,
                item->summary) != 0)
            return -1;
    }
    return 0;
}

/* ---- Alertmanager ---- */

static void
put_site(struct json_text *json, const char *subject)
{
    size_t len = strcspn(subject, "/");

    if (subject[len] != '/')
        return;
    json_put_part(json, "site", subject, len);
    json_put_text(json, "check", subject);
}

static void
put_labels(struct json_text *json, const char *key,
    const struct webhook_item *item, bool whole)
{
    json_open(json, key, '{');
    json_put_text(json, "alertname", item->class);
    if (whole) {
        json_put_text(json, "incident", item->id);
        json_put_text(json, "subject", item->subject);
        put_site(json, item->subject);
        if (item->scope[0] != '\0')
            json_put_text(json, "scope", item->scope);
        json_put_text(json, "severity", item->severity);
    }
    json_close(json, '}');
}

static void
put_annotations(
    struct json_text *json, const char *key, const struct webhook_item *item)
{
    json_open(json, key, '{');
    json_put_text(json, "summary", item->summary);
    json_put_text(json, "description", item->details);
    json_put_text(json, "state", item->state);
    json_close(json, '}');
}

static void
put_alert(struct json_text *json, const struct webhook_item *item)
{
    char moment[TEXT_MOMENT_BYTES];

    json_open(json, NULL, '{');
    json_put_text(json, "status", item->over ? "resolved" : "firing");
    put_labels(json, "labels", item, true);
    put_annotations(json, "annotations", item);
    text_put_moment(item->start_unix_ms, moment);
    json_put_text(json, "startsAt", moment);
    text_put_moment(item->end_unix_ms, moment);
    json_put_text(json, "endsAt",
        item->end_unix_ms == 0 ? "0001-01-01T00:00:00Z" : moment);
    json_put_text(json, "generatorURL", "");
    json_put_text(json, "fingerprint", item->id);
    json_close(json, '}');
}

static void
put_generic(struct json_text *json, const struct webhook_message *message)
{
    const struct webhook_item *first = &message->items[0];
    bool same_class = true;

    for (size_t i = 1; i < message->count; i++) {
        if (strcmp(message->items[i].class, first->class) != 0)
            same_class = false;
    }
    json_open(json, NULL, '{');
    json_put_text(json, "version", "4");
    json_put_text(json, "groupKey", message->key);
    json_put_int(
        json, "truncatedAlerts", (int64_t)(message->count - shown(message)));
    json_put_text(json, "status", all_over(message) ? "resolved" : "firing");
    json_put_text(json, "receiver", message->receiver);
    json_open(json, "groupLabels", '{');
    json_close(json, '}');
    if (message->count == 1 || same_class) {
        put_labels(json, "commonLabels", first, message->count == 1);
    } else {
        json_open(json, "commonLabels", '{');
        json_close(json, '}');
    }
    if (message->count == 1) {
        put_annotations(json, "commonAnnotations", first);
    } else {
        json_open(json, "commonAnnotations", '{');
        json_close(json, '}');
    }
    json_put_text(json, "externalURL", "");
    json_open(json, "alerts", '[');
    for (size_t i = 0; i < shown(message); i++)
        put_alert(json, &message->items[i]);
    json_close(json, ']');
    json_close(json, '}');
}

/* ---- Slack ---- */

/* What Slack would take as a mention, a link, a character of HTML, or the end
 * of a block. */
static int
escape(const char *text, size_t len, struct buf *out, struct err *err)
{
    for (size_t i = 0; i < len; i++) {
        const char *as = text[i] == '&'   ? "&amp;"
                         : text[i] == '<' ? "&lt;"
                         : text[i] == '>' ? "&gt;"
                         : text[i] == '`' ? "'"
                                          : NULL;
        int rc = as != NULL ? buf_append(out, as, strlen(as), err)
                            : buf_append(out, text + i, 1, err);

        if (rc != 0)
            return -1;
    }
    return 0;
}

static const char *
color_of(const struct webhook_message *message)
{
    if (all_over(message))
        return "#1e7b34";
    return strcmp(leader(message)->severity, "page") == 0 ? "#b3261e"
                                                          : "#b06000";
}

/* The state first, as phones show it; of one alert also its name. */
static int
say_slack_line(const struct webhook_message *message, const char *summary,
    struct buf *text, struct err *err)
{
    if (escape(summary, strlen(summary), text, err) != 0)
        return -1;
    return message->count != 1
               ? 0
               : buf_printf(text, err, " [%s]", message->items[0].id);
}

/* As a block: its tables want letters of one width. */
static int
say_slack_block(const char *details, struct buf *text, struct err *err)
{
    if (details[0] == '\0')
        return 0;
    if (buf_append(text, "```", 3, err) != 0 ||
        escape(details, cut(details, SLACK_DETAILS_BYTES), text, err) != 0)
        return -1;
    return buf_append(text, "```", 3, err);
}

static int
put_slack(struct json_text *json, const struct webhook_message *message,
    const char *summary, const char *details, struct err *err)
{
    struct buf text;
    int rc = -1;

    buf_init(&text, WEBHOOK_BODY_MAX_BYTES);
    json_open(json, NULL, '{');
    if (say_slack_line(message, summary, &text, err) != 0)
        goto out;
    json_put_part(json, "text", (const char *)text.data, text.len);
    json_put_bool(json, "mrkdwn", false);
    buf_clear(&text);
    if (say_slack_block(details, &text, err) != 0)
        goto out;
    json_open(json, "attachments", '[');
    json_open(json, NULL, '{');
    json_put_text(json, "color", color_of(message));
    json_put_part(json, "text", (const char *)text.data, text.len);
    json_open(json, "mrkdwn_in", '[');
    json_put_text(json, NULL, "text");
    json_close(json, ']');
    json_close(json, '}');
    json_close(json, ']');
    json_close(json, '}');
    rc = 0;

out:
    buf_free(&text);
    return rc;
}

/* ---- PagerDuty ---- */

static const char *
pagerduty_severity(const char *severity)
{
    if (strcmp(severity, "page") == 0)
        return "critical";
    if (strcmp(severity, "notify") == 0)
        return "error";
    return strcmp(severity, "ticket") == 0 ? "warning" : "info";
}

/* A resolve needs no payload, and none of what is over is worse than it was. */
static void
put_pagerduty(struct json_text *json, const struct webhook_message *message,
    const char *summary, const char *details)
{
    const struct webhook_item *item = leader(message);
    char moment[TEXT_MOMENT_BYTES];

    json_open(json, NULL, '{');
    json_put_text(
        json, "event_action", all_over(message) ? "resolve" : "trigger");
    json_put_text(json, "dedup_key", message->key);
    json_open(json, "payload", '{');
    json_put_part(
        json, "summary", summary, cut(summary, PAGERDUTY_SUMMARY_BYTES));
    json_put_text(json, "source", item->subject);
    json_put_text(json, "severity", pagerduty_severity(item->severity));
    text_put_moment(item->start_unix_ms, moment);
    json_put_text(json, "timestamp", moment);
    json_put_text(json, "component", item->subject);
    json_put_text(json, "class", item->class);
    json_open(json, "custom_details", '{');
    json_put_text(json, "title", message->title);
    json_put_text(json, "state", item->state);
    json_put_text(json, "scope", item->scope);
    json_put_text(json, "details", details);
    json_close(json, '}');
    json_close(json, '}');
    json_put_text(json, "client", "leadline");
    json_close(json, '}');
}

int
webhook_body_add_key(
    struct bytes body, const char *key, struct buf *out, struct err *err)
{
    struct json_text json = json_text(out);

    if (body.len < 2 || body.data[0] != '{')
        return err_set(err, ERR_STATE, "a body that is no event");
    json_open(&json, NULL, '{');
    json_put_text(&json, "routing_key", key);
    if (json.failed) {
        *err = json.err;
        return -1;
    }
    if (body.data[1] != '}' && buf_append(out, ",", 1, err) != 0)
        return -1;
    return buf_append(out, body.data + 1, body.len - 1, err);
}

/* ---- ntfy ---- */

/* Headers are ASCII here, whatever a title holds. */
static int
put_header(
    const char *name, const char *value, struct buf *out, struct err *err)
{
    char line[WEBHOOK_HEADER_BYTES];

    (void)snprintf(line, sizeof(line), "%s: %.200s", name, value);
    for (char *at = line; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~')
            *at = '?';
    }
    return buf_printf(out, err, "%s\n", line);
}

static int
put_ntfy(const struct webhook_message *message, const char *summary,
    const char *details, struct buf *out, struct err *err)
{
    bool over = all_over(message);
    bool page = strcmp(leader(message)->severity, "page") == 0;
    size_t head = cut(summary, NTFY_TEXT_BYTES / 2);

    if (put_header("Title", message->title, out, err) != 0 ||
        put_header("Priority",
            over   ? "3"
            : page ? "5"
                   : "4",
            out, err) != 0 ||
        put_header("Tags",
            over   ? "white_check_mark"
            : page ? "rotating_light"
                   : "warning",
            out, err) != 0 ||
        buf_append(out, "\n", 1, err) != 0 ||
        buf_append(out, summary, head, err) != 0)
        return -1;
    if (details[0] == '\0')
        return 0;
    if (buf_append(out, "\n\n", 2, err) != 0)
        return -1;
    return buf_append(out, details, cut(details, NTFY_TEXT_BYTES - head), err);
}

bool
webhook_body_take_header(struct bytes *body, struct bytes *line)
{
    const uint8_t *end =
        body->len == 0 ? NULL : memchr(body->data, '\n', body->len);
    size_t len = end == NULL ? 0 : (size_t)(end - body->data);

    if (end == NULL)
        return false;
    *line = (struct bytes){.data = body->data, .len = len};
    body->data = end + 1;
    body->len -= len + 1;
    return len > 0;
}

/* ---- all ---- */

static int
write_text(enum webhook_kind kind, const struct webhook_message *message,
    const char *summary, const char *details, struct buf *out, struct err *err)
{
    struct json_text json = json_text(out);

    switch (kind) {
    case WEBHOOK_KIND_COUNT:
    case WEBHOOK_GENERIC:
        put_generic(&json, message);
        break;
    case WEBHOOK_SLACK:
        if (put_slack(&json, message, summary, details, err) != 0)
            return -1;
        break;
    case WEBHOOK_PAGERDUTY:
        put_pagerduty(&json, message, summary, details);
        break;
    case WEBHOOK_NTFY:
        return put_ntfy(message, summary, details, out, err);
    }
    if (json.failed)
        *err = json.err;
    return json.failed ? -1 : 0;
}

int
webhook_body_write(enum webhook_kind kind,
    const struct webhook_message *message, struct buf *out, struct err *err)
{
    char summary[1024];
    const char *text = NULL;
    struct buf details;
    int rc;

    buf_init(&details, WEBHOOK_BODY_MAX_BYTES);
    say_summary(message, summary, sizeof(summary));
    rc = say_details(message, &details, err);
    if (rc == 0)
        text = buf_text(&details, err);
    rc = text == NULL ? -1 : write_text(kind, message, summary, text, out, err);
    buf_free(&details);
    return rc;
}
