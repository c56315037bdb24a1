/*
 * dns_compare.h - what several servers' answers mean together.  Pure.
 *
 * Among the authoritative servers of a zone one that is silent is told and no
 * more: resolvers turn to the next.  One that answers otherwise than the others
 * (other records, a failure, an older serial) makes the result slow with
 * dns_mismatch, a ticket that votes up; a wrong answer where a certain one is
 * expected makes it down.  While a zone is being transferred its serials
 * differ too, for a slot: whoever makes tickets of it can wait for a second.
 */
#ifndef AGENT_DNS_COMPARE_H
#define AGENT_DNS_COMPARE_H

#include "dns_auth.h"
#include "dns_judge.h"
#include "measure.h"

/* What one server said.  A value. */
struct dns_seen {
    char name[DNS_AUTH_NAME_BYTES]; /* of its NS record; "" if none */
    struct dns_server server;
    bool answered;
    int64_t elapsed_us; /* where it answered */
    struct dns_verdict verdict;
    bool has_serial;
    uint32_t serial; /* of the zone's SOA record there */
};

struct dns_outcome {
    size_t speaker; /* the index of the server that speaks for all */
    enum measure_status status;
    enum measure_reason reason;
    int64_t span_us; /* of the slowest that answered; PHASE_NOT_REACHED */
    char detail[FACTS_TEXT_BYTES]; /* who fails or disagrees; "" if nobody */
};

/* `count` is at least one. */
void dns_compare(
    const struct dns_seen *seen, size_t count, struct dns_outcome *out);

/* The lower, the more the answer of such a server tells. */
int dns_compare_rank(enum measure_reason reason);

/* Puts a line for each server into the facts; none where memory is out. */
void dns_compare_facts(
    const struct dns_seen *seen, size_t count, struct dns_facts *facts);

#endif
