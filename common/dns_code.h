/*
 * dns_code.h - numbers of the DNS and their names.  Pure.
 */
#ifndef COMMON_DNS_CODE_H
#define COMMON_DNS_CODE_H

#include <stdint.h>

#include "check.h"

/* Of the header's four bits; larger ones come from EDNS and are all errors. */
enum dns_rcode {
    DNS_RCODE_NOERROR = 0,
    DNS_RCODE_FORMERR = 1,
    DNS_RCODE_SERVFAIL = 2,
    DNS_RCODE_NXDOMAIN = 3,
    DNS_RCODE_NOTIMP = 4,
    DNS_RCODE_REFUSED = 5
};

/* The type's number on the wire. */
uint16_t dns_type_number(enum check_dns_type type);

/* "A", "MX"; "TYPE1234" for one without a name here. */
void dns_put_type(uint16_t number, char out[16]);

/* "NOERROR", "NXDOMAIN", ...; "RCODE23" for one without a name. */
void dns_put_rcode(int rcode, char out[16]);

/* "DNSSEC Bogus", ...; "extended error 99" for one without a name. */
void dns_put_ede(int code, char out[40]);

#endif
