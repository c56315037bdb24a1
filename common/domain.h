/*
 * domain.h - which part of a host name somebody registered ("acme.example" of
 * "www.shop.acme.example"), by the Public Suffix List (libpsl).
 */
#ifndef COMMON_DOMAIN_H
#define COMMON_DOMAIN_H

#include <stdbool.h>

/*
 * The registrable domain of a lower-case host name: a pointer into `host`.
 * NULL for what has none: a public suffix itself, a bare word, an address.
 */
const char *domain_registrable(const char *host);

/* Whether both belong to one registrable domain. */
bool domain_same_owner(const char *host, const char *other);

#endif
