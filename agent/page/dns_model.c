#include "dns_model.h"

#include <math.h>

enum { LOOKUP_ROUND_TRIPS = 2 };

void
dns_model_init(struct dns_model *dns, double rtt_ms, double *known_at_ms,
    size_t host_count)
{
    dns->rtt_ms = rtt_ms;
    dns->known_at_ms = known_at_ms;
    for (size_t i = 0; i < host_count; i++)
        known_at_ms[i] = NAN;
}

double
dns_model_peek(const struct dns_model *dns, size_t host, double asked_ms)
{
    double wait_ms = dns->rtt_ms * LOOKUP_ROUND_TRIPS;
    double known_ms = dns->known_at_ms[host];

    if (!isnan(known_ms))
        wait_ms = fmin(fmax(known_ms - asked_ms, 0.0), wait_ms);
    return wait_ms;
}

double
dns_model_ask(struct dns_model *dns, size_t host, double asked_ms)
{
    double wait_ms = dns_model_peek(dns, host, asked_ms);
    double *known_ms = &dns->known_at_ms[host];

    /* fmin takes the number where the other is NAN. */
    *known_ms = fmin(*known_ms, asked_ms + wait_ms);
    return wait_ms;
}
