#include "replay_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- messages ---- */

struct queue {
    struct mailq_row *rows; /* owned; what they say is read apart */
    size_t count;
};

static int
take_queued(void *ctx, const struct mailq_row *row, struct err *err)
{
    struct queue *queue = ctx;
    struct mailq_row *rows;

    if (row->cancelled || row->dead)
        return 0;
    rows = realloc(queue->rows, (queue->count + 1) * sizeof(*rows));
    if (rows == NULL)
        return err_set(err, ERR_NOMEM, "%zu mails", queue->count + 1);
    queue->rows = rows;
    rows[queue->count++] = *row;
    return 0;
}

static struct replay_message *
add_message(struct replay *replay, struct err *err)
{
    size_t count = replay->message_count;

    if ((count & (count - 1)) == 0) {
        size_t capacity = count == 0 ? 1 : count * 2;
        struct replay_message *items =
            realloc(replay->messages, capacity * sizeof(*items));

        if (items == NULL) {
            (void)err_set(err, ERR_NOMEM, "%zu messages", capacity);
            return NULL;
        }
        replay->messages = items;
    }
    replay->messages[count] = (struct replay_message){.items = NULL};
    return &replay->messages[replay->message_count++];
}

static int
take_one(const struct mailq_row *row, struct replay_message *message,
    struct err *err)
{
    message->items = calloc(1, sizeof(*message->items));
    if (message->items == NULL)
        return err_set(err, ERR_NOMEM, "message");
    message->count = 1;
    memcpy(message->items[0].id, row->incident, sizeof(row->incident));
    message->items[0].state = message->state;
    return 0;
}

/* As the mail's own subject says: it is not written. */
static int
title_one(
    struct store_txn *txn, struct replay_message *message, struct err *err)
{
    const char *id = message->items[0].id;
    char subject[MAIL_SUBJECT_BYTES];
    struct condition condition;
    struct notice notice;

    if (notice_get(txn, id, &notice, err) != 1)
        return err_set(err, ERR_STATE, "a mail about %s, which is gone", id);
    (void)snprintf(subject, sizeof(subject), "%s", notice.subject);
    if (notice.is_condition && condition_get(txn, id, &condition, err) == 1)
        mail_subject_of(&condition.claim, subject);
    (void)snprintf(
        message->title, sizeof(message->title), "[INC-%s] %s", id, subject);
    notice_free(&notice);
    return 0;
}

/* In a thread of their own, or because there were too many mails. */
static int
find_kind(
    struct store_txn *txn, struct replay_message *message, struct err *err)
{
    struct notice notice;
    int found = notice_get(txn, message->items[0].id, &notice, err);

    message->kind = REPLAY_SUMMARY;
    if (found != 1)
        return found;
    for (size_t i = 0; i < notice.target_count; i++) {
        if (strcmp(notice.targets[i].address, message->to) == 0 &&
            notice.targets[i].root[0] != '\0')
            message->kind = REPLAY_GROUP;
    }
    notice_free(&notice);
    return 0;
}

/* The line of the mail's header; a post has none. */
static void
title_several(const struct mailq_row *row, struct replay_message *message)
{
    static const char name[] = "\nSubject: ";
    const char *text = (const char *)row->message.data;
    const char *at = row->message.len == 0 ? NULL
                                           : memmem(text, row->message.len,
                                                 name, sizeof(name) - 1);
    size_t len = 0;

    if (at == NULL) {
        (void)snprintf(message->title, sizeof(message->title), "%zu alerts",
            message->count);
        return;
    }
    at += sizeof(name) - 1;
    while (at + len < text + row->message.len && at[len] != '\r')
        len++;
    (void)snprintf(
        message->title, sizeof(message->title), "%.*s", (int)len, at);
}

