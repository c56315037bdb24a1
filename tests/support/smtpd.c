#include "smtpd.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tcpd.h"

enum { LINE_BYTES = 2048 };

struct smtpd {
    struct tcpd *tcpd;
    const struct smtpd_answers *answers; /* borrowed */
    pthread_mutex_t lock;                /* over what follows */
    char message[SMTPD_MESSAGE_BYTES];
    char log[SMTPD_LOG_BYTES];
};

/* One line with its end; false when the peer is gone. */
static bool
read_line(int fd, char line[LINE_BYTES])
{
    size_t len = 0;

    while (len < LINE_BYTES - 1) {
        if (recv(fd, line + len, 1, 0) != 1)
            return false;
        len++;
        if (line[len - 1] == '\n')
            break;
    }
    line[len] = '\0';
    return true;
}

/* False: the connection is to be closed. */
static bool
answer(int fd, const char *said, const char *usual)
{
    const char *text = said == NULL ? usual : said;

    if (text[0] == '\0')
        return false;
    tcpd_send(fd, text);
    tcpd_send(fd, "\r\n");
    return true;
}

static void
add(char *to, size_t size, const char *text)
{
    size_t used = strlen(to);

    (void)snprintf(to + used, size - used, "%s", text);
}

static bool
take_message(struct smtpd *smtpd, int fd)
{
    char line[LINE_BYTES];

    (void)pthread_mutex_lock(&smtpd->lock);
    smtpd->message[0] = '\0';
    (void)pthread_mutex_unlock(&smtpd->lock);
    while (read_line(fd, line)) {
        if (strcmp(line, ".\r\n") == 0)
            return answer(fd, smtpd->answers->taken, "250 2.0.0 taken");
        (void)pthread_mutex_lock(&smtpd->lock);
        add(smtpd->message, sizeof(smtpd->message), line);
        (void)pthread_mutex_unlock(&smtpd->lock);
    }
    return false;
}

static bool
is_verb(const char *line, const char *verb)
{
    return strncasecmp(line, verb, strlen(verb)) == 0;
}

static bool
take_command(struct smtpd *smtpd, int fd, const char *line)
{
    const struct smtpd_answers *answers = smtpd->answers;

    if (is_verb(line, "EHLO"))
        return answer(fd, answers->ehlo, "250 smtpd.test");
    if (is_verb(line, "STARTTLS"))
        return answer(fd, answers->starttls, "454 4.7.0 not now");
    if (is_verb(line, "AUTH"))
        return answer(fd, answers->auth, "535 5.7.8 no");
    if (is_verb(line, "MAIL"))
        return answer(fd, answers->mail, "250 2.1.0 ok");
    if (is_verb(line, "RCPT"))
        return answer(fd, answers->rcpt, "250 2.1.5 ok");
    if (is_verb(line, "DATA"))
        return answer(fd, answers->data, "354 go on") &&
               (answers->data != NULL || take_message(smtpd, fd));
    if (is_verb(line, "QUIT"))
        return answer(fd, NULL, "221 bye") && false;
    return answer(fd, NULL, "250 ok");
}

static void
serve(int fd, void *ctx)
{
    struct smtpd *smtpd = ctx;
    char line[LINE_BYTES];

    if (!answer(fd, smtpd->answers->greeting, "220 smtpd.test ESMTP"))
        return;
    while (read_line(fd, line)) {
        (void)pthread_mutex_lock(&smtpd->lock);
        add(smtpd->log, sizeof(smtpd->log), line);
        (void)pthread_mutex_unlock(&smtpd->lock);
        if (!take_command(smtpd, fd, line))
            return;
    }
}

struct smtpd *
smtpd_start(const struct smtpd_answers *answers)
{
    struct smtpd *smtpd = calloc(1, sizeof(*smtpd));

    if (smtpd == NULL)
        return NULL;
    smtpd->answers = answers;
    (void)pthread_mutex_init(&smtpd->lock, NULL);
    smtpd->tcpd = tcpd_start(serve, smtpd);
    if (smtpd->tcpd != NULL)
        return smtpd;
    (void)pthread_mutex_destroy(&smtpd->lock);
    free(smtpd);
    return NULL;
}

void
smtpd_stop(struct smtpd *smtpd)
{
    if (smtpd == NULL)
        return;
    tcpd_stop(smtpd->tcpd);
    (void)pthread_mutex_destroy(&smtpd->lock);
    free(smtpd);
}

uint16_t
smtpd_port(const struct smtpd *smtpd)
{
    return tcpd_port(smtpd->tcpd);
}

/* The lock makes what the server's thread wrote visible here. */
static const char *
read_under_lock(struct smtpd *smtpd, const char *text)
{
    (void)pthread_mutex_lock(&smtpd->lock);
    (void)pthread_mutex_unlock(&smtpd->lock);
    return text;
}

const char *
smtpd_message(struct smtpd *smtpd)
{
    return read_under_lock(smtpd, smtpd->message);
}

const char *
smtpd_log(struct smtpd *smtpd)
{
    return read_under_lock(smtpd, smtpd->log);
}

int
smtpd_connections(struct smtpd *smtpd)
{
    return tcpd_count(smtpd->tcpd);
}
