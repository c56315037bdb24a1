#include "tcpd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tcpd {
    int listener;
    uint16_t port;
    pthread_t thread;
    tcpd_serve_fn *serve;
    void *ctx;
    pthread_mutex_t lock;
    int serving; /* the connection's descriptor, or -1 */
    bool stopping;
    int count;
};

static int
bind_loopback(int family, uint16_t *port)
{
    struct sockaddr_in in4 = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len;
    int rc;

    if (fd == -1)
        return -1;
    if (family == AF_INET6)
        rc = bind(fd, (struct sockaddr *)&in6, sizeof(in6));
    else
        rc = bind(fd, (struct sockaddr *)&in4, sizeof(in4));
    len = family == AF_INET6 ? sizeof(in6) : sizeof(in4);
    if (rc == 0 && family == AF_INET6)
        rc = getsockname(fd, (struct sockaddr *)&in6, &len);
    else if (rc == 0)
        rc = getsockname(fd, (struct sockaddr *)&in4, &len);
    if (rc != 0) {
        (void)close(fd);
        return -1;
    }
    *port = ntohs(family == AF_INET6 ? in6.sin6_port : in4.sin_port);
    return fd;
}

static void *
run(void *ctx)
{
    struct tcpd *tcpd = ctx;

    for (;;) {
        int fd = accept4(tcpd->listener, NULL, NULL, SOCK_CLOEXEC);
        bool stopping;

        if (fd == -1)
            return NULL;
        (void)pthread_mutex_lock(&tcpd->lock);
        stopping = tcpd->stopping;
        tcpd->serving = fd;
        tcpd->count++;
        (void)pthread_mutex_unlock(&tcpd->lock);
        if (!stopping)
            tcpd->serve(fd, tcpd->ctx);
        (void)pthread_mutex_lock(&tcpd->lock);
        tcpd->serving = -1;
        (void)close(fd);
        (void)pthread_mutex_unlock(&tcpd->lock);
        if (stopping)
            return NULL;
    }
}

static struct tcpd *
start(int family, tcpd_serve_fn *serve, void *ctx)
{
    struct tcpd *tcpd = calloc(1, sizeof(*tcpd));

    if (tcpd == NULL)
        return NULL;
    tcpd->serve = serve;
    tcpd->ctx = ctx;
    tcpd->serving = -1;
    tcpd->listener = bind_loopback(family, &tcpd->port);
    (void)pthread_mutex_init(&tcpd->lock, NULL);
    if (tcpd->listener == -1 || listen(tcpd->listener, 64) != 0 ||
        pthread_create(&tcpd->thread, NULL, run, tcpd) != 0) {
        free(tcpd);
        return NULL;
    }
    return tcpd;
}

struct tcpd *
tcpd_start(tcpd_serve_fn *serve, void *ctx)
{
    return start(AF_INET, serve, ctx);
}

struct tcpd *
tcpd_start_ip6(tcpd_serve_fn *serve, void *ctx)
{
    return start(AF_INET6, serve, ctx);
}

void
tcpd_stop(struct tcpd *tcpd)
{
    if (tcpd == NULL)
        return;
    (void)pthread_mutex_lock(&tcpd->lock);
    tcpd->stopping = true;
    if (tcpd->serving != -1)
        (void)shutdown(tcpd->serving, SHUT_RDWR);
    (void)pthread_mutex_unlock(&tcpd->lock);
    (void)shutdown(tcpd->listener, SHUT_RDWR); /* accept() returns */
    (void)pthread_join(tcpd->thread, NULL);
    (void)close(tcpd->listener);
    (void)pthread_mutex_destroy(&tcpd->lock);
    free(tcpd);
}

uint16_t
tcpd_port(const struct tcpd *tcpd)
{
    return tcpd->port;
}

int
tcpd_count(struct tcpd *tcpd)
{
    int count;

    (void)pthread_mutex_lock(&tcpd->lock);
    count = tcpd->count;
    (void)pthread_mutex_unlock(&tcpd->lock);
    return count;
}

bool
tcpd_read_head(int fd, char *out, size_t size)
{
    size_t len = 0;

    while (len + 1 < size) {
        ssize_t got = recv(fd, out + len, 1, 0);

        if (got <= 0)
            return false;
        len++;
        out[len] = '\0';
        if (len >= 4 && strcmp(out + len - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

void
tcpd_send_bytes(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        at += sent;
        len -= (size_t)sent;
    }
}

void
tcpd_send(int fd, const char *text)
{
    tcpd_send_bytes(fd, text, strlen(text));
}

void
tcpd_wait_for_end(int fd)
{
    char sink[4096];

    while (recv(fd, sink, sizeof(sink), 0) > 0) {
    }
}

void
tcpd_reset_at_close(int fd)
{
    struct linger linger = {.l_onoff = 1};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

uint16_t
tcpd_closed_port(void)
{
    uint16_t port = 0;
    int fd = bind_loopback(AF_INET, &port);

    if (fd != -1)
        (void)close(fd);
    return port;
}
