/*
 * starttls.h - what is said in plain before TLS: SMTP (RFC 3207), IMAP and
 * POP3 (RFC 2595).
 *
 * Pure: bytes of the server come in, what to do next goes out.  Lines, their
 * number and what is kept of them are bounded.  A server that speaks before it
 * is asked is refused, and so is one that lets plain text follow its last
 * answer: whoever sits on the line could have put it there, and a client would
 * take it for what came encrypted (CVE-2011-0411 and its kin).
 */
#ifndef AGENT_PROBE_STARTTLS_H
#define AGENT_PROBE_STARTTLS_H

#include <stdbool.h>
#include <stddef.h>

#include "check.h"
#include "measure.h"

enum {
    STARTTLS_LINE_MAX = 2048,
    STARTTLS_LINES_MAX = 128, /* in the whole dialogue */
    STARTTLS_COMMAND_BYTES = 96
};

enum starttls_step {
    STARTTLS_READ,  /* more of the server's bytes are needed */
    STARTTLS_SEND,  /* send `command`, then read on */
    STARTTLS_GO,    /* the next byte is TLS */
    STARTTLS_FAILED /* see starttls_reason() */
};

enum starttls_awaits {
    STARTTLS_GREETING,
    STARTTLS_ABILITIES, /* the answer to EHLO or CAPABILITY */
    STARTTLS_ANSWER     /* to STARTTLS */
};

struct starttls {
    enum check_starttls protocol; /* SMTP, IMAP or POP3 */
    enum starttls_awaits awaits;
    bool offered;
    int code;     /* of an SMTP answer that goes on; 0: none */
    size_t lines; /* taken so far */
    char line[STARTTLS_LINE_MAX];
    size_t line_len;
    char own_name[64];                    /* for EHLO */
    char command[STARTTLS_COMMAND_BYTES]; /* with its end of line */
    char detail[FACTS_TEXT_BYTES];        /* the failure in words, harmless */
};

/*
 * Begins a dialogue; the server speaks first.  `own_name` is what EHLO says:
 * a name or an address literal ("[192.0.2.1]").
 */
void starttls_init(struct starttls *dialogue, enum check_starttls protocol,
    const char *own_name);

/* Not to be called again after STARTTLS_GO or STARTTLS_FAILED. */
enum starttls_step starttls_take(
    struct starttls *dialogue, const char *bytes, size_t len);

/*
 * Which reason it is that the dialogue failed: smtp_banner until SMTP's
 * greeting is over, smtp_starttls after it; tls_protocol for the others, for
 * which there are no names.
 */
enum measure_reason starttls_reason(const struct starttls *dialogue);

/* The same where the server closed or reset; puts that into `detail`. */
enum measure_reason starttls_closed(struct starttls *dialogue);

/* The same where it was silent until the deadline. */
enum measure_reason starttls_timed_out(struct starttls *dialogue);

/* How to take leave, inside TLS: "QUIT\r\n"; "" for CHECK_STARTTLS_NONE. */
const char *starttls_farewell(enum check_starttls protocol);

#endif
