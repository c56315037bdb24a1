/*
 * dns_rdata.h - the data of a record: as text, exactly as dig prints it, and
 * in a form that can be compared.
 *
 * Pure.  Both read untrusted bytes; `message` is the whole message, because
 * names in the data may be compressed, and [at, end) the data within it.
 */
#ifndef COMMON_DNS_RDATA_H
#define COMMON_DNS_RDATA_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/* IANA's numbers of the types whose data we know. */
enum dns_rr_type {
    DNS_RR_A = 1,
    DNS_RR_NS = 2,
    DNS_RR_CNAME = 5,
    DNS_RR_SOA = 6,
    DNS_RR_PTR = 12,
    DNS_RR_MX = 15,
    DNS_RR_TXT = 16,
    DNS_RR_AAAA = 28,
    DNS_RR_SRV = 33,
    DNS_RR_DNAME = 39,
    DNS_RR_OPT = 41,
    DNS_RR_DS = 43,
    DNS_RR_HTTPS = 65,
    DNS_RR_CAA = 257
};

struct dns_rdata {
    const uint8_t *message; /* borrowed */
    size_t at;
    size_t end; /* within the message */
    uint16_t type;
};

/*
 * Appends the text; that of other types as RFC 3597 has it ("\# 2 abcd").
 * Fails with ERR_PARSE if it is no data of that type.
 */
int dns_rdata_text(
    const struct dns_rdata *rdata, struct buf *out, struct err *err);

/*
 * Appends the canonical form: names whole and in lower case, the strings of
 * TXT joined, else the bytes as they are.
 */
int dns_rdata_canonical(
    const struct dns_rdata *rdata, struct buf *out, struct err *err);

#endif
