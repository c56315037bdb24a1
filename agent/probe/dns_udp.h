/*
 * dns_udp.h - one question's datagrams: a connected socket of its own port,
 * which asks the kernel when an answer came.
 */
#ifndef AGENT_PROBE_DNS_UDP_H
#define AGENT_PROBE_DNS_UDP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dial.h"

enum {
    DNS_UDP_MAX_BYTES = 4096 /* we say 1232; some send more all the same */
};

/* The caller's socket, to be closed by it; -1 and the errno if there is none. */
int dns_udp_open(const struct dial *dial, int *sys_errno);

/* As recv(); `*waited_ns`: how long the datagram had waited for us. */
ssize_t dns_udp_receive(
    int fd, uint8_t bytes[DNS_UDP_MAX_BYTES], int64_t *waited_ns);

#endif
