#include "care_mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail_doc.h"
#include "mail_mime.h"
#include "mail_say.h"
#include "mail_text.h"
#include "mailq.h"
#include "notice_log.h"
#include "receivers.h"

enum { HEADER_BYTES = 400 };

const char *
care_matter_name(enum care_matter matter)
{
    static const char *const names[CARE_MATTERS] = {
        [CARE_STORE_FULL] = "STORE_FULL",
        [CARE_BACKUP] = "BACKUP_FAILED",
        [CARE_DAMAGED] = "STORE_DAMAGED",
    };

    return names[matter];
}

/* ---- what was told ---- */

static const char told_prefix[] = "care.";

static struct bytes
told_key(enum care_matter matter, char out[40])
{
    int len = snprintf(out, 40, "%s%s", told_prefix, care_matter_name(matter));

    return (struct bytes){.data = (const uint8_t *)out, .len = (size_t)len};
}

/* 1: it was told as it is now, 0: not; -1. */
static int
was_told(struct store_txn *txn, const struct care_news *news, struct err *err)
{
    char key[40];
    int rc = store_get(txn, STORE_META, told_key(news->matter, key), NULL, err);

    if (rc < 0)
        return -1;
    return (rc == 1) == news->bad;
}

static int
note_told(struct store_txn *txn, const struct care_news *news, struct err *err)
{
    static const uint8_t bad = 1;
    char bytes[40];
    struct bytes key = told_key(news->matter, bytes);

    if (!news->bad)
        return store_delete(txn, STORE_META, key, err);
    return store_put(
        txn, STORE_META, key, (struct bytes){.data = &bad, .len = 1}, err);
}

/* ---- the mail ---- */

struct letter {
    const struct config *config;
    const struct care_news *news;
    const struct receiver *to;
    uint64_t id;
};

static const char *
host_of(const char *address)
{
    const char *at = strrchr(address, '@');

    return at == NULL ? "localhost" : at + 1;
}

static int
put_headers(const struct letter *letter, struct buf *out, struct err *err)
{
    const char *from = letter->config->mail.from;
    const char *host = host_of(from);
    char values[7][HEADER_BYTES];
    const struct {
        const char *name;
        const char *value;
    } headers[] = {
        {"From", values[0]},
        {"Date", values[1]},
        {"To", values[2]},
        {"Message-ID", values[3]},
        {"References", values[4]},
        {"In-Reply-To", values[4]},
        {"Subject", values[5]},
        {"Auto-Submitted", "auto-generated"},
        {"X-Auto-Response-Suppress", "All"},
        {"X-Alert", care_matter_name(letter->news->matter)},
        {"X-State", letter->news->bad ? "firing" : "resolved"},
        {"X-Severity", "notify"},
        {"MIME-Version", "1.0"},
        {"Content-Type", "text/plain; charset=UTF-8"},
        {"Content-Transfer-Encoding", "quoted-printable"},
    };

    (void)snprintf(values[0], HEADER_BYTES, "\"leadline\" <%.300s>", from);
    say_mail_date(letter->news->now_unix_ms, values[1]);
    (void)snprintf(values[2], HEADER_BYTES, "<%.300s>", letter->to->address);
    (void)snprintf(values[3], HEADER_BYTES, "<n.%llu@%.300s>",
        (unsigned long long)letter->id, host);
    (void)snprintf(values[4], HEADER_BYTES, "<care.%s@%.300s>",
        care_matter_name(letter->news->matter), host);
    (void)snprintf(values[5], HEADER_BYTES, "[leadline] %s: collector",
        care_matter_name(letter->news->matter));
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        if (mime_put_header(out, headers[i].name, headers[i].value, err) != 0)
            return -1;
    }
    return buf_append(out, (const uint8_t *)"\r\n", 2, err);
}

static void
put_body(const struct letter *letter, struct mail_doc *doc)
{
    const struct care_news *news = letter->news;
    char moment[SAY_BYTES];

    mail_doc_say(doc, MAIL_DOC_TITLE, "%s%s",
        news->bad ? "" : "RESOLVED: ", news->title);
    say_moment(letter->config->zone, news->now_unix_ms, moment);
    mail_doc_pair(doc, "seen", "%s", moment);
    if (news->detail[0] != '\0')
        mail_doc_pair(doc, "detail", "%s", news->detail);
    if (news->advice[0] != '\0')
        mail_doc_pair(doc, "what to do", "%s", news->advice);
    mail_doc_say(doc, MAIL_DOC_HEADING, "What to type next");
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline status");
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline verify");
}

static int
write_letter(const struct letter *letter, struct buf *out, struct err *err)
{
    struct mail_doc *doc = malloc(sizeof(*doc));
    struct buf text;
    int rc = -1;

    if (doc == NULL)
        return err_set(err, ERR_NOMEM, "mail");
    buf_init(&text, MAIL_DOC_MAX_BYTES);
    mail_doc_init(doc);
    put_body(letter, doc);
    if (doc->failed)
        *err = doc->err;
    else if (put_headers(letter, out, err) == 0 &&
             mail_doc_text(doc, &text, err) == 0)
        rc = mime_put_quoted(out, (const char *)text.data, text.len, err);
    mail_doc_free(doc);
    buf_free(&text);
    free(doc);
    return rc;
}

static int
queue(struct store_txn *txn, struct letter *letter, struct err *err)
{
    int64_t now_unix_ms = letter->news->now_unix_ms;
    struct mailq_row row = {
        .state_told = letter->news->bad ? MAIL_FIRING : MAIL_RESOLVED,
        .severity = SEVERITY_NOTIFY,
        .queued_unix_ms = now_unix_ms,
        .next_try_unix_ms = now_unix_ms,
    };
    struct buf message;
    int rc;

    if (mailq_new_id(txn, now_unix_ms, &row.id, err) != 0)
        return -1;
    letter->id = row.id;
    (void)snprintf(
        row.recipient, sizeof(row.recipient), "%s", letter->to->address);
    buf_init(&message, MAIL_MAX_BYTES);
    rc = write_letter(letter, &message, err);
    row.message = buf_bytes(&message);
    if (rc == 0)
        rc = mailq_put(txn, &row, err);
    buf_free(&message);
    return rc;
}

int
care_mail_tell(struct store_txn *txn, const struct config *config,
    const struct care_news *news, bool *queued, struct err *err)
{
    struct receiver_list receivers = {.items = NULL};
    int rc = 0;

    *queued = false;
    if (news->matter != CARE_DAMAGED) {
        rc = was_told(txn, news, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        rc = note_told(txn, news, err);
    }
    if (rc == 0)
        rc = receivers_of(
            config, NOTICE_FLEET, SEVERITY_NOTIFY, &receivers, err);
    for (size_t i = 0; rc == 0 && i < receivers.count; i++) {
        struct letter letter = {
            .config = config, .news = news, .to = &receivers.items[i]};

        if (letter.to->webhook != NULL)
            continue; /* it is written as a mail */
        rc = queue(txn, &letter, err);
        *queued = rc == 0;
    }
    receiver_list_free(&receivers);
    return rc;
}
