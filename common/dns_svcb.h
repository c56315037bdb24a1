/*
 * dns_svcb.h - the parameters of HTTPS records (RFC 9460) as dig prints them.
 * Pure.
 */
#ifndef COMMON_DNS_SVCB_H
#define COMMON_DNS_SVCB_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/*
 * Appends ` alpn="h2,h3" port=443`, a space before each.  Fails with ERR_PARSE
 * if the bytes are no parameters, or do not stand in the order of their keys.
 */
int dns_svcb_put(
    const uint8_t *bytes, size_t len, struct buf *out, struct err *err);

#endif
