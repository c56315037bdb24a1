#include "alerts.h"

#include <stdlib.h>
#include <string.h>

#include "alert_view.h"
#include "condition.h"
#include "facts_json.h"
#include "incident_row.h"
#include "incidents.h"
#include "mail_text.h"

/* "acme/home", "agent eu1", "region eu", "collector": as mails have it. */
static json_t *
subject_json(enum condition_on on, const char *subject)
{
    switch (on) {
    case CONDITION_ON_AGENT:
        return json_sprintf("agent %s", subject);
    case CONDITION_ON_REGION:
        return json_sprintf("region %s", subject);
    case CONDITION_ON_COLLECTOR:
        return json_string("collector");
    case CONDITION_ON_CHECK:
    case CONDITION_ON_COUNT:
        break;
    }
    return json_string(subject);
}

static json_t *
text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

/* ---- alerts ---- */

static json_t *
told_json(const struct notice *notice)
{
    json_t *items = json_array();

    for (size_t i = 0; i < notice->target_count; i++) {
        const struct notice_target *target = &notice->targets[i];

        (void)json_array_append_new(items,
            json_pack("{s:s, s:s, s:b, s:b, s:o}", "to", target->address,
                "told", alert_view_told_name(target->told), "queued",
                (int)(target->mail != 0), "refused", (int)target->refused, "at",
                moment_json(target->last_unix_ms)));
    }
    return items;
}

static json_t *
muted_json(const struct hush_reason *reason)
{
    if (reason->mute == NOTICE_HEARD)
        return json_null();
    return json_pack("{s:s, s:o}", "why", alert_view_mute_name(reason->mute),
        "by", text_or_null(reason->by));
}

/* What is seen, in a condition's own words; a reason's name of an incident. */
static json_t *
words_json(struct store_txn *txn, const struct notice *notice, struct err *err)
{
    struct condition condition;

    if (!notice->is_condition)
        return notice->reason == REASON_NONE
                   ? json_null()
                   : json_string(measure_reason_words(
                         (enum measure_reason)notice->reason));
    if (condition_get(txn, notice->id, &condition, err) != 1)
        return json_null();
    return text_or_null(condition.claim.words);
}

static json_t *
notice_json(const struct query_env *env, const struct notice *notice,
    const struct hush_reason *reason, struct err *err)
{
    bool waits = notice->due_unix_ms > env->now_unix_ms;

    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:o}",
        "id", notice->id, "class", alert_class_name((int)notice->class),
        "severity", mail_severity_name(notice->severity), "subject",
        subject_json(notice->on, notice->subject), "scope",
        text_or_null(notice->scope), "state",
        incident_state_name(notice->state), "start",
        moment_json(notice->start_unix_ms), "end",
        moment_json(notice->end_unix_ms), "words",
        words_json(env->txn, notice, err), "waits_until",
        waits ? moment_json(notice->due_unix_ms) : json_null(), "acked_until",
        notice->acked_until_unix_ms > env->now_unix_ms
            ? moment_json(notice->acked_until_unix_ms)
            : json_null(),
        "muted", muted_json(reason), "told", told_json(notice));
}

struct item {
    const struct notice *notice;
    const struct hush_reason *reason;
};

/* The worst first; among equals the oldest. */
static int
compare(const void *a, const void *b)
{
    const struct notice *one = ((const struct item *)a)->notice;
    const struct notice *other = ((const struct item *)b)->notice;

    if (one->severity != other->severity)
        return one->severity > other->severity ? -1 : 1;
    if (one->start_unix_ms != other->start_unix_ms)
        return one->start_unix_ms < other->start_unix_ms ? -1 : 1;
    return strcmp(one->id, other->id);
}

static json_t *
notices_json(
    const struct query_env *env, const struct alert_view *view, struct err *err)
{
    struct item *items = calloc(view->notices.count + 1, sizeof(*items));
    json_t *list = json_array();

    if (items == NULL) {
        json_decref(list);
        return NULL;
    }
    for (size_t i = 0; i < view->notices.count; i++)
        items[i] = (struct item){
            .notice = &view->notices.items[i], .reason = &view->hushes[i]};
    qsort(items, view->notices.count, sizeof(*items), compare);
    for (size_t i = 0; i < view->notices.count; i++)
        (void)json_array_append_new(
            list, notice_json(env, items[i].notice, items[i].reason, err));
    free(items);
    return list;
}

