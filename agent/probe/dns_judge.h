/*
 * dns_judge.h - what one server's answers mean for a check, and the facts
 * worth keeping of them.  Pure.
 */
#ifndef AGENT_DNS_JUDGE_H
#define AGENT_DNS_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "dns_lookup.h"
#include "measure.h"

struct dns_verdict {
    enum measure_reason reason;
    char detail[FACTS_TEXT_BYTES]; /* the failure in words; "" if none */
    uint64_t answers_hash; /* the same for the same set of records; 0 where
                              there is no other server to compare with */
};

/*
 * A type without data is fine as long as another one has some.  Of a server
 * that does not recurse (`authoritative`), a CNAME that leads out of its zone
 * is an answer, and an answer without authority is none: it is lame.  Expected
 * answers are a set: order, TTL, case of names and a last dot do not matter.
 * All records count, however many; agent_limit when memory is out.
 */
void dns_judge(const struct check *check,
    const struct dns_lookup_result *result, bool authoritative,
    struct dns_verdict *out);

/* The serial of the SOA record that was asked for; false if there is none. */
bool dns_judge_serial(const struct dns_lookup_result *result, uint32_t *serial);

/*
 * The caller owns what it gets; NULL when memory is out.  Of more than
 * FACTS_ANSWERS_MAX records the rest is counted as left out.
 */
struct dns_facts *dns_judge_facts(const struct dns_lookup_result *result);

#endif
