#include "raise_cert.h"

#include <stdio.h>
#include <string.h>

#include "raise_check.h"
#include "raise_say.h"

enum { STAGES = 3, PRINT_SHOWN = 16 };

static const int64_t hour_ms = INT64_C(3600000);

int64_t
raise_cert_stage_ms(int stage, int64_t lifetime_ms)
{
    static const struct {
        int64_t hours;
        int64_t part;
    } stages[STAGES] = {{INT64_C(30) * 24, 3}, {INT64_C(7) * 24, 10}, {24, 20}};
    int64_t left_ms = stages[stage].hours * hour_ms;
    int64_t part_ms = lifetime_ms / stages[stage].part;

    return lifetime_ms > 0 && part_ms < left_ms ? part_ms : left_ms;
}

/* ---- what ends ---- */

/* One end of one leaf's chain. */
struct ending {
    const struct seen_cert *cert;
    int64_t begin_unix_ms; /* 0: not known */
    int64_t end_unix_ms;
    bool presented; /* only in the chain as presented */
    struct raise_names regions;
};

static void
say_ending(const struct raise_certs *certs, const struct ending *ending,
    struct condition_claim *claim)
{
    const struct seen_cert *cert = ending->cert;
    int64_t left_ms = ending->end_unix_ms - certs->now_unix_ms;
    char moment[SAY_BYTES];
    char what[2 * SEEN_NAME_BYTES + 80];

    say_moment(certs->zone, ending->end_unix_ms, moment);
    if (ending->presented)
        (void)snprintf(what, sizeof(what),
            "a certificate of the chain that is sent along, not needed by us,");
    else if (cert->ends_first[0] != '\0')
        (void)snprintf(what, sizeof(what),
            "the authority %.71s above the certificate", cert->ends_first);
    else
        (void)snprintf(what, sizeof(what), "the certificate, issued by %.71s,",
            cert->issuer);
    (void)snprintf(claim->words, sizeof(claim->words),
        "%.129s: %.160s %s %.70s; fingerprint %.16s", certs->check->name, what,
        left_ms > 0 ? "ends" : "ended", moment, cert->fingerprint);
}

static int64_t
stage_from(const struct ending *ending, int stage)
{
    int64_t lifetime_ms = ending->begin_unix_ms == 0
                              ? 0
                              : ending->end_unix_ms - ending->begin_unix_ms;

    return ending->end_unix_ms - raise_cert_stage_ms(stage, lifetime_ms);
}

static bool
is_held(const struct raise_certs *certs, const struct condition_claim *claim)
{
    const struct condition_claims *held = certs->held;

    for (size_t i = 0; held != NULL && i < held->count; i++) {
        if (held->items[i].check == claim->check &&
            strcmp(held->items[i].key, claim->key) == 0)
            return true;
    }
    return false;
}

static int
add_stage(const struct raise_certs *certs, const struct ending *ending,
    int stage, bool is_last, struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim = raise_claim_of(ALERT_CERT,
        stage == STAGES - 1 && !ending->presented ? SEVERITY_PAGE
                                                  : SEVERITY_TICKET,
        certs->check);

    claim.since_unix_ms = stage_from(ending, stage);
    (void)snprintf(claim.key, sizeof(claim.key), "%s%.16s:%d",
        ending->presented ? "chain:" : "", ending->cert->fingerprint, stage);
    if (!is_last && !is_held(certs, &claim))
        return 0;
    say_ending(certs, ending, &claim);
    return condition_claims_add(claims, &claim, err);
}

/*
 * The stage it is in, and those before it that were told in their time: a
 * certificate seen first on its last day is told once.
 */
static int
add_stages(const struct raise_certs *certs, const struct ending *ending,
    struct condition_claims *claims, int64_t *next_unix_ms, struct err *err)
{
    int reached = 0;

    while (
        reached < STAGES && certs->now_unix_ms >= stage_from(ending, reached))
        reached++;
    if (reached < STAGES && stage_from(ending, reached) < *next_unix_ms)
        *next_unix_ms = stage_from(ending, reached);
    for (int stage = 0; stage < reached; stage++) {
        if (add_stage(
                certs, ending, stage, stage == reached - 1, claims, err) != 0)
            return -1;
    }
    return 0;
}

/* Only once: a leaf that an earlier leg of the list has, too, is its. */
static bool
is_first_of_its_kind(const struct raise_certs *certs, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(certs->legs[i].seen->cert.fingerprint,
                certs->legs[at].seen->cert.fingerprint) == 0)
            return false;
    }
    return true;
}

