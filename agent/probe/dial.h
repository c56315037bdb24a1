/*
 * dial.h - sockets on their way to an address, and what a failure to get
 * there says: something about the target, or about this machine.
 */
#ifndef AGENT_PROBE_DIAL_H
#define AGENT_PROBE_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "measure.h"

/* Where to, and from which source address.  All borrowed. */
struct dial {
    int socktype; /* SOCK_STREAM or SOCK_DGRAM */
    const struct sockaddr_storage *addr;
    socklen_t addr_len;
    const char *bind_ip4; /* source address of this family, or NULL */
    const char *bind_ip6;
};

/*
 * Opens a non-blocking, close-on-exec socket and binds it to the source
 * address.  Returns the descriptor, or -1 with the errno in `*sys_errno`.
 */
int dial_open(const struct dial *dial, int *sys_errno);

/*
 * The same, and connects it, or begins to:
 * for SOCK_STREAM wait for writable and then ask dial_socket_error().
 * Returns the descriptor, or -1 with the errno in `*sys_errno`.
 */
int dial_start(const struct dial *dial, int *sys_errno);

/* What became of a connect that was waited for: 0, or an errno. */
int dial_socket_error(int fd);

/*
 * Which reason an errno of a stream connection means.  Without descriptors,
 * memory or ports: agent_limit.  ENETUNREACH without a route of that family,
 * a source address that is not ours, or this machine's own packet filter:
 * agent_no_route.
 */
enum measure_reason dial_reason(int family, int sys_errno);

/* True for the reasons that say something of this machine only. */
bool dial_is_ours(enum measure_reason reason);

/* Whether this machine has any way out for AF_INET or AF_INET6. */
bool dial_has_route(int family);

/* Whether this address could be sent to from here.  Sends nothing. */
bool dial_can_reach(const struct dial *dial);

/*
 * Reads an address: "192.0.2.1", "2001:db8::1", "[2001:db8::1]".  -1 if the
 * text is none.
 */
int dial_take_address(const char *text, uint16_t port,
    struct sockaddr_storage *addr, socklen_t *addr_len);

/* The address as text, without its port; "" for an unknown family. */
void dial_put_address(
    const struct sockaddr_storage *addr, char out[MEASURE_IP_BYTES]);

uint16_t dial_port(const struct sockaddr_storage *addr);

/* enum measure_family of an address. */
uint8_t dial_family(const struct sockaddr_storage *addr);

#endif
