/*
 * dns_text.h - bytes of DNS data as the text of zone files: strings, hex and
 * base64.  Pure; what comes out is printable ASCII.
 */
#ifndef COMMON_DNS_TEXT_H
#define COMMON_DNS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/* "text": quotes and backslashes as \X, what is not printable as \DDD. */
int dns_text_put_quoted(
    const uint8_t *bytes, size_t len, struct buf *out, struct err *err);

/* One item of a list with commas inside of quotes (RFC 9460, appendix A.1). */
int dns_text_put_item(
    const uint8_t *bytes, size_t len, struct buf *out, struct err *err);

/* Upper case, a space after each `group` digits; 0: none. */
int dns_text_put_hex(const uint8_t *bytes, size_t len, size_t group,
    struct buf *out, struct err *err);

int dns_text_put_base64(
    const uint8_t *bytes, size_t len, struct buf *out, struct err *err);

#endif
