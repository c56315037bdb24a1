#include "tls_talk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dial.h"

enum { READ_BYTES = 2048 };

/* Our address as EHLO wants it: "[192.0.2.1]", "[IPv6:2001:db8::1]". */
static void
put_own_name(int fd, char *out, size_t size)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof(own);
    char ip[MEASURE_IP_BYTES];

    (void)getsockname(fd, (struct sockaddr *)&own, &len);
    dial_put_address(&own, ip);
    (void)snprintf(
        out, size, "[%s%s]", own.ss_family == AF_INET6 ? "IPv6:" : "", ip);
}

void
tls_talk_init(struct tls_talk *talk, enum check_starttls protocol, int fd)
{
    char own_name[64];

    put_own_name(fd, own_name, sizeof(own_name));
    starttls_init(&talk->dialogue, protocol, own_name);
    talk->unsent = NULL;
}

static enum tls_talk_step
closed(struct tls_talk *talk, enum measure_reason *reason)
{
    *reason = starttls_closed(&talk->dialogue);
    return TLS_TALK_FAILED;
}

static enum tls_talk_step
send_command(struct tls_talk *talk, int fd, enum measure_reason *reason)
{
    ssize_t sent = send(fd, talk->unsent, strlen(talk->unsent), MSG_NOSIGNAL);

    if (sent == -1 && errno != EAGAIN && errno != EINTR)
        return closed(talk, reason);
    if (sent > 0)
        talk->unsent += sent;
    if (*talk->unsent != '\0')
        return TLS_TALK_WRITE;
    talk->unsent = NULL;
    return TLS_TALK_READ;
}

enum tls_talk_step
tls_talk_go_on(struct tls_talk *talk, int fd, enum measure_reason *reason)
{
    char bytes[READ_BYTES];
    ssize_t got;

    if (talk->unsent != NULL)
        return send_command(talk, fd, reason);
    got = recv(fd, bytes, sizeof(bytes), 0);
    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return TLS_TALK_READ;
    if (got <= 0)
        return closed(talk, reason);
    switch (starttls_take(&talk->dialogue, bytes, (size_t)got)) {
    case STARTTLS_READ:
        return TLS_TALK_READ;
    case STARTTLS_SEND:
        talk->unsent = talk->dialogue.command;
        return send_command(talk, fd, reason);
    case STARTTLS_GO:
        return TLS_TALK_OVER;
    case STARTTLS_FAILED:
        break;
    }
    *reason = starttls_reason(&talk->dialogue);
    return TLS_TALK_FAILED;
}
