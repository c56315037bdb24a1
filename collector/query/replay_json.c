#include "replay_json.h"

#include <string.h>

#include "facts_json.h"
#include "replay.h"
#include "span.h"

static const int64_t day_ms = 86400000;

static const char *
kind_name(enum replay_kind kind)
{
    switch (kind) {
    case REPLAY_ONE:
        return "one";
    case REPLAY_GROUP:
        return "group";
    case REPLAY_SUMMARY:
        break;
    }
    return "summary";
}

static const char *
why_name(enum replay_why why)
{
    static const char *const names[] = {
        [REPLAY_TOLD] = "told",
        [REPLAY_LATE] = "late",
        [REPLAY_IMPORTED] = "imported",
        [REPLAY_WITHDRAWN] = "withdrawn",
        [REPLAY_NOBODY] = "nobody",
        [REPLAY_SILENCE] = "silence",
        [REPLAY_MAINTENANCE] = "maintenance",
        [REPLAY_ALERT] = "alert",
        [REPLAY_SHORT] = "short",
        [REPLAY_WAITS] = "waits",
    };

    return names[why];
}

static json_t *
text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *
subject_json(const struct replay_alert *alert)
{
    struct condition_claim claim = {.on = alert->on};
    char subject[MAIL_SUBJECT_BYTES];

    memcpy(claim.subject, alert->subject, sizeof(claim.subject));
    mail_subject_of(&claim, subject);
    return json_string(subject);
}

static json_t *
item_json(const struct replay *replay, const struct notice_member *item)
{
    const struct replay_alert *alert = replay_alert(replay, item->id);

    if (alert == NULL)
        return json_pack("{s:s, s:s}", "id", item->id, "state",
            mail_state_name((int)item->state));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", item->id,
        "state", mail_state_name((int)item->state), "class",
        alert_class_name((int)alert->class), "severity",
        mail_severity_name(alert->severity), "subject", subject_json(alert),
        "scope", text_or_null(alert->scope), "start",
        moment_json(alert->start_unix_ms));
}

static json_t *
messages_json(const struct replay *replay)
{
    json_t *list = json_array();

    for (size_t i = 0; i < replay->message_count; i++) {
        const struct replay_message *message = &replay->messages[i];
        json_t *items = json_array();

        for (size_t k = 0; k < message->count; k++)
            (void)json_array_append_new(
                items, item_json(replay, &message->items[k]));
        (void)json_array_append_new(
            list, json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:o}", "at",
                      moment_json(message->at_unix_ms), "to", message->to,
                      "state", mail_state_name((int)message->state), "severity",
                      mail_severity_name(message->severity), "kind",
                      kind_name(message->kind), "title", message->title,
                      "alerts", items));
    }
    return list;
}

/* ---- for each receiver ---- */

static json_t *
receiver_of(json_t *list, const char *address)
{
    json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (strcmp(json_string_value(json_object_get(one, "to")), address) == 0)
            return one;
    }
    one = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "to", address,
        "messages", 0, "pages", 0, "firing", 0, "reminder", 0, "resolved", 0,
        "withdrawn", 0, "busiest_day", 0);
    (void)json_array_append_new(list, one);
    return one;
}

static void
add_to(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);

    (void)json_integer_set(value, json_integer_value(value) + 1);
}

/* The most messages that any 24 hours had for that receiver. */
static int
busiest_day(const struct replay *replay, const char *address)
{
    size_t first = 0;
    int inside = 0;
    int most = 0;

    for (size_t i = 0; i < replay->message_count; i++) {
        const struct replay_message *message = &replay->messages[i];

        if (strcmp(message->to, address) != 0)
            continue;
        inside++;
        for (;
             replay->messages[first].at_unix_ms <= message->at_unix_ms - day_ms;
             first++)
            inside -= strcmp(replay->messages[first].to, address) == 0;
        if (inside > most)
            most = inside;
    }
    return most;
}

static json_t *
receivers_json(const struct replay *replay)
{
    json_t *list = json_array();
    json_t *one;
    size_t at;

    for (size_t i = 0; i < replay->message_count; i++) {
        const struct replay_message *message = &replay->messages[i];

        one = receiver_of(list, message->to);
        add_to(one, "messages");
        add_to(one, mail_state_name((int)message->state));
        if (message->severity == SEVERITY_PAGE && message->state == MAIL_FIRING)
            add_to(one, "pages");
    }
    json_array_foreach(list, at, one)
    {
        (void)json_object_set_new(one, "busiest_day",
            json_integer(busiest_day(
                replay, json_string_value(json_object_get(one, "to")))));
    }
    return list;
}

/* ---- what was not told ---- */

static json_t *
untold_one(const struct replay_alert *alert)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "id",
        alert->id, "class", alert_class_name((int)alert->class), "severity",
        mail_severity_name(alert->severity), "subject", subject_json(alert),
        "scope", text_or_null(alert->scope), "start",
        moment_json(alert->start_unix_ms), "end",
        moment_json(alert->end_unix_ms), "why", why_name(alert->why), "by",
        text_or_null(alert->by));
}

/* By when it began; what was told before the span is told. */
static json_t *
untold_json(const struct replay *replay, const struct query_span *span)
{
    json_t *list = json_array();

    for (size_t i = 0; i < replay->alert_count; i++) {
        const struct replay_alert *alert = &replay->alerts[i];

        if (alert->why == REPLAY_TOLD ||
            alert->start_unix_ms >= span->to_unix_ms)
            continue;
        (void)json_array_append_new(list, untold_one(alert));
    }
    return list;
}

static json_t *
notes_json(const struct replay *replay)
{
    json_t *list = json_array();

    for (size_t i = 0; i < replay->notes.count; i++)
        (void)json_array_append_new(list, json_string(replay->notes.items[i]));
    return list;
}

int
replay_answer(const struct query_env *env, const json_t *args, json_t **answer,
    struct err *err)
{
    const struct config *newest =
        env->conf->versions[env->conf->count - 1].config;
    const char *yaml = json_string_value(json_object_get(args, "config"));
    struct query_span span;
    struct replay replay;

    if (query_span_take(args, 7 * day_ms, newest->timezone, env->now_unix_ms,
            &span, err) != 0)
        return -1;
    if (span.to_unix_ms > env->now_unix_ms)
        span.to_unix_ms = env->now_unix_ms;
    if (span.from_unix_ms >= span.to_unix_ms)
        return err_set(err, ERR_PARSE, "the range ends before it begins");
    if (replay_run(
            &(const struct replay_spec){
                .txn = env->txn,
                .conf = env->conf,
                .yaml = yaml,
                .from_unix_ms = span.from_unix_ms,
                .to_unix_ms = span.to_unix_ms,
                .now_unix_ms = env->now_unix_ms,
                .imported = json_is_true(json_object_get(args, "imported")),
            },
            &replay, err) != 0)
        return -1;
    *answer = json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "from",
        moment_json(span.from_unix_ms), "to", moment_json(span.to_unix_ms),
        "settings", yaml != NULL ? "given" : "stored", "messages",
        messages_json(&replay), "receivers", receivers_json(&replay), "untold",
        untold_json(&replay, &span), "notes", notes_json(&replay));
    replay_free(&replay);
    return *answer != NULL ? 0 : err_set(err, ERR_NOMEM, "messages");
}
