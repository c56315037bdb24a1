#include "ossl.h" /* before all others */

#include "delayd_https.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "delayd_dns.h"

/*
 * HELLO --delay--> SHAKING --> ASKED --delay--> SENDING --delay--> SENT
 */
enum state { HELLO, SHAKING, ASKED, SENDING, SENT };

enum { READ_BYTES = 16384, HEAD_BYTES = 4096, HALF_BYTES = 1000 };

struct https {
    struct delayd_https_spec spec;
    SSL_CTX *ctx;
    struct loop_watch watch;
};

struct connection {
    struct https *https; /* borrowed */
    enum state state;
    bool waits; /* for its timer */
    int fd;     /* owned, as all that follows */
    SSL *ssl;
    struct loop_watch watch;
    struct timer due;
    char name[256];
    char head[HEAD_BYTES];
    size_t head_len;
    int64_t came_ns; /* the last bytes, by the kernel's clock */
    int64_t first_byte_ns;
    int64_t tls_us;
    int64_t wait_us;
};

static void
drop(struct connection *c)
{
    loop_watch_stop(c->https->spec.loop, &c->watch);
    loop_timer_stop(c->https->spec.loop, &c->due);
    SSL_free(c->ssl);
    (void)close(c->fd);
    free(c);
}

/* Hands what OpenSSL wrote to the kernel; when that was. */
static int64_t
flush(struct connection *c)
{
    char *bytes;
    BIO *out = SSL_get_wbio(c->ssl);
    long len = BIO_get_mem_data(out, &bytes);
    int64_t now_ns = delayd_now_ns();

    /* Less than a socket's buffer holds, so all of it. */
    if (len > 0)
        (void)send(c->fd, bytes, (size_t)len, MSG_NOSIGNAL);
    (void)BIO_reset(out);
    return now_ns;
}

static void
wait_until(struct connection *c, int64_t at_ns)
{
    c->waits = true;
    loop_timer_start(c->https->spec.loop, &c->due, at_ns - delayd_now_ns());
}

static void
send_head(struct connection *c)
{
    char text[256 + HALF_BYTES];
    int len = snprintf(text, sizeof(text),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
        "Connection: close\r\n\r\n",
        2 * HALF_BYTES);

    memset(text + len, '1', HALF_BYTES);
    (void)SSL_write(c->ssl, text, len + HALF_BYTES);
    c->first_byte_ns = flush(c);
    c->wait_us = (c->first_byte_ns - c->came_ns) / NS_PER_US;
    c->state = SENDING;
    wait_until(c, c->first_byte_ns + c->https->spec.body_ns);
}

static void
send_rest(struct connection *c)
{
    char text[HALF_BYTES];
    int64_t now_ns;

    memset(text, '2', sizeof(text));
    (void)SSL_write(c->ssl, text, sizeof(text));
    now_ns = flush(c);
    (void)fprintf(c->https->spec.log,
        "https %s %" PRId64 " %" PRId64 " %" PRId64 "\n", c->name, c->tls_us,
        c->wait_us, (now_ns - c->first_byte_ns) / NS_PER_US);
    c->state = SENT;
}

static void
say_hello(struct connection *c)
{
    const char *name;
    int64_t now_ns;

    (void)SSL_accept(c->ssl);
    now_ns = flush(c);
    c->tls_us = (now_ns - c->came_ns) / NS_PER_US;
    name = SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name);
    (void)snprintf(c->name, sizeof(c->name), "%s", name ? name : "-");
    c->state = SHAKING;
}

static void
on_due(void *ctx)
{
    struct connection *c = ctx;

    c->waits = false;
    switch (c->state) {
    case HELLO:
        say_hello(c);
        return;
    case ASKED:
        send_head(c);
        return;
    case SENDING:
        send_rest(c);
        return;
    case SHAKING:
    case SENT:
        return;
    }
}

/* The request, once its head is whole. */
static void
take_request(struct connection *c)
{
    int got;

    if (!SSL_is_init_finished(c->ssl) && SSL_accept(c->ssl) != 1)
        return;
    while (c->head_len < HEAD_BYTES - 1) {
        got = SSL_read(
            c->ssl, c->head + c->head_len, (int)(HEAD_BYTES - 1 - c->head_len));
        if (got <= 0)
            break;
        c->head_len += (size_t)got;
        c->head[c->head_len] = '\0';
    }
    if (strstr(c->head, "\r\n\r\n") == NULL)
        return;
    c->state = ASKED;
    wait_until(c, c->came_ns + c->https->spec.first_byte_ns);
}

static void
on_bytes(void *ctx, unsigned ready)
{
    struct connection *c = ctx;
    char bytes[READ_BYTES];
    char control[256];
    struct iovec iov = {bytes, sizeof(bytes)};
    struct msghdr msg = {.msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(c->fd, &msg, 0);

    (void)ready;
    if (got <= 0) {
        drop(c);
        return;
    }
    if (c->waits || c->state == SENT)
        return; /* a polite end of TLS, say */
    c->came_ns = delayd_stamp_ns(&msg);
    (void)BIO_write(SSL_get_rbio(c->ssl), bytes, (int)got);
    if (c->state == HELLO)
        wait_until(c, c->came_ns + c->https->spec.tls_ns);
    else
        take_request(c);
}

static void
take_connection(struct https *https, int fd)
{
    struct connection *c = calloc(1, sizeof(*c));
    struct err err;

    if (c == NULL) {
        (void)close(fd);
        return;
    }
    c->https = https;
    c->fd = fd;
    c->ssl = SSL_new(https->ctx);
    SSL_set_bio(c->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(c->ssl);
    timer_init(&c->due, on_due, c);
    loop_watch_init(&c->watch, on_bytes, c);
    if (loop_watch_start(https->spec.loop, &c->watch, fd, LOOP_READ, &err) != 0)
        drop(c);
}

static void
on_connections(void *ctx, unsigned ready)
{
    struct https *https = ctx;

    (void)ready;
    for (;;) {
        int on = 1;
        int fd =
            accept4(https->spec.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd == -1)
            return;
        (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
        /* Or the second half would wait for the client's late ACK. */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        take_connection(https, fd);
    }
}

int
delayd_https_start(const struct delayd_https_spec *spec, struct err *err)
{
    struct https *https = calloc(1, sizeof(*https));

    if (https == NULL)
        return err_set(err, ERR_NOMEM, "HTTPS server");
    https->spec = *spec;
    https->ctx = SSL_CTX_new(TLS_server_method());
    /* No tickets: they would come in the middle of what is measured. */
    if (https->ctx == NULL || SSL_CTX_set_num_tickets(https->ctx, 0) != 1 ||
        SSL_CTX_set_min_proto_version(https->ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_use_certificate_chain_file(https->ctx, spec->cert_file) != 1 ||
        SSL_CTX_use_PrivateKey_file(
            https->ctx, spec->key_file, SSL_FILETYPE_PEM) != 1)
        return err_set(err, ERR_PARSE, "%s, %s: cannot be used",
            spec->cert_file, spec->key_file);
    loop_watch_init(&https->watch, on_connections, https);
    return loop_watch_start(
        spec->loop, &https->watch, spec->fd, LOOP_READ, err);
}
