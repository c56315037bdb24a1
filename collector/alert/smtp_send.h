/*
 * smtp_send.h - one mail to one recipient over SMTP, with libcurl.
 *
 * smtps://, or smtp:// with STARTTLS, verified; in clear only to loopback, and
 * a password never.  Deadlines: 10 s to connect, 30 s for an answer, 120 s in
 * all.  Connections are kept by the curl_loop and used again.
 */
#ifndef COLLECTOR_SMTP_SEND_H
#define COLLECTOR_SMTP_SEND_H

#include <stdint.h>
#include <stdio.h>

#include "buf.h"
#include "collector_conf.h"
#include "curl_loop.h"
#include "err.h"
#include "mailq.h"

/* How the dialogue ended: what an outcome is made from. */
struct smtp_end {
    CURLcode code;
    long answer;      /* the server's last answer, 550; 0: none */
    char command[16]; /* the verb of the last command, "RCPT"; "" */
    bool data_wanted; /* the server asked for the mail itself */
};

/*
 * 2xx after the mail: sent.  5xx to the recipient or to the mail itself:
 * refused.  A password, a sender or a certificate that is not accepted is for
 * the operator to mend, and nobody gets a mail before: blocked.  Everything
 * else, an unclear end too: later.
 */
enum mailq_outcome smtp_outcome(const struct smtp_end *end);

struct smtp_send;

/* `text`: the server's or the library's words, harmless.  The send is gone. */
typedef void smtp_send_done_fn(
    void *ctx, enum mailq_outcome outcome, const char *text);

struct smtp_send_spec {
    struct curl_loop *curl;       /* borrowed */
    const struct conf_mail *mail; /* borrowed during the start only */
    const char *recipient;        /* likewise */
    struct bytes message;         /* likewise; CRLF */
    FILE *dialogue;               /* borrowed; NULL: nobody listens */
    smtp_send_done_fn *done;
    void *ctx;
};

/*
 * `done` is called exactly once, from the loop and never from inside this,
 * unless smtp_send_cancel() comes first.  NULL: it could not start (an address
 * or the password file is bad; err says what to do).
 */
struct smtp_send *smtp_send_start(
    const struct smtp_send_spec *spec, struct err *err);

/* NULL is allowed. */
void smtp_send_cancel(struct smtp_send *send);

#endif
