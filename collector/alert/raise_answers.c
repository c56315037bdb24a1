#include "raise_answers.h"

#include <stdio.h>
#include <string.h>

#include "raise_check.h"
#include "raise_say.h"

static const struct seen_answers *
answers_of(const struct raise_certs *legs, size_t at)
{
    return &legs->legs[at].seen->answers;
}

static void
wake(int64_t *next_unix_ms, int64_t at_unix_ms)
{
    if (at_unix_ms < *next_unix_ms)
        *next_unix_ms = at_unix_ms;
}

/* ---- changes ---- */

static bool
was_told(const struct raise_certs *legs, uint32_t set)
{
    for (size_t i = 0; i < legs->count; i++) {
        if (answers_of(legs, i)->set == set && answers_of(legs, i)->told)
            return true;
    }
    return false;
}

static int
raise_change(const struct raise_certs *legs, size_t at,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim =
        raise_claim_of(ALERT_DNS, SEVERITY_TICKET, legs->check);
    const struct seen_answers *answers = answers_of(legs, at);

    claim.event = true;
    claim.since_unix_ms = answers->since_unix_ms;
    (void)snprintf(claim.key, sizeof(claim.key), "new:%08x:%lld",
        (unsigned)answers->set, (long long)answers->since_unix_ms);
    (void)snprintf(claim.words, sizeof(claim.words),
        "%.129s: the answers were changed, seen first from %.64s: now "
        "%.120s; before %.120s",
        legs->check->name, legs->legs[at].region, answers->text,
        answers->before_text);
    return condition_claims_add(claims, &claim, err);
}

static int
raise_changes(const struct raise_certs *legs, struct raise_answers_marks *marks,
    struct condition_claims *claims, int64_t *next_unix_ms, struct err *err)
{
    int64_t stands_ms = 3 * legs->check->interval_ms;

    if (stands_ms < RAISE_ANSWERS_NEW_MS)
        stands_ms = RAISE_ANSWERS_NEW_MS;
    for (size_t i = 0; i < legs->count; i++) {
        const struct seen_answers *answers = answers_of(legs, i);
        bool twice = false;

        if (answers->before == 0 || answers->told ||
            answers->before_stood_ms < RAISE_ANSWERS_STOOD_MS)
            continue;
        if (legs->now_unix_ms - answers->since_unix_ms < stands_ms) {
            wake(next_unix_ms, answers->since_unix_ms + stands_ms);
            continue;
        }
        marks[i].told = true;
        for (size_t j = 0; j < i; j++)
            twice |= marks[j].told && answers_of(legs, j)->set == answers->set;
        if (!twice && !was_told(legs, answers->set) &&
            raise_change(legs, i, claims, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- differences ---- */

/* The first two legs of different regions that differ. */
static bool
find_pair(const struct raise_certs *legs, size_t *a, size_t *b, bool *two)
{
    *two = false;
    for (*a = 0; *a < legs->count; ++*a) {
        if (answers_of(legs, *a)->set == 0)
            continue;
        for (*b = *a + 1; *b < legs->count; ++*b) {
            if (answers_of(legs, *b)->set == 0 ||
                strcmp(legs->legs[*a].region, legs->legs[*b].region) == 0)
                continue;
            *two = true;
            if (answers_of(legs, *a)->set != answers_of(legs, *b)->set)
                return true;
        }
    }
    return false;
}

static int64_t
last_change(const struct raise_certs *legs)
{
    int64_t last_unix_ms = 0;

    for (size_t i = 0; i < legs->count; i++) {
        if (answers_of(legs, i)->since_unix_ms > last_unix_ms)
            last_unix_ms = answers_of(legs, i)->since_unix_ms;
    }
    return last_unix_ms;
}

static int
raise_differing(const struct raise_certs *legs,
    struct raise_answers_marks *marks, struct condition_claims *claims,
    int64_t *next_unix_ms, struct err *err)
{
    struct condition_claim claim =
        raise_claim_of(ALERT_DNS, SEVERITY_TICKET, legs->check);
    int64_t due_unix_ms = last_change(legs) + RAISE_ANSWERS_DIFFER_MS;
    bool two;
    size_t a;
    size_t b;
    bool differ = find_pair(legs, &a, &b, &two);
    char moment[SAY_BYTES];

    if (3 * legs->check->interval_ms > RAISE_ANSWERS_DIFFER_MS)
        due_unix_ms = last_change(legs) + 3 * legs->check->interval_ms;
    for (size_t i = 0; two && !differ && i < legs->count; i++)
        marks[i].agreed = true;
    if (!differ || !answers_of(legs, a)->agreed || !answers_of(legs, b)->agreed)
        return 0;
    if (legs->now_unix_ms < due_unix_ms) {
        wake(next_unix_ms, due_unix_ms);
        return 0;
    }
    claim.since_unix_ms = last_change(legs);
    (void)snprintf(claim.key, sizeof(claim.key), "regions");
    say_minute(legs->zone, claim.since_unix_ms, moment);
    (void)snprintf(claim.words, sizeof(claim.words),
        "%.129s: regions get different answers since %.10s: %.64s %.80s, "
        "%.64s %.80s",
        legs->check->name, moment, legs->legs[a].region,
        answers_of(legs, a)->text, legs->legs[b].region,
        answers_of(legs, b)->text);
    return condition_claims_add(claims, &claim, err);
}

int
raise_answers(const struct raise_certs *legs, struct raise_answers_marks *marks,
    struct condition_claims *claims, int64_t *next_unix_ms, struct err *err)
{
    for (size_t i = 0; i < legs->count; i++) {
        marks[i].told = answers_of(legs, i)->told;
        marks[i].agreed = answers_of(legs, i)->agreed;
    }
    if (raise_changes(legs, marks, claims, next_unix_ms, err) != 0)
        return -1;
    return raise_differing(legs, marks, claims, next_unix_ms, err);
}
