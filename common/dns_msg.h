/*
 * dns_msg.h - DNS messages: questions to bytes, bytes to answers.  ldns stands
 * behind it, and nobody else sees ldns.
 *
 * Pure: no clock, no socket, no chance; the id is a parameter.  Answers are
 * untrusted bytes; every text that comes out is printable ASCII (what is not
 * is escaped as \DDD, as in zone files).
 */
#ifndef COMMON_DNS_MSG_H
#define COMMON_DNS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "check.h"
#include "err.h"

enum {
    DNS_MSG_MAX_BYTES = 65535,
    DNS_MSG_EDNS_BYTES = 1232, /* what every path carries (DNS flag day 2020) */
    DNS_MSG_RECORDS_MAX = 512, /* of all sections together */
    DNS_MSG_NAME_MAX = 1020,   /* of a name as text: 255 bytes, all escaped */
    DNS_REVERSE_BYTES = 80,
    DNS_MSG_DATA_MAX = 4096 /* of an expected answer as text */
};

/* Of the header's four bits; larger ones come from EDNS and are all errors. */
enum dns_rcode {
    DNS_RCODE_NOERROR = 0,
    DNS_RCODE_FORMERR = 1,
    DNS_RCODE_SERVFAIL = 2,
    DNS_RCODE_NXDOMAIN = 3,
    DNS_RCODE_NOTIMP = 4,
    DNS_RCODE_REFUSED = 5
};

struct dns_question {
    const char *name; /* borrowed; with or without its last dot */
    enum check_dns_type type;
    bool recurse;     /* RD: the server is a resolver */
    bool want_ad;     /* AD: say whether the answer is authenticated */
    bool want_dnssec; /* DO: send signatures along */
    bool no_edns;     /* for servers that do not know it */
};

struct dns_record {
    char *name;    /* owned; with its last dot */
    char type[16]; /* "A", "MX", "TYPE1234" */
    uint16_t type_number;
    uint32_t ttl_s;
    char *data;     /* owned; as in a zone file */
    uint8_t *rdata; /* owned; canonical: names in lower case, the strings of
                       TXT joined.  A and AAAA: the address itself */
    size_t rdata_len;
    bool asked; /* it answers the question: of its type, and of the name
                       asked or of what CNAMEs in this answer lead to */
};

struct dns_answer {
    uint16_t id;
    int rcode;           /* enum dns_rcode, or more */
    bool is_answer;      /* QR */
    bool authoritative;  /* AA */
    bool truncated;      /* TC */
    bool recursed;       /* RA */
    bool authenticated;  /* AD */
    char *question_name; /* owned; NULL where there is not just one question */
    uint16_t question_type;
    uint16_t question_class;
    struct dns_record *records; /* owned; the answer section in its order */
    size_t record_count;
    size_t asked_count; /* records that answer the question */
    int last_cname;     /* the last of the CNAMEs the question leads to; -1 */
};

/* Appends the message for `question`.  Fails on a name that is none. */
int dns_msg_encode(const struct dns_question *question, uint16_t id,
    struct buf *out, struct err *err);

/*
 * Reads `len` untrusted bytes.  On failure (ERR_PARSE, ERR_LIMIT, ERR_NOMEM)
 * `out` is empty and need not be freed.
 */
int dns_msg_decode(
    const uint8_t *bytes, size_t len, struct dns_answer *out, struct err *err);

/* Releases what it owns and leaves it empty. */
void dns_answer_free(struct dns_answer *answer);

/* An answer to exactly this question: id, name (any case), type and class. */
bool dns_answer_matches(const struct dns_answer *answer,
    const struct dns_question *question, uint16_t id);

/* The type's number on the wire. */
uint16_t dns_type_number(enum check_dns_type type);

/* "NOERROR", "NXDOMAIN", ...; "RCODE23" for one without a name. */
void dns_put_rcode(int rcode, char out[16]);

/*
 * Appends what `rdata` of a record would be that holds `text`, as a person
 * writes it: "203.0.113.7", "10 mail.acme.example", "v=spf1 -all" (TXT with or
 * without quotes).  Fails with words if it is no data of that type.
 */
int dns_take_data(enum check_dns_type type, const char *text, struct buf *out,
    struct err *err);

/* The name to ask PTR of for an IP literal; false if `ip` is none. */
bool dns_put_reverse(const char *ip, char out[DNS_REVERSE_BYTES]);

/* True if it is a name that can be asked for. */
bool dns_is_name(const char *text);

/* True if both name the same, in any case, with or without the last dot. */
bool dns_same_name(const char *a, const char *b);

#endif
