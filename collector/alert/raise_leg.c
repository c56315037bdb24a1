#include "raise_leg.h"

#include <string.h>

enum says { SAYS_NOTHING, SAYS_YES, SAYS_NO };

uint16_t
raise_sign_slots(enum raise_sign sign)
{
    switch (sign) {
    case SIGN_SLOW:
        return RAISE_SLOTS_MAX;
    case SIGN_DOWN:
    case SIGN_SPLIT: /* a zone that is being transferred differs for one */
        return 3;
    case SIGN_BOGUS:
    case SIGN_MAIL:
        return 2;
    case SIGN_COUNT:
        break;
    }
    return RAISE_SLOTS_MAX;
}

static bool
is_mail_reason(enum measure_reason reason)
{
    return reason == REASON_MAIL_SPF || reason == REASON_MAIL_DKIM ||
           reason == REASON_MAIL_DMARC;
}

/*
 * The resolver says why (RFC 8914), or answered signed and verified before and
 * fails now.
 */
static bool
is_bogus(const struct raise_leg *leg, const struct measure *measure)
{
    static const char *const words[] = {"DNSSEC", "DNSKEY", "RRSIG",
        "signature expired", "signature not yet valid", "NSEC missing",
        "no zone key bit set"};

    if (measure->status != MEASURE_DOWN ||
        measure->reason != REASON_DNS_SERVFAIL)
        return false;
    for (size_t i = 0;
         measure->facts != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(measure->facts->detail, words[i]) != NULL)
            return true;
    }
    return leg->authenticated;
}

static enum says
says_of_slow(const struct measure *measure, enum raise_sign sign)
{
    enum raise_sign shown = SIGN_SLOW;

    if (measure->status == MEASURE_UP)
        return SAYS_NO;
    if (measure->status != MEASURE_SLOW)
        return SAYS_NOTHING;
    if (measure->reason == REASON_DNS_MISMATCH)
        shown = SIGN_SPLIT;
    else if (is_mail_reason(measure->reason))
        shown = SIGN_MAIL;
    return shown == sign ? SAYS_YES : SAYS_NOTHING;
}

static enum says
says(const struct raise_leg *leg, const struct measure *measure,
    enum raise_sign sign)
{
    bool up = measure_votes_up(measure);

    switch (sign) {
    case SIGN_DOWN:
        return up ? SAYS_NO : SAYS_YES;
    case SIGN_SLOW:
    case SIGN_SPLIT:
    case SIGN_MAIL:
        return says_of_slow(measure, sign);
    case SIGN_BOGUS:
        if (is_bogus(leg, measure))
            return SAYS_YES;
        return up ? SAYS_NO : SAYS_NOTHING;
    case SIGN_COUNT:
        break;
    }
    return SAYS_NOTHING;
}

static void
go_on(uint16_t *count)
{
    if (*count < UINT16_MAX)
        ++*count;
}

/* True if what is held changed. */
static bool
step(struct raise_streak *streak, enum says says, uint16_t slots,
    int64_t slot_unix_ms, bool fresh)
{
    bool was_held = streak->held;

    if (says == SAYS_NOTHING)
        return false;
    if (says == SAYS_YES) {
        streak->out = 0;
        go_on(&streak->in);
        if (streak->in == 1 && !streak->held)
            streak->since_unix_ms = slot_unix_ms;
        if (streak->in >= slots && fresh)
            streak->held = true;
    } else {
        streak->in = 0;
        go_on(&streak->out);
        if (streak->out >= slots)
            streak->held = false;
    }
    return streak->held != was_held;
}

bool
raise_leg_take(struct raise_leg *leg, const struct check *check,
    const struct measure *measure, int64_t now_unix_ms)
{
    int64_t slot_unix_ms = measure->slot_unix_ms;
    int64_t stale_ms = 2 * check->interval_ms > RAISE_STALE_MS
                           ? 2 * check->interval_ms
                           : RAISE_STALE_MS;
    bool fresh = now_unix_ms - slot_unix_ms <= stale_ms;
    bool was_down = leg->streaks[SIGN_DOWN].in > 0;
    bool changed = false;

    if (measure->isolated || measure->status == MEASURE_ERROR ||
        slot_unix_ms <= leg->slot_unix_ms)
        return false;
    /* The confirming attempt speaks for this slot. */
    if (measure->status == MEASURE_DOWN && measure->attempt == 0 &&
        check_kind_confirms(check->kind))
        return false;
    leg->slot_unix_ms = slot_unix_ms;
    leg->slots++;
    leg->status = measure->status;
    for (int sign = 0; sign < SIGN_COUNT; sign++) {
        enum raise_sign of = (enum raise_sign)sign;

        changed |= step(&leg->streaks[sign], says(leg, measure, of),
            raise_sign_slots(of), slot_unix_ms, fresh);
    }
    if (measure->reason != REASON_NONE)
        leg->reason = (uint8_t)measure->reason;
    if (measure_votes_up(measure) && measure->facts != NULL &&
        measure->facts->dns != NULL)
        leg->authenticated = measure->facts->dns->authenticated;
    return changed || leg->slots == RAISE_SLOTS_MAX ||
           (leg->streaks[SIGN_DOWN].in > 0) != was_down;
}