/* ---- what is queued, what is silenced ---- */

static const char *
fate_of(const struct mailq_row *row)
{
    if (row->dead)
        return "dead";
    if (row->blocked)
        return "blocked";
    return row->tries > 0 ? "retrying" : "queued";
}

static json_t *
queue_json(const struct alert_view *view)
{
    json_t *items = json_array();

    for (size_t i = 0; i < view->queue_count; i++) {
        const struct mailq_row *row = &view->queue[i];

        (void)json_array_append_new(items,
            json_pack("{s:s, s:o, s:s, s:s, s:o, s:I, s:o, s:o}", "to",
                row->recipient, "incident", text_or_null(row->incident),
                "state", fate_of(row), "severity",
                mail_severity_name((enum conf_severity)row->severity), "queued",
                moment_json(row->queued_unix_ms), "tries",
                (json_int_t)row->tries, "next_try",
                row->dead ? json_null() : moment_json(row->next_try_unix_ms),
                "error", text_or_null(row->last_error)));
    }
    return items;
}

static json_t *
silences_json(const struct alert_view *view)
{
    json_t *items = json_array();

    for (size_t i = 0; i < view->silences.count; i++) {
        const struct silence *silence = &view->silences.items[i];

        (void)json_array_append_new(
            items, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                       "id", silence->id, "check", text_or_null(silence->check),
                       "region", text_or_null(silence->region), "class",
                       text_or_null(silence->class), "agent",
                       text_or_null(silence->agent), "from",
                       moment_json(silence->from_unix_ms), "until",
                       moment_json(silence->until_unix_ms), "author",
                       text_or_null(silence->author), "reason",
                       text_or_null(silence->reason)));
    }
    return items;
}

json_t *
alerts_query(const struct query_env *env, struct err *err)
{
    const struct config *config =
        env->conf->versions[env->conf->count - 1].config;
    struct alert_view view;
    json_t *answer;

    if (alert_view_read(env->txn, config, env->now_unix_ms, &view, err) != 0)
        return NULL;
    answer =
        json_pack("{s:o, s:o, s:o}", "alerts", notices_json(env, &view, err),
            "queue", queue_json(&view), "silences", silences_json(&view));
    alert_view_free(&view);
    if (answer == NULL)
        (void)err_set(err, ERR_NOMEM, "alerts");
    return answer;
}

/* ---- one condition ---- */

int
alerts_condition(const struct query_env *env, const char *id, json_t **answer,
    struct err *err)
{
    struct condition condition;
    struct notice notice = {0};
    struct incident_row row;
    const struct condition_claim *claim = &condition.claim;
    int found = condition_get(env->txn, id, &condition, err);

    if (found != 1)
        return found;
    switch (incident_get(env->txn, id, &row, err)) {
    case 0:
        break;
    case 1:
        return err_set(err, ERR_PARSE,
            "\"%.40s\" fits INC-%s and INC-%s: give more of it", id,
            condition.id, row.id);
    default:
        return -1;
    }
    if (notice_get(env->txn, condition.id, &notice, err) < 0)
        return -1;
    *answer = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, "
                        "s:o, s:o}",
        "id", condition.id, "class", alert_class_name((int)claim->class),
        "severity", mail_severity_name(claim->severity), "subject",
        subject_json(claim->on, claim->subject), "scope",
        text_or_null(claim->scope), "state",
        incident_state_name(condition.state), "start",
        moment_json(claim->since_unix_ms), "noticed",
        moment_json(condition.noticed_unix_ms), "end",
        moment_json(condition.end_unix_ms), "words", text_or_null(claim->words),
        "acked_by", text_or_null(condition.acked_by), "told",
        told_json(&notice));
    notice_free(&notice);
    return *answer != NULL ? 1 : err_set(err, ERR_NOMEM, "condition");
}
