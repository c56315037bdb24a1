/*
 * address.h - whether text is a host, an IP address, a URL, an endpoint, a
 * mail address; strictly, because what passes here is handed to libraries
 * that are lenient.  Pure.
 */
#ifndef COMMON_ADDRESS_H
#define COMMON_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

enum {
    ADDRESS_HOST_BYTES = 254, /* RFC 1035's 253 with a NUL */
    ADDRESS_IP_BYTES = 46,
    ADDRESS_MAIL_BYTES = 255,
    ADDRESS_URL_MAX_BYTES = 1000
};

/*
 * A host name: labels of letters, digits, - and _ (1..63 bytes, no - at the
 * ends), at most 253 in all; a trailing dot is allowed.  Not an address.
 */
bool address_is_host(const char *text);

/* IPv4 in four decimals or IPv6 (RFC 5952 and longer), without brackets. */
bool address_is_ip(const char *text);
/* 4, 6, or 0 if it is none. */
int address_family(const char *text);
/* Writes an address in its shortest form; -1 if it is none. */
int address_put_canonical(const char *ip, char out[ADDRESS_IP_BYTES]);
/*
 * fe80::/10 (RFC 4291, 2.5.6): names a machine only together with a network
 * interface, which nothing here takes, so that connecting to one fails.
 */
bool address_is_link_local(const char *ip);
/* Fails with ERR_PARSE and advice for such an address; `ip` may be a name. */
int address_check_reachable(const char *ip, struct err *err);
/* 127.0.0.0/8 or ::1. */
bool address_is_loopback(const char *ip);

/* Exactly one @, a host or [address] behind it, at most 254, no spaces. */
bool address_is_mail(const char *text);
/* Behind the @. */
const char *address_mail_host(const char *mail);

struct address_url {
    char scheme[8];                /* lower-case */
    char host[ADDRESS_HOST_BYTES]; /* lower-case; an IP without brackets */
    uint16_t port;                 /* the scheme's own where not given */
    bool has_port;
    const char *rest; /* the path and what follows, in the text taken; or "" */
};

/*
 * scheme://host[:port][/path][?query][#fragment] with one of the schemes
 * http, https, smtp, smtps, imap, imaps, tcp, tls.  No user information, no
 * spaces or control characters, ASCII only, at most ADDRESS_URL_MAX_BYTES; no
 * link-local address, here and in all that follows.
 */
int address_take_url(
    const char *text, struct address_url *url, struct err *err);

/*
 * "HOST:PORT", "IP:PORT", "[IPv6]:PORT" into host (no brackets) and port.
 */
int address_take_host_port(const char *text, char host[ADDRESS_HOST_BYTES],
    uint16_t *port, struct err *err);

/*
 * True for "authoritative" and "authoritative#PORT": each server of the name's
 * zone, perhaps on another port than 53.
 */
bool address_is_authoritative(const char *text);

/*
 * A DNS server: "IP", "IP#PORT", "IPv4:PORT", "[IPv6]:PORT"; written to `out`
 * as "IP" or "IP#PORT".
 */
enum { ADDRESS_SERVER_BYTES = ADDRESS_IP_BYTES + 8 };
int address_take_server(
    const char *text, char out[ADDRESS_SERVER_BYTES], struct err *err);

/* "HOST:PORT:ADDR" as curl's --resolve, ADDR an IP, with brackets or not. */
int address_check_resolve(const char *text, struct err *err);

#endif
