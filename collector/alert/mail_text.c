#include "mail_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail_mime.h"
#include "mail_say.h"

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

void
mail_subject(const struct mail_facts *facts, char subject[MAIL_SUBJECT_BYTES])
{
    static const char *const words[CONDITION_ON_COUNT] = {
        [CONDITION_ON_CHECK] = "",
        [CONDITION_ON_AGENT] = "agent ",
        [CONDITION_ON_REGION] = "region ",
        [CONDITION_ON_COLLECTOR] = "collector",
    };

    (void)snprintf(subject, MAIL_SUBJECT_BYTES, "%s%s",
        facts->is_condition ? words[facts->condition.claim.on] : "",
        facts->incident.check_name);
}

/* ---- headers ---- */

enum { HEADER_BYTES = 400 };

/* Behind the @ of an address that has been checked. */
static const char *
host_of(const char *address)
{
    const char *at = strrchr(address, '@');

    return at == NULL ? "localhost" : at + 1;
}

static int
put_ids(const struct mail_facts *facts, const struct mail_envelope *envelope,
    struct buf *out, struct err *err)
{
    const char *host = host_of(envelope->from);
    char id[HEADER_BYTES];
    char root[HEADER_BYTES];

    (void)snprintf(id, sizeof(id), "<n.%llu@%.300s>",
        (unsigned long long)envelope->notice, host);
    (void)snprintf(
        root, sizeof(root), "<inc.%s@%.300s>", facts->incident.id, host);
    if (mime_put_header(out, "Message-ID", id, err) != 0 ||
        mime_put_header(out, "References", root, err) != 0)
        return -1;
    return mime_put_header(out, "In-Reply-To", root, err);
}

static int
put_kind(const struct mail_facts *facts, struct buf *out, struct err *err)
{
    char incident[HEADER_BYTES];

    (void)snprintf(incident, sizeof(incident), "INC-%s", facts->incident.id);
    if (mime_put_header(out, "Auto-Submitted", "auto-generated", err) != 0 ||
        mime_put_header(out, "X-Auto-Response-Suppress", "All", err) != 0 ||
        mime_put_header(out, "X-Incident", incident, err) != 0 ||
        mime_put_header(
            out, "X-State", mail_state_name((int)facts->state), err) != 0)
        return -1;
    return mime_put_header(
        out, "X-Severity", mail_severity_name(facts->severity), err);
}

static int
put_headers(const struct mail_facts *facts,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    char date[SAY_BYTES];
    char from[HEADER_BYTES];
    char to[HEADER_BYTES];
    char about[MAIL_SUBJECT_BYTES];
    char subject[HEADER_BYTES];

    mail_subject(facts, about);
    say_mail_date(facts->now_unix_ms, date);
    (void)snprintf(from, sizeof(from), "\"leadline\" <%.300s>", envelope->from);
    (void)snprintf(to, sizeof(to), "<%.300s>", envelope->to);
    (void)snprintf(
        subject, sizeof(subject), "[INC-%s] %s", facts->incident.id, about);
    if (mime_put_header(out, "From", from, err) != 0 ||
        mime_put_header(out, "Date", date, err) != 0 ||
        mime_put_header(out, "To", to, err) != 0 ||
        put_ids(facts, envelope, out, err) != 0 ||
        mime_put_header(out, "Subject", subject, err) != 0)
        return -1;
    return put_kind(facts, out, err);
}

/* ---- parts ---- */

static const char *
color_of(enum mail_state state)
{
    switch (state) {
    case MAIL_FIRING:
    case MAIL_REMINDER:
        return "#b3261e";
    case MAIL_RESOLVED:
        return "#1b6e3c";
    case MAIL_WITHDRAWN:
    case MAIL_STATE_COUNT:
        break;
    }
    return "#5f6368";
}

static int
put_part(const char *boundary, const char *type, const struct buf *body,
    struct buf *out, struct err *err)
{
    if (buf_printf(out, err,
            "--%s\r\nContent-Type: %s; charset=UTF-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
            boundary, type) != 0)
        return -1;
    return mime_put_quoted(out, (const char *)body->data, body->len, err);
}

/*
 * "=_" stands in no quoted-printable body, so the boundary can be the same in
 * every mail of a number.
 */
static int
put_parts(const struct mail_doc *doc, const char *color,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    char boundary[64];
    struct buf body;
    int rc = -1;

    (void)snprintf(boundary, sizeof(boundary), "=_leadline_%llu",
        (unsigned long long)envelope->notice);
    buf_init(&body, MAIL_DOC_MAX_BYTES);
    if (buf_printf(out, err,
            "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n"
            " boundary=\"%s\"\r\n\r\n",
            boundary) != 0 ||
        mail_doc_text(doc, &body, err) != 0 ||
        put_part(boundary, "text/plain", &body, out, err) != 0)
        goto out;
    buf_clear(&body);
    if (mail_doc_html(doc, color, &body, err) != 0 ||
        put_part(boundary, "text/html", &body, out, err) != 0)
        goto out;
    rc = buf_printf(out, err, "--%s--\r\n", boundary);

out:
    buf_free(&body);
    return rc;
}

static int
write_mail(const struct mail_facts *facts, bool evidence,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    struct mail_doc *doc = malloc(sizeof(*doc));
    int rc = -1;

    if (doc == NULL)
        return err_set(err, ERR_NOMEM, "mail");
    mail_doc_init(doc);
    mail_body(facts, evidence, doc);
    if (doc->failed)
        *err = doc->err;
    else if (put_headers(facts, envelope, out, err) == 0)
        rc = put_parts(doc, color_of(facts->state), envelope, out, err);
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
