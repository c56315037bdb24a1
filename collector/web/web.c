#include "web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "buf.h"
#include "clock.h"
#include "file.h"
#include "log.h"
#include "web_own.h"

enum {
    SILENCE_S = 10,
    LIFE_S = 20,
    CONNECTION_BYTES = 16 << 10, /* of a request's head, too */
    BACKLOG = 1024
};

static const int64_t beat_ns = NS_PER_SEC;

static void
beat(void *ctx)
{
    struct web *web = ctx;
    struct intake_counts counts;

    intake_counts(web->intake, &counts);
    pulse_beat(web->pulse, &counts);
    (void)deadline_cut(&web->deadline, clock_mono_ns() - LIFE_S * NS_PER_SEC);
    loop_timer_start(web->loop, &web->beat, beat_ns);
}

static void
on_connection(void *ctx, struct MHD_Connection *connection, void **own,
    enum MHD_ConnectionNotificationCode what)
{
    struct web *web = ctx;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    (void)own;
    if (info == NULL)
        return;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        deadline_note(&web->deadline, info->connect_fd, clock_mono_ns());
    else
        deadline_forget(&web->deadline, info->connect_fd);
}

static int
take_token(struct web *web, const char *path, struct err *err)
{
    struct buf text;
    size_t len;
    int rc;

    if (path == NULL)
        return 0;
    buf_init(&text, WEB_TOKEN_BYTES - 1);
    rc = file_read_secret(path, &text, err);
    if (rc == 0) {
        memcpy(web->token, text.data != NULL ? (const char *)text.data : "",
            text.len);
        len = strcspn(web->token, "\r\n");
        web->token[len] = '\0';
        if (len == 0)
            rc = err_set(err, ERR_PARSE, "%s holds no token", path);
    }
    if (text.data != NULL)
        explicit_bzero(text.data, text.capacity);
    buf_free(&text);
    return rc == 0 ? 0 : err_wrap(err, "token_file");
}

static int
take_address(
    const char *listen, struct sockaddr_storage *address, struct err *err)
{
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    char host[ADDRESS_HOST_BYTES];
    uint16_t port;

    *address = (struct sockaddr_storage){0};
    if (address_take_host_port(listen, host, &port, err) != 0)
        return -1;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return 0;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) != 1)
        return err_set(err, ERR_PARSE, "%s is not an address", host);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    return 0;
}

static int
start_daemon(struct web *web, const char *listen, struct err *err)
{
    /* Not epoll: its edges hide the end of what was sent all at once. */
    unsigned flags =
        MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC;
    struct sockaddr_storage address;

    if (take_address(listen, &address, err) != 0)
        return -1;
    if (address.ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    errno = 0;
    web->daemon = MHD_start_daemon(flags, 0, NULL, NULL, web_answer, web,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)DEADLINE_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_LISTEN_BACKLOG_SIZE,
        (unsigned)BACKLOG, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, web, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_END);
    if (web->daemon == NULL)
        return err_sys(err, errno, "cannot listen at %s", listen);
    return 0;
}

struct web *
web_open(const struct web_spec *spec, struct err *err)
{
    struct web *web = calloc(1, sizeof(*web));

    if (web == NULL) {
        err_set(err, ERR_NOMEM, "dashboard");
        return NULL;
    }
    web->loop = spec->loop;
    web->store = spec->store;
    web->intake = spec->intake;
    web->meter = spec->meter;
    web->any_host = spec->behind_proxy;
    deadline_init(&web->deadline);
    timer_init(&web->beat, beat, web);
    web->pulse = pulse_new(spec->writer, err);
    if (web->pulse == NULL || take_token(web, spec->token_file, err) != 0 ||
        start_daemon(web, spec->listen, err) != 0) {
        err_wrap(err, "dashboard");
        web_close(web);
        return NULL;
    }
    beat(web);
    log_event(LOG_AT_INFO, "web.ready", "listen=%s", spec->listen);
    return web;
}

void
web_close(struct web *web)
{
    if (web == NULL)
        return;
    loop_timer_stop(web->loop, &web->beat);
    if (web->daemon != NULL)
        MHD_stop_daemon(web->daemon);
    if (web->metrics != NULL)
        MHD_destroy_response(web->metrics);
    conf_history_free(web->conf);
    pulse_free(web->pulse);
    deadline_free(&web->deadline);
    explicit_bzero(web->token, sizeof(web->token));
    free(web);
}

void
web_reload(struct web *web)
{
    if (web != NULL)
        atomic_store(&web->stale, true);
}

void
web_set_refused(struct web *web, bool refused)
{
    if (web != NULL)
        pulse_set_refused(web->pulse, refused);
}
