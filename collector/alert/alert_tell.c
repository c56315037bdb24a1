#include "alert_tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "condition.h"
#include "mail_facts.h"
#include "mail_group.h"
#include "mailq.h"
#include "webhook_text.h"

int
alert_tell_drop(
    struct alert_tell *tell, struct notice_target *target, struct err *err)
{
    if (target->mail == 0)
        return 0;
    if (target->mail_state == MAIL_FIRING)
        target->missed = true;
    if (mailq_cancel(tell->txn, target->mail, tell->now_unix_ms, err) < 0)
        return -1;
    target->mail = 0;
    return 0;
}

/* ---- what is known of one ---- */

/* What the store says of it; an alias has lost its row, and is what it was. */
static int
read_incident(const struct alert_tell *tell, const struct notice *notice,
    struct incident_row *row, struct err *err)
{
    int found = notice->is_condition
                    ? 0
                    : incident_get(tell->txn, notice->id, row, err);

    if (found < 0)
        return -1;
    if (found == 0)
        *row = (struct incident_row){.check = notice->check};
    memcpy(row->id, notice->id, sizeof(row->id));
    memcpy(row->check_name, notice->subject, sizeof(row->check_name));
    memcpy(row->scope, notice->scope, sizeof(row->scope));
    row->state = notice->state;
    row->start_unix_ms = notice->start_unix_ms;
    row->detected_unix_ms = notice->detected_unix_ms;
    row->noticed_unix_ms = notice->noticed_unix_ms;
    row->end_unix_ms = notice->end_unix_ms;
    row->reason = notice->reason;
    return 0;
}

/* Nothing of it is read where the notice is of an incident. */
static int
read_condition(const struct alert_tell *tell, const struct notice *notice,
    struct condition *condition, struct err *err)
{
    if (!notice->is_condition)
        return 0;
    switch (condition_get(tell->txn, notice->id, condition, err)) {
    case 1:
        return 0;
    case 0:
        return err_set(
            err, ERR_STATE, "condition %s of a notice is gone", notice->id);
    default:
        return -1;
    }
}

void
alert_words_free(struct alert_words *words)
{
    if (words->facts != NULL)
        mail_facts_free(words->facts);
    free(words->facts);
    words->facts = NULL;
}

/* Collected at the first need. */
static int
collect(const struct alert_tell *tell, const struct notice *notice,
    struct alert_words *words, struct err *err)
{
    struct incident_row row;
    struct condition condition;
    struct mail_facts *facts;
    struct zone *zone;
    struct err ignored;
    int rc;

    if (words->facts != NULL)
        return 0;
    if (read_incident(tell, notice, &row, err) != 0 ||
        read_condition(tell, notice, &condition, err) != 0)
        return -1;
    facts = calloc(1, sizeof(*facts));
    if (facts == NULL)
        return err_set(err, ERR_NOMEM, "facts of an incident");
    /* NULL is UTC: a zone that is gone must not keep the mail back. */
    zone = zone_open(tell->config->timezone, &ignored);
    rc = mail_facts_collect(tell->txn,
        &(struct mail_facts_query){
            .conf = tell->conf,
            .incident = &row,
            .condition = notice->is_condition ? &condition : NULL,
            .severity = notice->severity,
            .zone = zone,
            .now_unix_ms = tell->now_unix_ms,
        },
        facts, err);
    zone_close(zone);
    facts->zone = NULL;
    if (rc != 0) {
        free(facts);
        return -1;
    }
    words->facts = facts;
    return 0;
}

/* ---- one ---- */

static int
write_post(const struct receiver *receiver, const struct webhook_note *note,
    struct buf *out, struct err *err)
{
    int kind = webhook_kind_of(receiver->webhook->kind);

    if (kind < 0)
        return err_set(err, ERR_STATE, "webhook %s is of no kind",
            receiver->webhook->name);
    return webhook_text_write(
        (enum webhook_kind)kind, receiver->webhook->name, note, out, err);
}

static int
write_one(const struct alert_tell *tell, const struct alert_word *word,
    struct mail_facts *facts, uint64_t mail, struct buf *out, struct err *err)
{
    const struct mail_envelope envelope = {
        .from = tell->config->mail.from,
        .to = word->receiver->address,
        .notice = mail,
    };
    const struct webhook_note note = {.facts = facts};
    struct err ignored;
    struct zone *zone = zone_open(word->receiver->timezone, &ignored);
    int rc;

