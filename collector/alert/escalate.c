#include "escalate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail_text.h"
#include "notice_log.h"
#include "webhook_conf.h"
#include "webhook_text.h"

enum {
    FOUND_MAX = 64, /* in one look */
    KEY_BYTES = 32,
    WHY_BYTES = 700
};

#define KEY_PREFIX "escalated."

/* A mail of a page, without its message. */
struct found {
    struct mailq_row rows[FOUND_MAX];
    size_t count;
};

/* Incidents whose page went this way. */
struct told {
    char ids[FOUND_MAX][INCIDENT_ID_BYTES];
    size_t count;
};

struct looking {
    struct store_txn *txn;
    const struct config *config;
    int64_t now_unix_ms;
    bool queued;
};

bool
escalate_is_due(const struct mailq_row *row, bool living, int64_t now_unix_ms)
{
    if (row->dead && row->blocked)
        return true;
    if (row->dead)
        return !living;
    return row->blocked ||
           now_unix_ms - row->queued_unix_ms >= ESCALATE_AFTER_MS;
}

/* ---- what there is ---- */

static int
find_page(void *ctx, const struct mailq_row *row, struct err *err)
{
    struct found *found = ctx;

    (void)err;
    if (row->severity != SEVERITY_PAGE || row->cancelled || row->escalated ||
        row->incident[0] == '\0' ||
        (row->state_told != MAIL_FIRING && row->state_told != MAIL_REMINDER) ||
        webhook_of_address(row->recipient) != NULL)
        return 0;
    found->rows[found->count] = *row;
    found->rows[found->count++].message = (struct bytes){0};
    return found->count == FOUND_MAX;
}

static int
find_told(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct told *told = ctx;
    size_t len = sizeof(KEY_PREFIX) - 1;
    char *id = told->ids[told->count];

    (void)value;
    if (key.len <= len || key.len - len >= INCIDENT_ID_BYTES)
        return err_set(err, ERR_STATE, "escalation key of %zu bytes", key.len);
    memcpy(id, key.data + len, key.len - len);
    id[key.len - len] = '\0';
    told->count++;
    return told->count == FOUND_MAX;
}

static struct bytes
key_of(const char *id, char key[KEY_BYTES])
{
    int len = snprintf(key, KEY_BYTES, KEY_PREFIX "%s", id);

    return (struct bytes){.data = (const uint8_t *)key, .len = (size_t)len};
}

static int
list_told(struct store_txn *txn, struct told *told, struct err *err)
{
    char from[KEY_BYTES];
    static const char to[] = KEY_PREFIX "~";

    told->count = 0;
    return store_each(txn, STORE_META, key_of("", from),
        (struct bytes){.data = (const uint8_t *)to, .len = sizeof(to) - 1},
        find_told, told, err);
}

/* Somebody was told by mail, or is still going to be. */
static bool
has_living(const struct notice *notice, uint64_t but)
{
    for (size_t i = 0; i < notice->target_count; i++) {
        const struct notice_target *target = &notice->targets[i];

        if (webhook_of_address(target->address) == NULL &&
            (target->told == NOTICE_TOLD_FIRING ||
                (target->mail != 0 && target->mail != but)))
            return true;
    }
    return false;
}

/* ---- telling ---- */

static bool
is_told_anyway(const struct notice *notice, const char *webhook)
{
    for (size_t i = 0; i < notice->target_count; i++) {
        const struct notice_target *target = &notice->targets[i];
        const char *name = webhook_of_address(target->address);

        if (name != NULL && strcmp(name, webhook) == 0)
            return target->told != NOTICE_UNTOLD || target->mail != 0;
    }
    return false;
}

static bool
is_second_channel(
    const struct config *config, const struct conf_webhook *webhook)
{
    for (size_t i = 0; i < config->webhook_count; i++) {
        if (config->webhooks[i].fallback)
            return webhook->fallback;
    }
    return true;
}

static int
queue_one(struct looking *at, const struct conf_webhook *webhook,
    const struct webhook_note *note, struct err *err)
{
    const struct notice *notice = note->notice;
    struct mailq_row row = {
        .state_told = notice->state == INCIDENT_OPEN        ? MAIL_FIRING
                      : notice->state == INCIDENT_WITHDRAWN ? MAIL_WITHDRAWN
                                                            : MAIL_RESOLVED,
        .severity = (uint8_t)notice->severity,
        .queued_unix_ms = at->now_unix_ms,
        .next_try_unix_ms = at->now_unix_ms,
    };
    int kind = webhook_kind_of(webhook->kind);
    struct buf body;
    int rc;

    if (kind < 0 || mailq_new_id(at->txn, at->now_unix_ms, &row.id, err) != 0)
        return kind < 0 ? 0 : -1;
    (void)snprintf(row.recipient, sizeof(row.recipient), WEBHOOK_ADDRESS "%s",
        webhook->name);
    buf_init(&body, WEBHOOK_BODY_MAX_BYTES);
    rc = webhook_text_write(
        (enum webhook_kind)kind, webhook->name, note, &body, err);
    row.message = buf_bytes(&body);
    if (rc == 0)
        rc = mailq_put(at->txn, &row, err);
    buf_free(&body);
    at->queued = at->queued || rc == 0;
    return rc;
}

static int
queue_all(struct looking *at, const struct notice *notice, const char *why,
    struct err *err)
{
    const struct webhook_note note = {.notice = notice, .why = why};

    for (size_t i = 0; i < at->config->webhook_count; i++) {
        const struct conf_webhook *webhook = &at->config->webhooks[i];

        if (!is_second_channel(at->config, webhook) ||
            is_told_anyway(notice, webhook->name))
            continue;
        if (queue_one(at, webhook, &note, err) != 0)
            return -1;
    }
    return 0;
}

