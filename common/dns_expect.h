/*
 * dns_expect.h - answers as people expect them: the data of a record from
 * text.  ldns stands behind it, and nobody else sees ldns.
 *
 * Pure.
 */
#ifndef COMMON_DNS_EXPECT_H
#define COMMON_DNS_EXPECT_H

#include "buf.h"
#include "check.h"
#include "err.h"

enum { DNS_EXPECT_MAX_BYTES = 4096 /* of the text */ };

/*
 * Appends what `rdata` of a record would be that holds `text`, as a person
 * writes it: "203.0.113.7", "10 mail.acme.example", "v=spf1 -all" (TXT with or
 * without quotes).  Fails with words if it is no data of that type.
 */
int dns_expect_take(enum check_dns_type type, const char *text, struct buf *out,
    struct err *err);

#endif
