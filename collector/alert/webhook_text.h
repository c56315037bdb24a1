/*
 * webhook_text.h - what is posted to a webhook of an alert, as decided.  Pure.
 *
 * The body is stored in mailq and holds no secret: what needs one gets it when
 * it is sent.
 */
#ifndef COLLECTOR_WEBHOOK_TEXT_H
#define COLLECTOR_WEBHOOK_TEXT_H

#include "buf.h"
#include "err.h"
#include "mail_group.h"
#include "mail_text.h"
#include "notice_log.h"
#include "webhook_body.h"

/* One of them; borrowed. */
struct webhook_note {
    const struct mail_facts *facts;
    /* Several told as one: PagerDuty has one event of them all. */
    const struct mail_group *group;
    /* Where no more is read than what is told anyway. */
    const struct notice *notice;
    const char *why; /* with a notice: why it comes this way; or "" */
};

/* `receiver` is the webhook's name. */
int webhook_text_write(enum webhook_kind kind, const char *receiver,
    const struct webhook_note *note, struct buf *out, struct err *err);

#endif
