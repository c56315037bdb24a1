/*
 * smtpd.h - a mail server on loopback that answers each command as a test
 * says: what no real server would do.
 */
#ifndef TESTS_SMTPD_H
#define TESTS_SMTPD_H

#include <stdbool.h>
#include <stdint.h>

enum { SMTPD_MESSAGE_BYTES = 1 << 16, SMTPD_LOG_BYTES = 4096 };

/*
 * What it says, without CRLF.  NULL: what a good server says.  "": closes the
 * connection instead.
 */
struct smtpd_answers {
    const char *greeting;
    const char *ehlo; /* several lines are joined by CRLF */
    const char *starttls;
    const char *auth;
    const char *mail;
    const char *rcpt;
    const char *data;
    const char *taken; /* after the final dot */
};

struct smtpd;

/* `answers` is borrowed; change it between mails only. */
struct smtpd *smtpd_start(const struct smtpd_answers *answers);
void smtpd_stop(struct smtpd *smtpd);
uint16_t smtpd_port(const struct smtpd *smtpd);

/* After a mail: the last one as it came, and all commands, one a line. */
const char *smtpd_message(struct smtpd *smtpd);
const char *smtpd_log(struct smtpd *smtpd);
int smtpd_connections(struct smtpd *smtpd);

#endif
