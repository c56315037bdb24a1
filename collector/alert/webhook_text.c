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
    char subject[CONDITION_SUBJECT_BYTES + 16];
    char title[TITLE_BYTES];
    char summary[SUMMARY_BYTES];
    struct buf text;
    const char *details;
};

/* "acme/home", "agent eu1", "region eu", "collector". */
static void
say_subject(enum condition_on on, const char *name, struct words *words)
{
    static const char *const before[] = {
        [CONDITION_ON_CHECK] = "",
        [CONDITION_ON_AGENT] = "agent ",
        [CONDITION_ON_REGION] = "region ",
        [CONDITION_ON_COLLECTOR] = "collector",
    };

    (void)snprintf(words->subject, sizeof(words->subject), "%s%s",
        on < CONDITION_ON_COUNT ? before[on] : "", name);
}

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

    say_subject(
        facts->is_condition ? facts->condition.claim.on : CONDITION_ON_CHECK,
        incident->check_name, words);
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
    char since[SAY_BYTES];

    say_subject(notice->on, notice->subject, words);
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

int
webhook_text_write(enum webhook_kind kind, const char *receiver,
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
