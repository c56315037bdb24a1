/*
 * raise_region.h - REGION_NETWORK: so much of what one region measures turns
 * bad at once, while other regions see it up, that it is the region's own
 * network.  Pure.
 *
 * Half or more of the checks that have been measured since, turned bad within
 * two slots, on three hosts or more: with fewer it cannot be told from a site
 * that shuts the region out.
 */
#ifndef COLLECTOR_RAISE_REGION_H
#define COLLECTOR_RAISE_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "condition.h"
#include "zone.h"

enum { RAISE_REGION_HOSTS_MIN = 3 };

/* What a region says of one check. */
struct raise_spot {
    const char *host; /* borrowed */
    int64_t interval_ms;
    int64_t slot_unix_ms;  /* its newest slot */
    bool bad;              /* ... is DOWN, and other regions see it up */
    int64_t since_unix_ms; /* the first bad slot of the row */
};

struct raise_region {
    const char *name;
    const struct raise_spot *spots;
    size_t count;
    bool held; /* it is raised */
    const struct zone *zone;
};

/* Once raised it holds while a quarter of the checks is bad. */
int raise_region_network(const struct raise_region *region,
    struct condition_claims *claims, struct err *err);

/* The host that a check talks to, without port: "acme.example"; "" if none. */
void raise_host_of(const char *url_or_host, char *out, size_t size);

#endif
