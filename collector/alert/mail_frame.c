#include "mail_frame.h"

#include <stdio.h>
#include <string.h>

#include "mail_mime.h"
#include "mail_say.h"

enum { HEADER_BYTES = 400, SUBJECT_BYTES = 300 };

/* ---- headers ---- */

/* Behind the @ of an address that has been checked. */
static const char *
host_of(const char *address)
{
    const char *at = strrchr(address, '@');

    return at == NULL ? "localhost" : at + 1;
}

static int
put_ids(const struct mail_frame *frame, const struct mail_envelope *envelope,
    struct buf *out, struct err *err)
{
    const char *host = host_of(envelope->from);
    char id[HEADER_BYTES];
    char root[HEADER_BYTES];

    (void)snprintf(id, sizeof(id), "<n.%llu@%.300s>",
        (unsigned long long)envelope->notice, host);
    if (mime_put_header(out, "Message-ID", id, err) != 0)
        return -1;
    if (frame->root == NULL)
        return 0;
    (void)snprintf(root, sizeof(root), "<%.60s@%.300s>", frame->root, host);
    if (mime_put_header(out, "References", root, err) != 0)
        return -1;
    return mime_put_header(out, "In-Reply-To", root, err);
}

static int
put_kind(const struct mail_frame *frame, struct buf *out, struct err *err)
{
    if (mime_put_header(out, "Auto-Submitted", "auto-generated", err) != 0 ||
        mime_put_header(out, "X-Auto-Response-Suppress", "All", err) != 0)
        return -1;
    for (size_t i = 0; i < frame->incident_count; i++) {
        char incident[32];

        (void)snprintf(
            incident, sizeof(incident), "INC-%.16s", frame->incidents[i]);
        if (mime_put_header(out, "X-Incident", incident, err) != 0)
            return -1;
    }
    if (mime_put_header(out, "X-State", frame->state, err) != 0)
        return -1;
    return mime_put_header(out, "X-Severity", frame->severity, err);
}

static int
put_headers(const struct mail_frame *frame,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    char date[SAY_BYTES];
    char from[HEADER_BYTES];
    char to[HEADER_BYTES];
    char subject[SUBJECT_BYTES];

    say_mail_date(frame->now_unix_ms, date);
    (void)snprintf(from, sizeof(from), "\"leadline\" <%.300s>", envelope->from);
    (void)snprintf(to, sizeof(to), "<%.300s>", envelope->to);
    mail_doc_harmless(frame->subject, subject, sizeof(subject));
    if (mime_put_header(out, "From", from, err) != 0 ||
        mime_put_header(out, "Date", date, err) != 0 ||
        mime_put_header(out, "To", to, err) != 0 ||
        put_ids(frame, envelope, out, err) != 0 ||
        mime_put_header(out, "Subject", subject, err) != 0)
        return -1;
    return put_kind(frame, out, err);
}

/* ---- parts ---- */

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
put_parts(const struct mail_frame *frame, const struct mail_doc *doc,
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
    if (mail_doc_html(doc, frame->tone, &body, err) != 0 ||
        put_part(boundary, "text/html", &body, out, err) != 0)
        goto out;
    rc = buf_printf(out, err, "--%s--\r\n", boundary);

out:
    buf_free(&body);
    return rc;
}

int
mail_frame_write(const struct mail_frame *frame, const struct mail_doc *doc,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    if (doc->failed) {
        *err = doc->err;
        return -1;
    }
    if (put_headers(frame, envelope, out, err) != 0)
        return -1;
    return put_parts(frame, doc, envelope, out, err);
}
