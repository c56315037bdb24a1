/*
 * delayd: a name server and an HTTPS server that wait, and tell how long they
 * really did.
 *
 *   delayd DNS_PORT CERT KEY LOG [DNS_MS TLS_MS FIRST_BYTE_MS BODY_MS]
 *
 * On 127.0.0.1.  Every name is 127.0.0.1; port 0 is one of its choice.  Prints
 * "DNS_PORT HTTPS_PORT" and serves until SIGTERM.  LOG then has a line for each
 * answer, "dns NAME US", and for each exchange, "https NAME TLS_US WAIT_US
 * TRANSFER_US": from when the kernel had got what was asked (SO_TIMESTAMPNS)
 * until just before the answer was given to it.  So a probe's error can be told
 * from the lateness of this process.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "delayd_dns.h"
#include "delayd_https.h"
#include "loop.h"

static void
die(const char *what)
{
    (void)fprintf(stderr, "delayd: %s\n", what);
    exit(3);
}

static int
listen_at(int socktype, int port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)port),
    };
    int fd = socket(AF_INET, socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
        bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
        (socktype == SOCK_STREAM && listen(fd, 1024) != 0))
        die("cannot listen");
    return fd;
}

static int
port_of(int fd)
{
    struct sockaddr_in at;
    socklen_t len = sizeof(at);

    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        die("getsockname");
    return ntohs(at.sin_port);
}

static void
on_term(void *ctx)
{
    loop_stop(ctx);
}

/* Milliseconds, or what stands for them where none are given. */
static int64_t
delay_ns(int argc, char **argv, int at, long ms)
{
    return (argc > at ? strtol(argv[at], NULL, 10) : ms) * NS_PER_MS;
}

int
main(int argc, char **argv)
{
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    struct loop_signal term = {0};
    struct delayd_https_spec https = {.loop = loop};
    struct delayd_dns_spec dns = {.loop = loop};

    if (argc < 5)
        die("usage: see the head of delayd.c");
    https.log = dns.log = fopen(argv[4], "we");
    https.cert_file = argv[2];
    https.key_file = argv[3];
    dns.delay_ns = delay_ns(argc, argv, 5, 20);
    https.tls_ns = delay_ns(argc, argv, 6, 30);
    https.first_byte_ns = delay_ns(argc, argv, 7, 50);
    https.body_ns = delay_ns(argc, argv, 8, 40);
    dns.fd = listen_at(SOCK_DGRAM, (int)strtol(argv[1], NULL, 10));
    https.fd = listen_at(SOCK_STREAM, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    if (loop == NULL || https.log == NULL ||
        delayd_dns_start(&dns, &err) != 0 ||
        delayd_https_start(&https, &err) != 0 ||
        loop_signal_start(loop, &term, SIGTERM, on_term, loop, &err) != 0)
        die(err.msg);
    (void)printf("%d %d\n", port_of(dns.fd), port_of(https.fd));
    (void)fflush(stdout);
    loop_run(loop);
    return fclose(https.log) == 0 ? 0 : 3; /* the rest goes with the process */
}