/* The row is put again, and its message may move meanwhile. */
static int
mark_escalated(struct looking *at, uint64_t id, struct err *err)
{
    struct mailq_row row;
    struct buf message;
    int rc = mailq_get(at->txn, id, &row, err);

    if (rc != 1)
        return rc;
    buf_init(&message, row.message.len);
    rc = buf_append(&message, row.message.data, row.message.len, err);
    row.message = buf_bytes(&message);
    row.escalated = true;
    if (rc == 0)
        rc = mailq_put(at->txn, &row, err);
    buf_free(&message);
    return rc;
}

static int
escalate_page(struct looking *at, const struct mailq_row *row,
    const struct notice *notice, struct err *err)
{
    static const uint8_t yes = 1;
    char bytes[KEY_BYTES];
    struct bytes key = key_of(row->incident, bytes);
    char why[WHY_BYTES];
    int found = store_get(at->txn, STORE_META, key, NULL, err);

    if (found < 0)
        return -1;
    if (found == 0 && notice->state == INCIDENT_OPEN) {
        (void)snprintf(why, sizeof(why),
            "A mail of this to %s was not accepted%s%s\n"
            "leadline incidents show %s\nleadline ack %s",
            row->recipient, row->last_error[0] != '\0' ? ": " : " yet",
            row->last_error, row->incident, row->incident);
        if (queue_all(at, notice, why, err) != 0 ||
            store_put(at->txn, STORE_META, key,
                (struct bytes){.data = &yes, .len = 1}, err) != 0)
            return -1;
    }
    return mark_escalated(at, row->id, err);
}

/* 1: it went, or needs no more looking at; 0: not yet. */
static int
look_at_page(struct looking *at, const struct mailq_row *row, struct err *err)
{
    struct notice notice;
    int found = notice_get(at->txn, row->incident, &notice, err);
    int rc;

    if (found != 1)
        return found < 0 ? -1 : 1;
    if (notice.severity != SEVERITY_PAGE) { /* it goes with others' page */
        notice_free(&notice);
        return 1;
    }
    rc = escalate_is_due(row, has_living(&notice, row->id), at->now_unix_ms);
    if (rc == 1 && escalate_page(at, row, &notice, err) != 0)
        rc = -1;
    notice_free(&notice);
    return rc;
}

/* The same of a mail that may tell several. */
static int
look_at_mail(struct looking *at, const struct mailq_row *row, struct err *err)
{
    struct notice_member *members;
    struct mailq_row one = *row;
    size_t count;
    int done = 1;

    if (notice_get_members(at->txn, row->id, &members, &count, err) < 0)
        return -1;
    if (count == 0)
        return look_at_page(at, row, err);
    for (size_t i = 0; done >= 0 && i < count; i++) {
        int rc;

        if (members[i].state != MAIL_FIRING &&
            members[i].state != MAIL_REMINDER)
            continue;
        memcpy(one.incident, members[i].id, sizeof(one.incident));
        rc = look_at_page(at, &one, err);
        if (rc < done)
            done = rc;
    }
    free(members);
    return done;
}

/* ---- what went this way and is over ---- */

static int
tell_if_over(struct looking *at, const char *id, struct err *err)
{
    char bytes[KEY_BYTES];
    struct notice notice;
    int found = notice_get(at->txn, id, &notice, err);
    bool over;
    int rc = 0;

    if (found < 0)
        return -1;
    over = found == 0 || notice.state != INCIDENT_OPEN;
    if (found == 1) {
        if (over)
            rc = queue_all(at, &notice, "", err);
        notice_free(&notice);
    }
    if (rc != 0 || !over)
        return rc;
    return store_delete(at->txn, STORE_META, key_of(id, bytes), err);
}

static int
look(struct looking *at, struct found *found, struct told *told, bool *waits,
    struct err *err)
{
    if (mailq_each(at->txn, find_page, found, err) != 0 ||
        list_told(at->txn, told, err) != 0)
        return -1;
    for (size_t i = 0; i < told->count; i++) {
        if (tell_if_over(at, told->ids[i], err) != 0)
            return -1;
    }
    for (size_t i = 0; i < found->count; i++) {
        int rc = look_at_mail(at, &found->rows[i], err);

        if (rc < 0)
            return -1;
        *waits = *waits || (rc == 0 && !found->rows[i].dead);
    }
    return 0;
}

int
escalate_run(struct escalate *escalate, struct store_txn *txn,
    const struct config *config, int64_t now_unix_ms, int64_t *next_unix_ms,
    struct err *err)
{
    struct looking at = {
        .txn = txn, .config = config, .now_unix_ms = now_unix_ms};
    int64_t since_ms = now_unix_ms - escalate->looked_unix_ms;
    bool waits = false;
    struct found *found;
    struct told told;
    int rc;

    escalate->queued = false;
    if (config == NULL || config->webhook_count == 0)
        return 0;
    if (since_ms >= 0 && since_ms < ESCALATE_LOOK_MS) {
        if (escalate->looked_unix_ms + ESCALATE_LOOK_MS < *next_unix_ms)
            *next_unix_ms = escalate->looked_unix_ms + ESCALATE_LOOK_MS;
        return 0;
    }
    found = calloc(1, sizeof(*found));
    if (found == NULL)
        return err_set(err, ERR_NOMEM, "mails of pages");
    rc = look(&at, found, &told, &waits, err);
    free(found);
    if (rc != 0)
        return err_wrap(err, "the second channel");
    escalate->looked_unix_ms = now_unix_ms;
    if (waits && now_unix_ms + ESCALATE_LOOK_MS < *next_unix_ms)
        *next_unix_ms = now_unix_ms + ESCALATE_LOOK_MS;
    escalate->queued = at.queued;
    return 0;
}