    facts->zone = zone;
    facts->state = word->state;
    facts->was_down = word->was_down;
    rc = word->receiver->webhook != NULL
             ? write_post(word->receiver, &note, out, err)
             : mail_text_write(facts, &envelope, out, err);
    facts->zone = NULL;
    zone_close(zone);
    return rc;
}

/* A new row, but for what it says. */
static int
make_row(struct alert_tell *tell, const struct alert_word *word,
    struct mailq_row *row, struct err *err)
{
    *row = (struct mailq_row){
        .state_told = (uint8_t)word->state,
        .severity = (uint8_t)word->notice->severity,
        .queued_unix_ms = tell->now_unix_ms,
        .next_try_unix_ms = tell->now_unix_ms,
    };
    memcpy(row->recipient, word->target->address, sizeof(row->recipient));
    memcpy(row->incident, word->notice->id, sizeof(row->incident));
    return mailq_new_id(tell->txn, tell->now_unix_ms, &row->id, err);
}

static void
note_queued(
    struct alert_tell *tell, const struct alert_word *word, uint64_t mail)
{
    word->target->mail = mail;
    word->target->mail_state = word->state;
    word->target->last_unix_ms = tell->now_unix_ms;
    tell->queued = true;
}

int
alert_tell_one(struct alert_tell *tell, const struct alert_word *word,
    struct alert_words *words, struct err *err)
{
    struct mailq_row row;
    struct buf message;
    int rc;

    if (alert_tell_drop(tell, word->target, err) != 0 ||
        make_row(tell, word, &row, err) != 0 ||
        (!tell->draft && collect(tell, word->notice, words, err) != 0))
        return -1;
    buf_init(&message, MAIL_MAX_BYTES);
    rc = tell->draft
             ? 0
             : write_one(tell, word, words->facts, row.id, &message, err);
    row.message = buf_bytes(&message);
    if (rc == 0)
        rc = mailq_put(tell->txn, &row, err);
    buf_free(&message);
    if (rc == 0)
        note_queued(tell, word, row.id);
    return rc;
}

/* ---- several ---- */

static int
take_item(const struct alert_tell *tell, const struct alert_word *word,
    struct mail_group_item *item, struct err *err)
{
    const struct notice *notice = word->notice;
    struct condition condition;

    *item = (struct mail_group_item){
        .class = notice->class,
        .severity = notice->severity,
        .state = word->state,
        .start_unix_ms = notice->start_unix_ms,
        .end_unix_ms = notice->end_unix_ms,
    };
    memcpy(item->id, notice->id, sizeof(item->id));
    memcpy(item->scope, notice->scope, sizeof(item->scope));
    if (read_condition(tell, notice, &condition, err) != 0)
        return -1;
    if (notice->is_condition) {
        char subject[MAIL_SUBJECT_BYTES];

        mail_subject_of(&condition.claim, subject);
        (void)snprintf(item->subject, sizeof(item->subject), "%.129s", subject);
        memcpy(item->words, condition.claim.words, sizeof(item->words));
        return 0;
    }
    memcpy(item->subject, notice->subject, sizeof(item->subject));
    if (notice->reason != REASON_NONE)
        (void)snprintf(item->words, sizeof(item->words), "%s",
            measure_reason_words((enum measure_reason)notice->reason));
    return 0;
}

static struct mail_group_item *
take_items(const struct alert_tell *tell, const struct alert_several *several,
    struct err *err)
{
    size_t count = several->count + several->also_count;
    struct mail_group_item *items = calloc(count, sizeof(*items));