static int
write_message(struct replay *replay, const struct replay_moment *moment,
    const struct mailq_row *row, struct err *err)
{
    struct replay_message *message = add_message(replay, err);

    if (message == NULL)
        return -1;
    message->at_unix_ms = moment->now_unix_ms;
    memcpy(message->to, row->recipient, sizeof(message->to));
    message->state = (enum mail_state)row->state_told;
    message->severity = (enum conf_severity)row->severity;
    if (notice_get_members(
            moment->txn, row->id, &message->items, &message->count, err) != 0)
        return -1;
    if (message->count > 0) {
        title_several(row, message);
        return find_kind(moment->txn, message, err);
    }
    if (take_one(row, message, err) != 0)
        return -1;
    return title_one(moment->txn, message, err);
}

int
replay_write_messages(
    struct replay *replay, const struct replay_moment *moment, struct err *err)
{
    struct queue queue = {0};
    int rc = mailq_each(moment->txn, take_queued, &queue, err);

    for (size_t i = 0; rc == 0 && moment->counts && i < queue.count; i++)
        rc = write_message(replay, moment, &queue.rows[i], err);
    for (size_t i = 0; rc == 0 && i < queue.count; i++) {
        const struct mailq_report report = {
            .id = queue.rows[i].id,
            .tries = queue.rows[i].tries,
            .outcome = MAILQ_SENT,
            .at_unix_ms = moment->now_unix_ms,
        };

        rc = mailq_take_report(moment->txn, &report, err);
    }
    free(queue.rows);
    return rc;
}

/* ---- what is quiet ---- */

static struct replay_hushed *
find_hushed(const struct replay *replay, const char *id)
{
    for (size_t i = replay->hushed_count; i-- > 0;) {
        if (strcmp(replay->hushed[i].id, id) == 0)
            return &replay->hushed[i];
    }
    return NULL;
}

static int
note_hushed(struct replay *replay, const struct notice *notice, struct err *err)
{
    struct replay_hushed *one = find_hushed(replay, notice->id);
    size_t count = replay->hushed_count;

    if (one == NULL && (count & (count - 1)) == 0) {
        size_t capacity = count == 0 ? 1 : count * 2;
        struct replay_hushed *items =
            realloc(replay->hushed, capacity * sizeof(*items));

        if (items == NULL)
            return err_set(err, ERR_NOMEM, "%zu alerts", capacity);
        replay->hushed = items;
    }
    if (one == NULL)
        one = &replay->hushed[replay->hushed_count++];
    memcpy(one->id, notice->id, sizeof(one->id));
    one->mute = notice->mute;
    memcpy(one->by, notice->muted_by, sizeof(one->by));
    return 0;
}

int
replay_write_hushed(
    struct replay *replay, struct store_txn *txn, struct err *err)
{
    struct notice_list list;
    int rc = notice_list_active(txn, &list, err);

    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        if (list.items[i].mute != NOTICE_HEARD)
            rc = note_hushed(replay, &list.items[i], err);
    }
    notice_list_free(&list);
    return rc;
}

/* ---- alerts ---- */

static int
add_alert(
    struct replay *replay, const struct replay_alert *alert, struct err *err)
{
    size_t count = replay->alert_count;

    if ((count & (count - 1)) == 0) {
        size_t capacity = count == 0 ? 1 : count * 2;
        struct replay_alert *items =
            realloc(replay->alerts, capacity * sizeof(*items));

        if (items == NULL)
            return err_set(err, ERR_NOMEM, "%zu alerts", capacity);
        replay->alerts = items;
    }
    replay->alerts[replay->alert_count++] = *alert;
    return 0;
}

static enum replay_why
why_muted(enum notice_mute mute)
{
    if (mute == NOTICE_MUTED_BY_SILENCE)
        return REPLAY_SILENCE;
    return mute == NOTICE_MUTED_BY_MAINTENANCE ? REPLAY_MAINTENANCE
                                               : REPLAY_ALERT;
}

/* What it has waited for since it was no longer muted does not count. */
static void
set_why(const struct replay *replay, const struct notice *notice, bool open,
    struct replay_alert *alert)
{
    const struct replay_hushed *hushed = find_hushed(replay, notice->id);

