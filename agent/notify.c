#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "text.h"

enum { MESSAGE_BYTES = 512 };

/* More than a day asked for is a mistake, less than 2 ms cannot be kept. */
static const int64_t watchdog_min_us = 2000;
static const int64_t watchdog_max_us = INT64_C(86400) * 1000000;

struct notify {
    struct loop *loop; /* borrowed */
    int fd;            /* owned; -1: nobody wants to know */
    struct sockaddr_un to;
    socklen_t to_len;
    int64_t ping_every_ns; /* 0: nobody watches */
    struct timer ping;
    struct log_limit limit;
};

/* A lost message is said: systemd may be about to end us for want of it. */
static void
send_message(struct notify *notify, const char *message)
{
    ssize_t sent;

    if (notify->fd == -1)
        return;
    do {
        sent = sendto(notify->fd, message, strlen(message),
            MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&notify->to,
            notify->to_len);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        log_limited(&notify->limit, LOG_AT_WARN, "agent.notify_failed",
            "error=\"%s\"", strerror(errno));
}

static void
on_ping(void *ctx)
{
    struct notify *notify = ctx;

    loop_timer_start(notify->loop, &notify->ping, notify->ping_every_ns);
    send_message(notify, "WATCHDOG=1");
}

/* "/run/systemd/notify", or "@name" for an abstract one. */
static int
take_address(struct notify *notify, const char *text)
{
    size_t len = strlen(text);

    if ((text[0] != '/' && text[0] != '@') || len < 2 ||
        len >= sizeof(notify->to.sun_path))
        return -1;
    notify->to.sun_family = AF_UNIX;
    memcpy(notify->to.sun_path, text, len + 1);
    notify->to_len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    if (text[0] == '@') {
        notify->to.sun_path[0] = '\0';
        notify->to_len--; /* its name is all that follows, to the last byte */
    }
    return 0;
}

static void
open_socket(struct notify *notify)
{
    const char *text = getenv("NOTIFY_SOCKET");

    if (text == NULL)
        return;
    if (take_address(notify, text) != 0) {
        log_event(LOG_AT_WARN, "agent.notify_unusable",
            "NOTIFY_SOCKET=\"%s\" effect=\"nobody is told\"", text);
        return;
    }
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->fd == -1)
        log_event(LOG_AT_WARN, "agent.notify_unusable", "error=\"%s\"",
            strerror(errno));
}

/* Meant for another process where $WATCHDOG_PID is not ours. */
static void
read_watchdog(struct notify *notify)
{
    const char *text = getenv("WATCHDOG_USEC");
    const char *pid_text = getenv("WATCHDOG_PID");
    struct err ignored;
    int64_t value_us;
    int64_t pid;

    if (text == NULL || notify->fd == -1)
        return;
    if (pid_text != NULL &&
        (text_take_int(pid_text, 1, INT32_MAX, &pid, &ignored) != 0 ||
            pid != getpid()))
        return;
    if (text_take_int(
            text, watchdog_min_us, watchdog_max_us, &value_us, &ignored) != 0) {
        log_event(LOG_AT_WARN, "agent.watchdog_unusable",
            "WATCHDOG_USEC=\"%s\" effect=\"no pings\"", text);
        return;
    }
    notify->ping_every_ns = value_us / 2 * NS_PER_US;
}

struct notify *
notify_open(struct loop *loop, struct err *err)
{
    struct notify *notify = calloc(1, sizeof(*notify));

    if (notify == NULL) {
        err_set(err, ERR_NOMEM, "notify");
        return NULL;
    }
    notify->loop = loop;
    notify->fd = -1;
    timer_init(&notify->ping, on_ping, notify);
    open_socket(notify);
    read_watchdog(notify);
    return notify;
}

void
notify_close(struct notify *notify)
{
    if (notify == NULL)
        return;
    loop_timer_stop(notify->loop, &notify->ping);
    if (notify->fd != -1)
        (void)close(notify->fd);
    free(notify);
}

void
notify_ready(struct notify *notify, const char *status)
{
    char message[MESSAGE_BYTES];

    (void)snprintf(message, sizeof(message), "READY=1\nSTATUS=%.400s", status);
    send_message(notify, message);
    if (notify->ping_every_ns != 0 && !notify->ping.armed)
        on_ping(notify);
}

void
notify_reloading(struct notify *notify)
{
    char message[MESSAGE_BYTES];

    (void)snprintf(message, sizeof(message),
        "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono_ns() / NS_PER_US);
    send_message(notify, message);
}

void
notify_stopping(struct notify *notify)
{
    send_message(notify, "STOPPING=1\nSTATUS=stopping");
}

int64_t
notify_ping_every_ns(const struct notify *notify)
{
    return notify->ping_every_ns;
}

bool
notify_is_abstract(const struct notify *notify)
{
    return notify->fd != -1 && notify->to.sun_path[0] == '\0';
}
