/*
 * dns_model.h - how long names take to be known in the model of a slow line:
 * two round trips for the first who asks, the rest of them for who asks in
 * between, nothing later.  Pure.  Source: Lantern's DNSCache.js.
 */
#ifndef AGENT_DNS_MODEL_H
#define AGENT_DNS_MODEL_H

#include <stddef.h>

struct dns_model {
    double rtt_ms;
    double *known_at_ms; /* borrowed; one a host, NAN: never asked */
};

/* All hosts unknown. */
void dns_model_init(struct dns_model *dns, double rtt_ms, double *known_at_ms,
    size_t host_count);

/* Who asks for it at `asked_ms` waits that long.  Remembers the answer. */
double dns_model_ask(struct dns_model *dns, size_t host, double asked_ms);

/* The same without remembering. */
double dns_model_peek(
    const struct dns_model *dns, size_t host, double asked_ms);

#endif
