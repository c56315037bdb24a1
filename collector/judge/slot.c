#include "slot.h"

enum { VOTE_NONE, VOTE_UP, VOTE_DOWN };
enum { LEG_ANY, LEG_V4, LEG_V6 };

struct slot_rule
slot_rule_of(const struct check *check)
{
    return (struct slot_rule){
        .confirms = check_kind_confirms(check->kind),
        .legs = check->family == CHECK_FAMILY_BOTH ? SLOT_LEGS_MAX : 1,
    };
}

size_t
slot_leg_of(const struct slot_rule *rule, const struct measure *measure)
{
    if (rule->legs == 1)
        return LEG_ANY;
    if (measure->family == FAMILY_V4)
        return LEG_V4;
    return measure->family == FAMILY_V6 ? LEG_V6 : LEG_ANY;
}

static uint8_t
vote_of(const struct measure *measure)
{
    if (measure->isolated)
        return VOTE_NONE;
    switch ((enum measure_status)measure->status) {
    case MEASURE_UP:
    case MEASURE_SLOW:
        return VOTE_UP;
    case MEASURE_DOWN:
        return VOTE_DOWN;
    case MEASURE_ERROR:
    case MEASURE_STATUS_COUNT:
        return VOTE_NONE;
    }
    return VOTE_NONE;
}

/* By time, then attempt; family only so that the order is total. */
static bool
is_after(const struct measure *measure, const struct slot_leg *leg)
{
    if (leg->vote == VOTE_NONE)
        return true;
    if (measure->ts_unix_ms != leg->voted_unix_ms)
        return measure->ts_unix_ms > leg->voted_unix_ms;
    if (measure->attempt != leg->attempt)
        return measure->attempt > leg->attempt;
    return measure->family > leg->family;
}

void
slot_note(struct slot_leg *legs, const struct slot_rule *rule,
    const struct measure *measure)
{
    struct slot_leg *leg = &legs[slot_leg_of(rule, measure)];
    uint8_t vote = vote_of(measure);

    leg->answered = true;
    if (measure->attempt > 0 &&
        (!leg->confirming || measure->ts_unix_ms > leg->confirming_unix_ms)) {
        leg->confirming = true;
        leg->confirming_unix_ms = measure->ts_unix_ms;
    }
    if (vote == VOTE_NONE || !is_after(measure, leg))
        return;
    leg->vote = vote;
    leg->voted_unix_ms = measure->ts_unix_ms;
    leg->attempt = measure->attempt;
    leg->family = measure->family;
    leg->reason = (uint8_t)measure->reason;
}

/* A second attempt that met no address counts for every leg, and any for it. */
static bool
has_second_attempt(
    const struct slot_leg *legs, const struct slot_rule *rule, size_t leg)
{
    for (size_t i = 0; i < rule->legs; i++) {
        if (legs[i].confirming &&
            (i == leg || i == LEG_ANY || leg == LEG_ANY) &&
            legs[i].confirming_unix_ms >= legs[leg].voted_unix_ms)
            return true;
    }
    return false;
}

static enum ballot
leg_ballot(const struct slot_leg *legs, const struct slot_rule *rule, size_t at,
    bool closed)
{
    const struct slot_leg *leg = &legs[at];

    if (!leg->answered)
        return closed ? BALLOT_NONE : BALLOT_MISSING;
    if (leg->vote == VOTE_NONE)
        return BALLOT_NONE;
    if (leg->vote == VOTE_UP)
        return BALLOT_UP;
    if (leg->attempt > 0 || !rule->confirms)
        return BALLOT_DOWN;
    if (closed || has_second_attempt(legs, rule, at))
        return BALLOT_UNCONFIRMED;
    return BALLOT_PENDING;
}

/* Whether nothing needs to come of a leg that has not answered. */
static bool
is_not_awaited(const struct slot_leg *legs, size_t leg, unsigned no_route)
{
    return leg == LEG_ANY || legs[LEG_ANY].answered ||
           (no_route >> leg & 1) != 0;
}

enum ballot
slot_ballot(const struct slot_leg *legs, const struct slot_rule *rule,
    unsigned no_route, bool closed)
{
    unsigned seen = 0; /* bits (1 << enum ballot) */

    if (rule->legs == 1)
        return leg_ballot(legs, rule, LEG_ANY, closed);
    for (size_t i = 0; i < rule->legs; i++) {
        if (!legs[i].answered && is_not_awaited(legs, i, no_route))
            continue;
        seen |= 1U << leg_ballot(legs, rule, i, closed);
    }
    if ((seen & 1U << BALLOT_UP) != 0)
        return BALLOT_UP;
    if ((seen & 1U << BALLOT_PENDING) != 0)
        return BALLOT_PENDING;
    if ((seen & 1U << BALLOT_MISSING) != 0)
        return (seen & (1U << BALLOT_DOWN | 1U << BALLOT_UNCONFIRMED)) != 0
                   ? BALLOT_PENDING
                   : BALLOT_MISSING;
    if ((seen & 1U << BALLOT_DOWN) != 0)
        return BALLOT_DOWN;
    if ((seen & 1U << BALLOT_UNCONFIRMED) != 0)
        return BALLOT_UNCONFIRMED;
    return seen != 0 || closed ? BALLOT_NONE : BALLOT_MISSING;
}

enum measure_reason
slot_reason(const struct slot_leg *legs, const struct slot_rule *rule)
{
    const struct slot_leg *last = NULL;

    for (size_t i = 0; i < rule->legs; i++) {
        if (legs[i].vote == VOTE_DOWN &&
            (last == NULL || legs[i].voted_unix_ms > last->voted_unix_ms))
            last = &legs[i];
    }
    return last == NULL ? REASON_NONE : (enum measure_reason)last->reason;
}
