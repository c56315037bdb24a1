#include "mail_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
mail_state_name(int state)
{
    static const char *const names[MAIL_STATE_COUNT] = {
        [MAIL_FIRING] = "firing",
        [MAIL_REMINDER] = "reminder",
        [MAIL_RESOLVED] = "resolved",
        [MAIL_WITHDRAWN] = "withdrawn",
    };

    return state >= 0 && state < MAIL_STATE_COUNT ? names[state] : NULL;
}

const char *
mail_severity_name(enum conf_severity severity)
{
    switch (severity) {
    case SEVERITY_DIGEST:
        return "digest";
    case SEVERITY_TICKET:
        return "ticket";
    case SEVERITY_NOTIFY:
        return "notify";
    case SEVERITY_PAGE:
        return "page";
    }
    return "digest";
}

void
mail_facts_free(struct mail_facts *facts)
{
    facts_free(facts->facts);
    facts->facts = NULL;
}

static const char *
word_of(enum condition_on on)
{
    switch (on) {
    case CONDITION_ON_AGENT:
        return "agent ";
    case CONDITION_ON_REGION:
        return "region ";
    case CONDITION_ON_COLLECTOR:
        return "collector";
    case CONDITION_ON_CHECK:
    case CONDITION_ON_COUNT:
        break;
    }
    return "";
}

void
mail_subject_of(
    const struct condition_claim *claim, char subject[MAIL_SUBJECT_BYTES])
{
    (void)snprintf(subject, MAIL_SUBJECT_BYTES, "%s%s", word_of(claim->on),
        claim->on == CONDITION_ON_COLLECTOR ? "" : claim->subject);
}

void
mail_subject(const struct mail_facts *facts, char subject[MAIL_SUBJECT_BYTES])
{
    if (facts->is_condition)
        mail_subject_of(&facts->condition.claim, subject);
    else
        (void)snprintf(
            subject, MAIL_SUBJECT_BYTES, "%s", facts->incident.check_name);
}

static enum mail_doc_tone
tone_of(const struct mail_facts *facts)
{
    switch (facts->state) {
    case MAIL_FIRING:
    case MAIL_REMINDER:
        return facts->severity == SEVERITY_PAGE ? MAIL_TONE_BAD
                                                : MAIL_TONE_WARN;
    case MAIL_RESOLVED:
        return MAIL_TONE_GOOD;
    case MAIL_WITHDRAWN:
    case MAIL_STATE_COUNT:
        break;
    }
    return MAIL_TONE_QUIET;
}

static int
write_mail(const struct mail_facts *facts, bool evidence,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    const char *incidents[] = {facts->incident.id};
    char about[MAIL_SUBJECT_BYTES];
    char subject[MAIL_SUBJECT_BYTES + 32];
    char root[32];
    struct mail_doc *doc = malloc(sizeof(*doc));
    int rc;

    if (doc == NULL)
        return err_set(err, ERR_NOMEM, "mail");
    mail_subject(facts, about);
    (void)snprintf(
        subject, sizeof(subject), "[INC-%s] %s", facts->incident.id, about);
    (void)snprintf(root, sizeof(root), "inc.%s", facts->incident.id);
    mail_doc_init(doc);
    mail_body(facts, evidence, doc);
    rc = mail_frame_write(
        &(struct mail_frame){
            .now_unix_ms = facts->now_unix_ms,
            .subject = subject,
            .root = root,
            .incidents = incidents,
            .incident_count = 1,
            .state = mail_state_name((int)facts->state),
            .severity = mail_severity_name(facts->severity),
            .tone = tone_of(facts),
        },
        doc, envelope, out, err);
    mail_doc_free(doc);
    free(doc);
    return rc;
}

int
mail_text_write(const struct mail_facts *facts,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    size_t before = out->len;
    int rc = write_mail(facts, true, envelope, out, err);

    if (rc != 0 && err->code == ERR_LIMIT) {
        out->len = before;
        rc = write_mail(facts, false, envelope, out, err);
    }
    return rc == 0 ? 0 : err_wrap(err, "mail about %s", facts->incident.id);
}
