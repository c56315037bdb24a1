/*
 * mail_frame.h - a mail's headers, and its two parts around what it says.
 * Pure; see mail.md.
 */
#ifndef COLLECTOR_MAIL_FRAME_H
#define COLLECTOR_MAIL_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "mail_doc.h"

/* Whose mail it is. */
struct mail_envelope {
    uint64_t notice;  /* the number in Message-ID, same over retries */
    const char *from; /* addresses, checked */
    const char *to;
};

struct mail_frame {
    int64_t now_unix_ms;
    const char *subject;
    const char *root; /* "inc.7K3QX2MA": the thread; NULL: of its own */
    const char *const *incidents; /* ids without "INC-", for X-Incident */
    size_t incident_count;
    const char *state; /* of X-State */
    const char *severity;
    enum mail_doc_tone tone;
};

/*
 * Appends the whole message, CRLF, ended by exactly one.  ERR_LIMIT if the HTML
 * is larger than MAIL_DOC_MAX_BYTES; `out` then holds a part.
 */
int mail_frame_write(const struct mail_frame *frame, const struct mail_doc *doc,
    const struct mail_envelope *envelope, struct buf *out, struct err *err);

#endif
