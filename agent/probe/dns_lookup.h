/*
 * dns_lookup.h - some questions about one name, asked together of one server
 * after the other until one answers.
 *
 * All types are asked in parallel; a server that fails or is silent for its
 * share of the time gives way to the next.  Servers are asked in rounds, and a
 * further round is made only after a silence: what was answered once would be
 * answered so again.
 */
#ifndef AGENT_DNS_LOOKUP_H
#define AGENT_DNS_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "dns_conf.h"
#include "dns_query.h"

/* Copied, the name too. */
struct dns_lookup_spec {
    const struct dns_servers *servers; /* at least one */
    const char *name;
    uint32_t types; /* bits of enum check_dns_type; at least one */
    bool recurse;   /* RD */
    bool
        one_is_enough; /* records of one type make up for the others' failure */
    const char *bind_ip4; /* borrowed until the end; or NULL */
    const char *bind_ip6;
    int64_t timeout_ns; /* for all */
    int64_t try_ns;     /* for one server; see dns_lookup_try_ns() */
    int rounds;         /* 0: until the time is over */
};

struct dns_lookup_result {
    uint32_t types;
    struct dns_result *of[DNS_TYPE_COUNT]; /* borrowed; NULL: not asked for */
    struct dns_server server;              /* whose answers these are */
    int64_t elapsed_us; /* from the start until the last of them was in */
};

struct dns_lookup;

/* `result` is good only during the call.  The lookup is already gone. */
typedef void dns_lookup_done_fn(
    void *ctx, const struct dns_lookup_result *result);

/*
 * `done` is called exactly once, from the loop and never from inside
 * dns_lookup_start(), unless dns_lookup_cancel() comes first.  NULL: memory is
 * out, or the name is none (ERR_PARSE).
 */
struct dns_lookup *dns_lookup_start(struct loop *loop,
    const struct dns_lookup_spec *spec, dns_lookup_done_fn *done, void *ctx,
    struct err *err);

/* Drops the lookup; `done` will not be called.  NULL is allowed. */
void dns_lookup_cancel(struct dns_lookup *lookup);

/*
 * What finding an address may take of a probe's timeout: 40 %, but two seconds
 * at least, so that there is time left to measure what it is for.
 */
int64_t dns_lookup_share_ns(int64_t timeout_ns);

/*
 * What one server may take of `budget_ns`, so that each is asked twice: half a
 * second at least, and no more than `conf_ns` unless that is 0.
 */
int64_t dns_lookup_try_ns(
    int64_t budget_ns, const struct dns_servers *servers, int64_t conf_ns);

/*
 * What a result says as a whole: the first failure of a type; nodata only if
 * no type has records.
 */
enum measure_reason dns_lookup_reason(const struct dns_lookup_result *result);

/* The words that go with that reason; "" if none. */
const char *dns_lookup_detail(const struct dns_lookup_result *result);

/*
 * The same words for somebody who did not ask for DNS: they name the resolver,
 * or all of them after a silence.
 */
void dns_lookup_put_words(const struct dns_lookup_result *result,
    const struct dns_servers *servers, char out[FACTS_TEXT_BYTES]);

#endif
