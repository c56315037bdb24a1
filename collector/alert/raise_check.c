#include "raise_check.h"

#include <stdio.h>

#include "raise_say.h"

struct condition_claim
raise_claim_of(enum alert_class class, enum conf_severity severity,
    const struct check *check)
{
    struct condition_claim claim = {.class = class,
        .severity = severity,
        .on = CONDITION_ON_CHECK,
        .check = check->id};

    (void)snprintf(claim.subject, sizeof(claim.subject), "%s", check->name);
    (void)snprintf(claim.scope, sizeof(claim.scope), "global");
    return claim;
}

bool
raise_view_is_known(const struct raise_view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        if (view->legs[i].slots >= RAISE_SLOTS_MAX)
            return true;
    }
    return false;
}

/* Who sees it, since when, and why. */
struct seen_by {
    size_t legs;
    struct raise_names regions;
    int64_t since_unix_ms;
    enum measure_reason reason;
    char where[RAISE_NAMES_BYTES];
    char moment[SAY_BYTES];
};

static void
add_leg(struct seen_by *seen, const struct raise_leg *leg, enum raise_sign sign)
{
    int64_t since_unix_ms = leg->streaks[sign].since_unix_ms;

    if (seen->legs == 0 || since_unix_ms < seen->since_unix_ms)
        seen->since_unix_ms = since_unix_ms;
    seen->reason = (enum measure_reason)leg->reason;
    seen->legs++;
    raise_names_add(&seen->regions, leg->region);
}

static void
end_seen(struct seen_by *seen, const struct zone *zone)
{
    raise_names_put(&seen->regions, seen->where);
    say_clock(zone, seen->since_unix_ms, seen->moment);
}

static struct seen_by
who_holds(const struct raise_view *view, enum raise_sign sign)
{
    struct seen_by seen = {.legs = 0};

    for (size_t i = 0; i < view->count; i++) {
        if (view->legs[i].streaks[sign].held)
            add_leg(&seen, &view->legs[i], sign);
    }
    end_seen(&seen, view->zone);
    return seen;
}

int
raise_slow(const struct raise_view *view, struct condition_claims *claims,
    struct err *err)
{
    struct condition_claim claim =
        raise_claim_of(ALERT_SLOW, SEVERITY_TICKET, view->check);
    struct seen_by seen = who_holds(view, SIGN_SLOW);
    char limit[SAY_BYTES];

    if (seen.legs == 0)
        return 0;
    claim.since_unix_ms = seen.since_unix_ms;
    say_latency(view->check->slow_ms * 1000, limit);
    (void)snprintf(claim.words, sizeof(claim.words),
        "%.129s is slow from %.300s since %.12s: %.40s", view->check->name,
        seen.where, seen.moment,
        view->check->kind == CHECK_PAGE ? "over its budget" : limit);
    if (view->check->kind != CHECK_PAGE)
        (void)snprintf(claim.words, sizeof(claim.words),
            "%.129s takes longer than %.40s from %.250s since %.12s",
            view->check->name, limit, seen.where, seen.moment);
    return condition_claims_add(claims, &claim, err);
}

/* ---- families ---- */

static const struct raise_leg *
other_leg(const struct raise_view *view, const struct raise_leg *leg)
{
    for (size_t i = 0; i < view->count; i++) {
        if (view->legs[i].agent == leg->agent &&
            view->legs[i].family != leg->family)
            return &view->legs[i];
    }
    return NULL;
}

/* It held before, or the other one is served now. */
static bool
is_broken_alone(const struct raise_view *view, const struct raise_leg *leg)
{
    const struct raise_leg *other = other_leg(view, leg);

    return leg->streaks[SIGN_DOWN].held && other != NULL && other->slots > 0 &&
           other->streaks[SIGN_DOWN].in == 0;
}

static int
raise_one_family(const struct raise_view *view, uint8_t family,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim =
        raise_claim_of(ALERT_FAMILY, SEVERITY_TICKET, view->check);
    struct seen_by seen = {.legs = 0};

    for (size_t i = 0; i < view->count; i++) {
        if (view->legs[i].family == family &&
            is_broken_alone(view, &view->legs[i]))
            add_leg(&seen, &view->legs[i], SIGN_DOWN);
    }
    if (seen.legs == 0)
        return 0;
    end_seen(&seen, view->zone);
    claim.since_unix_ms = seen.since_unix_ms;
    (void)snprintf(claim.key, sizeof(claim.key), "ipv%d", family);
    (void)snprintf(claim.words, sizeof(claim.words),
        "%.129s is down over IPv%d from %.200s since %.12s (%s) and up over "
        "IPv%d: whoever has only IPv%d cannot reach it",
        view->check->name, family, seen.where, seen.moment,
        measure_reason_name((int)seen.reason),
        family == FAMILY_V6 ? FAMILY_V4 : FAMILY_V6, family);
    return condition_claims_add(claims, &claim, err);
}

int
raise_family(const struct raise_view *view, struct condition_claims *claims,
    struct err *err)
{
    if (view->check->family != CHECK_FAMILY_BOTH)
        return 0;
    if (raise_one_family(view, FAMILY_V4, claims, err) != 0)
        return -1;
    return raise_one_family(view, FAMILY_V6, claims, err);
}

/* ---- names and mail ---- */

static int
raise_sign(const struct raise_view *view, enum raise_sign sign, const char *key,
    const char *what, struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim =
        raise_claim_of(sign == SIGN_MAIL ? ALERT_MAIL : ALERT_DNS,
            SEVERITY_TICKET, view->check);
    struct seen_by seen = who_holds(view, sign);

    if (seen.legs == 0)
        return 0;
    claim.since_unix_ms = seen.since_unix_ms;
    (void)snprintf(claim.key, sizeof(claim.key), "%s",
        sign == SIGN_MAIL ? measure_reason_name((int)seen.reason) : key);
    (void)snprintf(claim.words, sizeof(claim.words),
        "%.129s: %.200s (seen from %.120s since %.12s)", view->check->name,
        sign == SIGN_MAIL ? measure_reason_words(seen.reason) : what,
        seen.where, seen.moment);
    return condition_claims_add(claims, &claim, err);
}

int
raise_dns(const struct raise_view *view, struct condition_claims *claims,
    struct err *err)
{
    if (raise_sign(view, SIGN_SPLIT, "servers",
            "the zone's own name servers give different answers, or one of "
            "them fails",
            claims, err) != 0)
        return -1;
    return raise_sign(view, SIGN_BOGUS, "dnssec",
        "resolvers that verify DNSSEC refuse the name: its signatures, keys "
        "or DS records do not fit",
        claims, err);
}

int
raise_mail(const struct raise_view *view, struct condition_claims *claims,
    struct err *err)
{
    return raise_sign(view, SIGN_MAIL, "", "", claims, err);
}