    for (size_t i = 0; i < notice->target_count; i++) {
        if (notice->targets[i].told != NOTICE_UNTOLD) {
            alert->why = REPLAY_TOLD; /* maybe before the span */
            return;
        }
    }
    if (notice->mute != NOTICE_HEARD) {
        alert->why = why_muted(notice->mute);
        memcpy(alert->by, notice->muted_by, sizeof(alert->by));
    } else if (notice->target_count == 0) {
        alert->why = REPLAY_NOBODY;
    } else if (hushed != NULL) {
        alert->why = why_muted(hushed->mute);
        memcpy(alert->by, hushed->by, sizeof(alert->by));
    } else {
        alert->why = open ? REPLAY_WAITS : REPLAY_SHORT;
    }
}

/* What its notice knows; whether anything was told is counted later. */
static int
take_notice(const struct replay *replay, struct store_txn *txn,
    struct replay_alert *alert, bool open, struct err *err)
{
    struct notice notice;
    int found = notice_get(txn, alert->id, &notice, err);

    if (found != 1)
        return found;
    alert->class = notice.class;
    alert->severity = notice.severity;
    alert->on = notice.on;
    set_why(replay, &notice, open, alert);
    notice_free(&notice);
    return 1;
}

static enum replay_why
why_never(const struct incident_row *row)
{
    if (row->state == INCIDENT_WITHDRAWN)
        return REPLAY_WITHDRAWN;
    return row->imported ? REPLAY_IMPORTED : REPLAY_LATE;
}

int
replay_write_incident(struct replay *replay, struct store_txn *txn,
    const struct replay_incident *incident, struct err *err)
{
    const struct incident_row *row = &incident->row;
    struct replay_alert alert = {
        .class = strcmp(row->scope, "global") == 0 ? ALERT_SITE_DOWN
                                                   : ALERT_REGIONAL,
        .start_unix_ms = row->start_unix_ms,
        .end_unix_ms = row->end_unix_ms,
        .why = why_never(row),
    };

    alert.severity = alert_severity_of(alert.class);
    memcpy(alert.id, row->id, sizeof(alert.id));
    memcpy(alert.subject, row->check_name, sizeof(alert.subject));
    memcpy(alert.scope, row->scope, sizeof(alert.scope));
    if (take_notice(replay, txn, &alert, incident->closed_unix_ms == 0, err) <
        0)
        return -1;
    return add_alert(replay, &alert, err);
}

int
replay_write_condition(struct replay *replay, struct store_txn *txn,
    const struct condition *condition, struct err *err)
{
    const struct condition_claim *claim = &condition->claim;
    struct replay_alert alert = {
        .class = claim->class,
        .severity = claim->severity,
        .on = claim->on,
        .start_unix_ms = claim->since_unix_ms,
        .end_unix_ms = condition->end_unix_ms,
        .why = REPLAY_LATE,
    };

    memcpy(alert.id, condition->id, sizeof(alert.id));
    memcpy(alert.subject, claim->subject, sizeof(alert.subject));
    memcpy(alert.scope, claim->scope, sizeof(alert.scope));
    if (take_notice(replay, txn, &alert, condition->end_unix_ms == 0, err) < 0)
        return -1;
    return add_alert(replay, &alert, err);
}

struct flapping {
    struct replay *replay;
    struct store_txn *txn;
};

static int
take_flapping(void *ctx, const struct condition *condition, struct err *err)
{
    const struct flapping *flapping = ctx;

    return condition->claim.class != ALERT_FLAPPING
               ? 0
               : replay_write_condition(
                     flapping->replay, flapping->txn, condition, err);
}

int
replay_write_flapping(
    struct replay *replay, struct store_txn *txn, struct err *err)
{
    struct flapping flapping = {replay, txn};

    return condition_each(txn, 0, INT64_MAX, take_flapping, &flapping, err);
}