    if (items == NULL) {
        (void)err_set(err, ERR_NOMEM, "mail about %zu alerts", count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct alert_word *word =
            i < several->count ? &several->items[i]
                               : &several->also[i - several->count];

        if (take_item(tell, word, &items[i], err) != 0) {
            free(items);
            return NULL;
        }
    }
    return items;
}

/* So many did its first mail tell, and its subject goes on saying so. */
static size_t
first_count(const struct alert_several *several)
{
    for (size_t i = 0; i < several->count; i++) {
        const struct notice_target *target = several->items[i].target;

        if (target->root[0] != '\0')
            return target->root_count;
    }
    return several->count;
}

static int
write_several(const struct alert_tell *tell,
    const struct alert_several *several, uint64_t mail, struct buf *out,
    struct err *err)
{
    const struct group_message *message = several->message;
    const struct receiver *receiver = several->items[0].receiver;
    const struct mail_envelope envelope = {
        .from = tell->config->mail.from,
        .to = receiver->address,
        .notice = mail,
    };
    struct mail_group_item *items = take_items(tell, several, err);
    struct err ignored;
    struct zone *zone;
    int rc;

    if (items == NULL)
        return -1;
    zone = zone_open(receiver->timezone, &ignored);
    if (message->kind == GROUP_SUMMARY) {
        rc = mail_summary_write(
            &(struct mail_summary){
                .now_unix_ms = tell->now_unix_ms,
                .since_unix_ms = several->items[0].notice->due_unix_ms,
                .zone = zone,
                .items = items,
                .count = several->count,
            },
            &envelope, out, err);
    } else {
        struct mail_group group = {
            .now_unix_ms = tell->now_unix_ms,
            .zone = zone,
            .items = items,
            .count = several->count + several->also_count,
            .first_count = first_count(several),
        };

        (void)snprintf(group.site, sizeof(group.site), "%s", message->group);
        (void)snprintf(group.root, sizeof(group.root), "%s", message->root);
        rc = receiver->webhook != NULL
                 ? write_post(receiver, &(struct webhook_note){.group = &group},
                       out, err)
                 : mail_group_write(&group, &envelope, out, err);
    }
    zone_close(zone);
    free(items);
    return rc;
}

/* Of several states the one that most needs to arrive. */
static enum mail_state
state_of(const struct alert_several *several)
{
    enum mail_state state = several->items[0].state;

    for (size_t i = 1; i < several->count; i++) {
        if (several->items[i].state < state)
            state = several->items[i].state;
    }
    return state;
}

static int
put_members(const struct alert_tell *tell, const struct alert_several *several,
    uint64_t mail, struct err *err)
{
    struct notice_member *members = calloc(several->count, sizeof(*members));
    int rc;

    if (members == NULL)
        return err_set(err, ERR_NOMEM, "%zu alerts", several->count);
    for (size_t i = 0; i < several->count; i++) {
        memcpy(
            members[i].id, several->items[i].notice->id, sizeof(members[i].id));
        members[i].state = several->items[i].state;
    }
    rc = notice_put_members(tell->txn, mail, members, several->count, err);
    free(members);
    return rc;
}

/* From here on they are told in this thread. */
static void
join_thread(const struct alert_several *several)
{
    size_t count = first_count(several);

    if (several->message->kind != GROUP_THREAD)
        return;
    for (size_t i = 0; i < several->count; i++) {
        struct notice_target *target = several->items[i].target;

        if (target->root[0] != '\0')
            continue;
        (void)snprintf(
            target->root, sizeof(target->root), "%s", several->message->root);
        target->root_count = (uint32_t)count;
    }
}

int
alert_tell_several(struct alert_tell *tell, const struct alert_several *several,
    struct err *err)
{
    struct mailq_row row;
    struct buf message;
    int rc;

    for (size_t i = 0; i < several->count; i++) {
        if (alert_tell_drop(tell, several->items[i].target, err) != 0)
            return -1;
    }
    if (make_row(tell, &several->items[0], &row, err) != 0)
        return -1;
    row.severity = (uint8_t)several->message->severity;
    row.state_told = (uint8_t)state_of(several);
    buf_init(&message, MAIL_MAX_BYTES);
    rc = write_several(tell, several, row.id, &message, err);
    row.message = buf_bytes(&message);
    if (rc == 0)
        rc = mailq_put(tell->txn, &row, err);
    buf_free(&message);
    if (rc != 0 || put_members(tell, several, row.id, err) != 0)
        return -1;
    join_thread(several);
    for (size_t i = 0; i < several->count; i++)
        note_queued(tell, &several->items[i], row.id);
    return 0;
}