static int
raise_endings(const struct raise_certs *certs, struct condition_claims *claims,
    int64_t *next_unix_ms, struct err *err)
{
    for (size_t i = 0; i < certs->count; i++) {
        const struct seen_cert *cert = &certs->legs[i].seen->cert;
        struct ending ending = {.cert = cert,
            .begin_unix_ms = cert->begin_unix_ms,
            .end_unix_ms = cert->end_unix_ms};

        if (cert->fingerprint[0] == '\0' || !is_first_of_its_kind(certs, i))
            continue;
        if (ending.end_unix_ms != 0 &&
            add_stages(certs, &ending, claims, next_unix_ms, err) != 0)
            return -1;
        if (cert->presented_end_unix_ms == 0 || cert->end_unix_ms == 0 ||
            cert->presented_end_unix_ms >= cert->end_unix_ms)
            continue;
        ending.presented = true;
        ending.begin_unix_ms = 0;
        ending.end_unix_ms = cert->presented_end_unix_ms;
        if (add_stages(certs, &ending, claims, next_unix_ms, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- what differs ---- */

static bool
has_two(const struct raise_certs *certs, const struct seen_cert *cert)
{
    return cert->back_unix_ms != 0 &&
           certs->now_unix_ms - cert->back_unix_ms < RAISE_CERT_BACK_MS;
}

/* Whether a region is served this leaf by any of its agents. */
static bool
region_sees(const struct raise_certs *certs, const char *region,
    const char *fingerprint)
{
    for (size_t i = 0; i < certs->count; i++) {
        const struct seen_cert *cert = &certs->legs[i].seen->cert;

        if (strcmp(certs->legs[i].region, region) != 0)
            continue;
        if (strcmp(cert->fingerprint, fingerprint) == 0 ||
            (has_two(certs, cert) && strcmp(cert->before, fingerprint) == 0))
            return true;
    }
    return false;
}

/* No leaf of the region at `a` is among those of the one at `b`. */
static bool
do_differ(const struct raise_certs *certs, size_t a, size_t b)
{
    const char *region = certs->legs[a].region;

    if (strcmp(region, certs->legs[b].region) == 0)
        return false;
    for (size_t i = 0; i < certs->count; i++) {
        const struct seen_cert *cert = &certs->legs[i].seen->cert;

        if (strcmp(certs->legs[i].region, region) != 0 ||
            cert->fingerprint[0] == '\0')
            continue;
        if (region_sees(certs, certs->legs[b].region, cert->fingerprint) ||
            (has_two(certs, cert) &&
                region_sees(certs, certs->legs[b].region, cert->before)))
            return false;
    }
    return true;
}

/* Two legs of regions that differ; false: there are none. */
static bool
find_pair(const struct raise_certs *certs, size_t *a, size_t *b)
{
    for (*a = 0; *a < certs->count; ++*a) {
        if (certs->legs[*a].seen->cert.fingerprint[0] == '\0')
            continue;
        for (*b = *a + 1; *b < certs->count; ++*b) {
            if (certs->legs[*b].seen->cert.fingerprint[0] != '\0' &&
                do_differ(certs, *a, *b))
                return true;
        }
    }
    return false;
}

static int64_t
last_change(const struct raise_certs *certs)
{
    int64_t last_unix_ms = 0;

    for (size_t i = 0; i < certs->count; i++) {
        int64_t since_unix_ms = certs->legs[i].seen->cert.since_unix_ms;

        if (since_unix_ms > last_unix_ms)
            last_unix_ms = since_unix_ms;
    }
    return last_unix_ms;
}

static int
raise_differing(const struct raise_certs *certs,
    struct condition_claims *claims, int64_t *next_unix_ms, struct err *err)
{
    struct condition_claim claim =
        raise_claim_of(ALERT_CERT, SEVERITY_TICKET, certs->check);
    int64_t since_unix_ms = last_change(certs);
    char moment[SAY_BYTES];
    size_t a;
    size_t b;

    if (!find_pair(certs, &a, &b))
        return 0;
    if (certs->now_unix_ms - since_unix_ms < RAISE_CERT_DIFFER_MS) {
        if (since_unix_ms + RAISE_CERT_DIFFER_MS < *next_unix_ms)
            *next_unix_ms = since_unix_ms + RAISE_CERT_DIFFER_MS;
        return 0;
    }
    claim.since_unix_ms = since_unix_ms;
    (void)snprintf(claim.key, sizeof(claim.key), "regions");
    say_minute(certs->zone, since_unix_ms, moment);
    (void)snprintf(claim.words, sizeof(claim.words),
        "%.129s: regions are served different certificates since %.10s: "
        "%.48s sees %.16s by %.56s, %.48s sees %.16s by %.56s",
        certs->check->name, moment, certs->legs[a].region,
        certs->legs[a].seen->cert.fingerprint, certs->legs[a].seen->cert.issuer,
        certs->legs[b].region, certs->legs[b].seen->cert.fingerprint,
        certs->legs[b].seen->cert.issuer);
    return condition_claims_add(claims, &claim, err);
}

int
raise_cert(const struct raise_certs *certs, struct condition_claims *claims,
    int64_t *next_unix_ms, struct err *err)
{
    if (raise_endings(certs, claims, next_unix_ms, err) != 0)
        return -1;
    return raise_differing(certs, claims, next_unix_ms, err);
}

/* ---- what was changed ---- */

int
raise_cert_changed(const struct raise_certs *certs, size_t at,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim =
        raise_claim_of(ALERT_CERT, SEVERITY_TICKET, certs->check);
    const struct seen_cert *cert = &certs->legs[at].seen->cert;
    char moment[SAY_BYTES];

    if (cert->before[0] == '\0' || cert->back_unix_ms == cert->since_unix_ms)
        return 0;
    for (size_t i = 0; i < certs->count; i++) {
        const struct seen_cert *other = &certs->legs[i].seen->cert;

        if (i != at && (strcmp(other->fingerprint, cert->fingerprint) == 0 ||
                           strcmp(other->before, cert->fingerprint) == 0))
            return 0;
    }
    claim.event = true;
    claim.since_unix_ms = cert->since_unix_ms;
    (void)snprintf(
        claim.key, sizeof(claim.key), "new:%.16s", cert->fingerprint);
    say_moment(certs->zone, cert->leaf_end_unix_ms, moment);
    (void)snprintf(claim.words, sizeof(claim.words),
        "%.129s: the certificate was changed, seen first from %.64s: now "
        "%.16s issued by %.71s, ends %.70s; before %.16s",
        certs->check->name, certs->legs[at].region, cert->fingerprint,
        cert->issuer, moment, cert->before);
    return condition_claims_add(claims, &claim, err);
}
