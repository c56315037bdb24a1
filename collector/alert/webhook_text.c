#include "webhook_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "mail_doc.h"
#include "mail_say.h"

enum { ID_BYTES = 16, TITLE_BYTES = 200, SUMMARY_BYTES = 600 };

/* What an item points to. */
struct words {
    char id[ID_BYTES];
    char subject[MAIL_SUBJECT_BYTES];
    char title[TITLE_BYTES];
    char summary[SUMMARY_BYTES];
    struct buf text;
    const char *details;
};

/* After its subject. */
static void
say_id(struct words *words, const char *id)
{
    (void)snprintf(words->id, sizeof(words->id), "INC-%s", id);
    (void)snprintf(words->title, sizeof(words->title), "[%s] %s", words->id,
        words->subject);
}

/* The first line of a mail is its summary. */
static int
say_mail(const struct mail_facts *facts, struct words *words, struct err *err)
{
    struct mail_doc *doc = malloc(sizeof(*doc));
    int rc = -1;
    const char *text;
    size_t len;

    if (doc == NULL)
        return err_set(err, ERR_NOMEM, "webhook");
    mail_doc_init(doc);
    mail_body(facts, false, doc);
    if (doc->failed)
        *err = doc->err;
    else
        rc = mail_doc_text(doc, &words->text, err);
    mail_doc_free(doc);
    free(doc);
    if (rc != 0)
        return -1;
    text = buf_text(&words->text, err);
    if (text == NULL)
        return -1;
    len = strcspn(text, "\n");
    (void)snprintf(
        words->summary, sizeof(words->summary), "%.*s", (int)len, text);
    words->details = text + len + strspn(text + len, "\n");
    return 0;
}

static enum alert_class
class_of(const struct mail_facts *facts)
{
    if (facts->is_condition)
        return facts->condition.claim.class;
    return alert_class_of(
        strcmp(facts->kind, "form") == 0 ? CHECK_FORM : CHECK_HTTP,
        facts->incident.scope);
}

static int
take_facts(const struct mail_facts *facts, struct words *words,
    struct webhook_item *item, struct err *err)
{
    const struct incident_row *incident = &facts->incident;

    mail_subject(facts, words->subject);
    say_id(words, incident->id);
    if (say_mail(facts, words, err) != 0)
        return -1;
    *item = (struct webhook_item){
        .class = alert_class_name((int)class_of(facts)),
        .subject = words->subject,
        .scope = incident->scope,
        .severity = mail_severity_name(facts->severity),
        .state = mail_state_name((int)facts->state),
        .over = facts->state == MAIL_RESOLVED || facts->state == MAIL_WITHDRAWN,
        .start_unix_ms = incident->start_unix_ms,
        .end_unix_ms = incident->end_unix_ms,
    };
    return 0;
}

static const char *
state_of(const struct notice *notice)
{
    if (notice->state == INCIDENT_OPEN)
        return "firing";
    return notice->state == INCIDENT_WITHDRAWN ? "withdrawn" : "resolved";
}

/* "REGIONAL since 03:10 UTC — acme/home in eu". */
static void
take_notice(const struct webhook_note *note, struct words *words,
    struct webhook_item *item)
{
    const struct notice *notice = note->notice;
    const char *class = alert_class_name((int)notice->class);
    bool regional =
        notice->scope[0] != '\0' && strcmp(notice->scope, "global") != 0;
    struct condition_claim claim = {.on = notice->on};
    char since[SAY_BYTES];

    memcpy(claim.subject, notice->subject, sizeof(claim.subject));
    mail_subject_of(&claim, words->subject);
    say_id(words, notice->id);
    say_moment(NULL, notice->start_unix_ms, since);
    (void)snprintf(words->summary, sizeof(words->summary),
        "%s%s since %s — %s%s%s",
        notice->state == INCIDENT_OPEN        ? ""
        : notice->state == INCIDENT_WITHDRAWN ? "WITHDRAWN: "
                                              : "RESOLVED: ",
        class, since, words->subject, regional ? " in " : "",
        regional ? notice->scope : "");
    words->details = note->why != NULL ? note->why : "";
    *item = (struct webhook_item){
        .class = class,
        .subject = words->subject,
        .scope = notice->scope,
        .severity = mail_severity_name(notice->severity),
        .state = state_of(notice),
        .over = notice->state != INCIDENT_OPEN,
        .start_unix_ms = notice->start_unix_ms,
        .end_unix_ms = notice->end_unix_ms,
    };
}

static int
write_one(enum webhook_kind kind, const char *receiver,
    const struct webhook_note *note, struct buf *out, struct err *err)
{
    struct webhook_item item = {.id = ""};
    struct words words = {.details = ""};
    int rc = 0;

    buf_init(&words.text, MAIL_DOC_MAX_BYTES);
    if (note->facts != NULL)
        rc = take_facts(note->facts, &words, &item, err);
    else
        take_notice(note, &words, &item);
    item.id = words.id;
    item.summary = words.summary;
    item.details = words.details;
    if (rc == 0)
        rc = webhook_body_write(kind,
            &(struct webhook_message){.receiver = receiver,
                .title = words.title,
                .key = words.id,
                .items = &item,
                .count = 1},
            out, err);
    buf_free(&words.text);
    return rc;
}

/* ---- several ---- */

static void
take_member(const struct mail_group_item *member, struct words *words,
    struct webhook_item *item)
{
    bool over =
        member->state == MAIL_RESOLVED || member->state == MAIL_WITHDRAWN;

    (void)snprintf(words->id, sizeof(words->id), "INC-%s", member->id);
    (void)snprintf(words->summary, sizeof(words->summary), "%s%s%s%s",
        over ? "RESOLVED: " : "", mail_item_what(member),
        member->words[0] != '\0' ? " — " : "", member->words);
    *item = (struct webhook_item){
        .id = words->id,
        .class = alert_class_name((int)member->class),
        .subject = member->subject,
        .scope = member->scope,
        .severity = mail_severity_name(member->severity),
        .state = mail_state_name((int)member->state),
        .over = over,
        .start_unix_ms = member->start_unix_ms,
        .end_unix_ms = member->end_unix_ms,
        .summary = words->summary,
        .details = "",
    };
}

static int
write_group(enum webhook_kind kind, const char *receiver,
    const struct mail_group *group, struct buf *out, struct err *err)
{
    struct webhook_item *items = calloc(group->count + 1, sizeof(*items));
    struct words *words = calloc(group->count + 1, sizeof(*words));
    char title[TITLE_BYTES];
    char key[ID_BYTES];
    int rc = -1;

    if (items == NULL || words == NULL) {
        (void)err_set(err, ERR_NOMEM, "webhook of %zu alerts", group->count);
        goto out;
    }
    for (size_t i = 0; i < group->count; i++)
        take_member(&group->items[i], &words[i], &items[i]);
    (void)snprintf(title, sizeof(title), "[leadline] %s", group->site);
    (void)snprintf(key, sizeof(key), "GRP-%s", group->root);
    rc = webhook_body_write(kind,
        &(struct webhook_message){.receiver = receiver,
            .title = title,
            .key = key,
            .items = items,
            .count = group->count},
        out, err);

out:
    free(items);
    free(words);
    return rc;
}

int
webhook_text_write(enum webhook_kind kind, const char *receiver,
    const struct webhook_note *note, struct buf *out, struct err *err)
{
    if (note->group != NULL && note->group->count > 0)
        return write_group(kind, receiver, note->group, out, err);
    return write_one(kind, receiver, note, out, err);
}
