/*
 * init_text.h - the leadline.yaml that `leadline init` writes.  Pure.
 */
#ifndef COLLECTOR_INIT_TEXT_H
#define COLLECTOR_INIT_TEXT_H

#include "buf.h"
#include "err.h"

/* What a person says; all borrowed. */
struct init_answers {
    const char *url;         /* "acme.example" or a whole URL */
    const char *mail_server; /* "mail.example", "smtps://...", NULL: no mail */
    const char *from;        /* NULL: the first of `to` */
    const char *to;          /* addresses, commas between them */
    const char *regions;     /* "eu,us,ap"; NULL: those three */
};

/*
 * Each takes one answer as a person writes it and gives it as the file has it,
 * appended to `out`; ERR_PARSE says what would be right.
 */
int init_take_url(const char *text, struct buf *out, struct err *err);
int init_take_server(const char *text, struct buf *out, struct err *err);
int init_take_addresses(const char *text, struct buf *out, struct err *err);

/* Appends the whole file; what it appends is a valid configuration. */
int init_put_text(
    const struct init_answers *answers, struct buf *out, struct err *err);

#endif
