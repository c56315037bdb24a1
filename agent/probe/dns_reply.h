/*
 * dns_reply.h - what a message that came back says of the question asked.
 * Pure.
 */
#ifndef AGENT_DNS_REPLY_H
#define AGENT_DNS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_msg.h"
#include "measure.h"

struct dns_result {
    /*
     * REASON_NONE: there are records that answer the question.  DNS_NODATA: the
     * name exists, such records do not.  DNS_NXDOMAIN, DNS_REFUSED: that rcode;
     * DNS_SERVFAIL: any other, or CNAMEs that lead nowhere.  DNS_TIMEOUT:
     * nothing came that answers, be it for silence or for a port where nobody
     * listens.  DNS_MALFORMED, agent_no_route, agent_limit: as they say.
     */
    enum measure_reason reason;
    bool answered;            /* `answer` holds something */
    bool silent;              /* the time ran out without an answer */
    int odd_count;            /* what came instead, if it was silent */
    struct dns_answer answer; /* empty when nothing came */
    int64_t elapsed_us;       /* from the start to the arrival or the failure */
    bool tcp;                 /* the answer came by TCP */
    bool truncated;           /* the UDP answer did not fit */
    char detail[FACTS_TEXT_BYTES]; /* the failure in words; "" if none */
};

enum dns_reply {
    DNS_REPLY_STRANGE,   /* to another question, perhaps forged */
    DNS_REPLY_GARBLED,   /* no DNS message, and nothing shows that it is ours */
    DNS_REPLY_TRUNCATED, /* ours, and did not fit */
    DNS_REPLY_NO_EDNS,   /* ours: the server wants the question without EDNS */
    DNS_REPLY_FINAL      /* ours: `result` has reason, answer and detail */
};

/*
 * Reads `len` untrusted bytes.  Only DNS_REPLY_FINAL and DNS_REPLY_GARBLED
 * (its detail) change `result`, which owns an answer then.
 */
enum dns_reply dns_reply_take(const uint8_t *bytes, size_t len,
    const struct dns_question *question, uint16_t id,
    struct dns_result *result);

#endif
