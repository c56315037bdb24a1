/*
 * dns_name.h - domain names, between bytes on the wire and text.
 *
 * Pure.  Text is as dig and zone files have it: printable ASCII, with a last
 * dot, what is special escaped as \X and what is not printable as \DDD.
 */
#ifndef COMMON_DNS_NAME_H
#define COMMON_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum {
    DNS_NAME_MAX_BYTES = 255,   /* RFC 1035, 3.1, with the root's zero */
    DNS_NAME_TEXT_BYTES = 1024, /* of any name as text, with its NUL */
    DNS_LABEL_MAX_BYTES = 63,
    DNS_REVERSE_BYTES = 80
};

/* Labels with their lengths, the root's zero last; in the case they came. */
struct dns_name {
    uint8_t bytes[DNS_NAME_MAX_BYTES];
    size_t len;
};

/* With or without the last dot.  -1, with words, if it is no name. */
int dns_name_take(const char *text, struct dns_name *out, struct err *err);

/*
 * Reads the name at `*at` of a message of `len` untrusted bytes, and moves
 * `*at` behind it.  A compression pointer must lead back, so that none can go
 * in a circle.  -1 if there is no name.
 */
int dns_name_read(
    const uint8_t *message, size_t len, size_t *at, struct dns_name *out);

/* Returns the length of the text. */
size_t dns_name_put(const struct dns_name *name, char out[DNS_NAME_TEXT_BYTES]);

/* In any case. */
bool dns_name_same(const struct dns_name *a, const struct dns_name *b);

/* A byte of a label or its length in lower case, by ASCII alone. */
uint8_t dns_lower(uint8_t byte);

/* The name to ask PTR of for an IP literal; false if `ip` is none. */
bool dns_put_reverse(const char *ip, char out[DNS_REVERSE_BYTES]);

/* True if it is a name that can be asked for. */
bool dns_is_name(const char *text);

/* True if both name the same, in any case, with or without the last dot. */
bool dns_same_name(const char *a, const char *b);

#endif
