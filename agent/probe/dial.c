#include "dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* Of the documentation prefixes: only a default route leads there. */
static const char far_ip4[] = "192.0.2.1";
static const char far_ip6[] = "2001:db8::1";

/* 0, or the errno.  A source port of 0 lets the kernel choose, at random. */
static int
bind_source(int fd, const struct dial *dial)
{
    const char *ip =
        dial->addr->ss_family == AF_INET6 ? dial->bind_ip6 : dial->bind_ip4;
    struct sockaddr_storage from;
    socklen_t len;
    int on = 1;

    if (ip == NULL)
        return 0;
    if (dial_take_address(ip, 0, &from, &len) != 0 ||
        from.ss_family != dial->addr->ss_family)
        return EADDRNOTAVAIL;
    /* A port is taken at connect, where it only has to be free for this
     * target; without it ports run out at 28 000 connections in all. */
    if (dial->socktype == SOCK_STREAM)
        (void)setsockopt(
            fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    return bind(fd, (const struct sockaddr *)&from, len) == 0 ? 0 : errno;
}

int
dial_open(const struct dial *dial, int *sys_errno)
{
    int fd = socket(dial->addr->ss_family,
        dial->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd == -1) {
        *sys_errno = errno;
        return -1;
    }
    *sys_errno = bind_source(fd, dial);
    if (*sys_errno == 0)
        return fd;
    (void)close(fd);
    return -1;
}

int
dial_start(const struct dial *dial, int *sys_errno)
{
    int fd = dial_open(dial, sys_errno);

    if (fd == -1 ||
        connect(fd, (const struct sockaddr *)dial->addr, dial->addr_len) == 0 ||
        errno == EINPROGRESS)
        return fd;
    *sys_errno = errno;
    (void)close(fd);
    return -1;
}

int
dial_socket_error(int fd)
{
    int failed = 0;
    socklen_t len = sizeof(failed);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) != 0)
        return errno;
    return failed;
}

enum measure_reason
dial_reason(int family, int sys_errno)
{
    switch (sys_errno) {
    case 0:
        return REASON_NONE;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EAGAIN:
    case EADDRINUSE:
        return REASON_AGENT_LIMIT;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EPERM: /* this machine's own packet filter */
        return REASON_AGENT_NO_ROUTE;
    case ENETUNREACH:
        return dial_has_route(family) ? REASON_CONNECT_UNREACHABLE
                                      : REASON_AGENT_NO_ROUTE;
    case ECONNREFUSED:
        return REASON_CONNECT_REFUSED;
    case ECONNRESET:
    case EPIPE:
        return REASON_CONNECT_RESET;
    case ETIMEDOUT:
        return REASON_CONNECT_TIMEOUT;
    default:
        return REASON_CONNECT_UNREACHABLE;
    }
}

bool
dial_is_ours(enum measure_reason reason)
{
    return reason == REASON_AGENT_NO_ROUTE || reason == REASON_AGENT_LIMIT ||
           reason == REASON_AGENT_SKIPPED || reason == REASON_AGENT_BROWSER;
}

bool
dial_can_reach(const struct dial *dial)
{
    struct dial look = *dial;
    int sys_errno;
    int fd;

    look.socktype = SOCK_DGRAM; /* whose connect only asks the routing table */
    fd = dial_start(&look, &sys_errno);
    if (fd != -1)
        (void)close(fd);
    return fd != -1;
}

bool
dial_has_route(int family)
{
    struct sockaddr_storage addr;
    struct dial dial = {.addr = &addr};

    return dial_take_address(family == AF_INET6 ? far_ip6 : far_ip4, 9, &addr,
               &dial.addr_len) == 0 &&
           dial_can_reach(&dial);
}

static int
take_ip6(const char *text, uint16_t port, struct sockaddr_storage *addr,
    socklen_t *addr_len)
{
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(port)};
    char bare[INET6_ADDRSTRLEN];
    size_t len = strlen(text);

    if (text[0] == '[' && len > 2 && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len >= sizeof(bare))
        return -1;
    memcpy(bare, text, len);
    bare[len] = '\0';
    if (inet_pton(AF_INET6, bare, &in6.sin6_addr) != 1)
        return -1;
    memcpy(addr, &in6, sizeof(in6));
    *addr_len = sizeof(in6);
    return 0;
}

int
dial_take_address(const char *text, uint16_t port,
    struct sockaddr_storage *addr, socklen_t *addr_len)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};

    *addr = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, text, &in4.sin_addr) != 1)
        return take_ip6(text, port, addr, addr_len);
    memcpy(addr, &in4, sizeof(in4));
    *addr_len = sizeof(in4);
    return 0;
}

/* Where the bytes of the address stand; NULL for an unknown family. */
static const void *
address_bytes(const struct sockaddr_storage *addr)
{
    if (addr->ss_family == AF_INET)
        return &((const struct sockaddr_in *)addr)->sin_addr;
    if (addr->ss_family == AF_INET6)
        return &((const struct sockaddr_in6 *)addr)->sin6_addr;
    return NULL;
}

void
dial_put_address(
    const struct sockaddr_storage *addr, char out[MEASURE_IP_BYTES])
{
    const void *bytes = address_bytes(addr);

    out[0] = '\0';
    if (bytes != NULL)
        (void)inet_ntop(addr->ss_family, bytes, out, MEASURE_IP_BYTES);
}

uint16_t
dial_port(const struct sockaddr_storage *addr)
{
    if (addr->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)addr)->sin6_port);
    return ntohs(((const struct sockaddr_in *)addr)->sin_port);
}

uint8_t
dial_family(const struct sockaddr_storage *addr)
{
    if (addr->ss_family == AF_INET)
        return FAMILY_V4;
    return addr->ss_family == AF_INET6 ? FAMILY_V6 : FAMILY_NONE;
}
