/*
 * webhook_guard.h - addresses that no webhook may reach by itself.  Pure.
 *
 * Machines in clouds have, at addresses that mean something to them alone, a
 * service that gives away their credentials; and link-local addresses reach
 * whatever stands beside them.  Judged is the address that is connected to,
 * whatever name led there.
 */
#ifndef COMMON_WEBHOOK_GUARD_H
#define COMMON_WEBHOOK_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * True for 169.254.0.0/16 and fe80::/10, for the metadata addresses that lie
 * elsewhere (Amazon, Google, Alibaba, Oracle, Azure, Scaleway), for all of
 * these written as IPv6 (mapped, NAT64, 6to4), and for a family that is not
 * IP.
 */
bool webhook_guard_refuses(const struct sockaddr *address);

#endif
