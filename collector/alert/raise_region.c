#include "raise_region.h"

#include <stdio.h>
#include <string.h>

#include "raise_say.h"

/* What turned bad from a moment on. */
struct turned {
    size_t measured; /* since then */
    size_t bad;      /* ... that turned within two slots */
    struct raise_names hosts;
};

static struct turned
count_from(const struct raise_region *region, int64_t from_unix_ms)
{
    struct turned turned = {.measured = 0};

    for (size_t i = 0; i < region->count; i++) {
        const struct raise_spot *spot = &region->spots[i];
        /* A slot that had begun when it broke is the first bad one. */
        int64_t earliest = from_unix_ms - spot->interval_ms;

        if (spot->slot_unix_ms <= earliest)
            continue;
        turned.measured++;
        if (!spot->bad || spot->since_unix_ms <= earliest ||
            spot->since_unix_ms > from_unix_ms + 2 * spot->interval_ms)
            continue;
        turned.bad++;
        raise_names_add(&turned.hosts, spot->host);
    }
    return turned;
}

static bool
is_enough(const struct turned *turned)
{
    return turned->hosts.count >= RAISE_REGION_HOSTS_MIN &&
           2 * turned->bad >= turned->measured;
}

static size_t
count_bad(const struct raise_region *region)
{
    size_t bad = 0;

    for (size_t i = 0; i < region->count; i++)
        bad += region->spots[i].bad;
    return bad;
}

/* The earliest moment from which it is enough; 0: there is none. */
static int64_t
find_start(const struct raise_region *region)
{
    int64_t start_unix_ms = 0;

    for (size_t i = 0; i < region->count; i++) {
        const struct raise_spot *spot = &region->spots[i];
        struct turned turned;

        if (!spot->bad ||
            (start_unix_ms != 0 && spot->since_unix_ms >= start_unix_ms))
            continue;
        turned = count_from(region, spot->since_unix_ms);
        if (is_enough(&turned))
            start_unix_ms = spot->since_unix_ms;
    }
    return start_unix_ms;
}

int
raise_region_network(const struct raise_region *region,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim = {.class = ALERT_REGION_NETWORK,
        .severity = SEVERITY_NOTIFY,
        .on = CONDITION_ON_REGION};
    int64_t start_unix_ms = find_start(region);
    size_t bad = count_bad(region);
    char moment[SAY_BYTES];

    if (start_unix_ms == 0 && !(region->held && 4 * bad >= region->count))
        return 0;
    if (bad == 0)
        return 0;
    for (size_t i = 0; start_unix_ms == 0 && i < region->count; i++) {
        if (region->spots[i].bad)
            start_unix_ms = region->spots[i].since_unix_ms;
    }
    claim.since_unix_ms = start_unix_ms;
    (void)snprintf(claim.subject, sizeof(claim.subject), "%s", region->name);
    say_clock(region->zone, start_unix_ms, moment);
    (void)snprintf(claim.words, sizeof(claim.words),
        "from region %.64s %zu of %zu checks fail since %.40s while other "
        "regions see them up: it is the region's network, or the way from "
        "there; the sites are up",
        region->name, bad, region->count, moment);
    return condition_claims_add(claims, &claim, err);
}

void
raise_host_of(const char *url_or_host, char *out, size_t size)
{
    const char *at = strstr(url_or_host, "://");
    const char *end;

    at = at == NULL ? url_or_host : at + 3;
    if (*at == '[') {
        end = strchr(at, ']');
        end = end == NULL ? at + strlen(at) : end + 1;
    } else {
        end = at +
              strcspn(at, strstr(url_or_host, "://") != NULL ? ":/?#" : "/?#");
    }
    (void)snprintf(out, size, "%.*s", (int)(end - at), at);
}
