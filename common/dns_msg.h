/*
 * dns_msg.h - DNS messages: questions to bytes, bytes to answers.
 *
 * Pure: no clock, no socket, no chance; the id is a parameter.  Answers are
 * untrusted bytes, read strictly: every count and length must be right, and
 * nothing may follow the last record.  Every text that comes out is printable
 * ASCII, as dig prints it (what is not is escaped as \DDD).
 */
#ifndef COMMON_DNS_MSG_H
#define COMMON_DNS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "check.h"
#include "dns_code.h"
#include "dns_name.h"
#include "err.h"

enum {
    DNS_MSG_MAX_BYTES = 65535,
    DNS_MSG_EDNS_BYTES = 1232, /* what every path carries (DNS flag day 2020) */
    DNS_MSG_RECORDS_MAX = 512, /* of all sections together */
    DNS_MSG_CHAIN_MAX = 16,    /* CNAMEs that are followed */
    DNS_MSG_EDE_BYTES = 128
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

/* Where the CNAMEs lead. */
enum dns_chain {
    DNS_CHAIN_ENDS, /* to records, or out of what this answer holds */
    DNS_CHAIN_LOOPS,
    DNS_CHAIN_TOO_LONG
};

struct dns_answer {
    uint16_t id;
    int rcode;          /* enum dns_rcode, or more */
    bool is_answer;     /* QR */
    bool authoritative; /* AA */
    bool truncated;     /* TC */
    bool recursed;      /* RA */
    bool authenticated; /* AD */
    bool has_question;  /* just one; else the next three say nothing */
    struct dns_name question;
    uint16_t question_type;
    uint16_t question_class;
    struct dns_record *records; /* owned; the answer section in its order */
    size_t record_count;
    size_t asked_count; /* records that answer the question */
    int last_cname;     /* the last of the CNAMEs the question leads to; -1 */
    enum dns_chain chain;
    int ede_code;                     /* extended error (RFC 8914); -1: none */
    char ede_text[DNS_MSG_EDE_BYTES]; /* its own words, harmless; "" */
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

#endif
