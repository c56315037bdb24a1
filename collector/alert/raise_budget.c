#include "raise_budget.h"

#include <stdio.h>

#include "raise_check.h"
#include "raise_say.h"
#include "uptime.h"

static int
raise_stage(const struct raise_month *month, int percent, int64_t allowed_ms,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim = raise_claim_of(ALERT_BUDGET,
        percent == 100 ? SEVERITY_NOTIFY : SEVERITY_TICKET,
        &month->check->check);
    char used[SAY_BYTES];
    char allowed[SAY_BYTES];

    claim.event = true;
    claim.since_unix_ms = month->now_unix_ms;
    (void)snprintf(
        claim.key, sizeof(claim.key), "%.15s:%d", month->name, percent);
    say_span(month->down_ms, used);
    say_span(allowed_ms, allowed);
    (void)snprintf(claim.words, sizeof(claim.words),
        "%.129s was down for %.40s this month; its target of %d.%03d %% allows "
        "%.40s: %s",
        month->check->check.name, used,
        (int)(month->check->target_millionths / 10000),
        (int)(month->check->target_millionths % 10000 / 10), allowed,
        percent == 100 ? "the error budget is used up"
                       : "half of the error budget is used");
    return condition_claims_add(claims, &claim, err);
}

int
raise_budget(const struct raise_month *month, struct condition_claims *claims,
    struct err *err)
{
    const struct uptime whole = {
        .up_ms = month->to_unix_ms - month->from_unix_ms - month->maint_ms};
    uptime_wide budget = uptime_budget(&whole, month->check->target_millionths);
    uptime_wide used = (uptime_wide)month->down_ms * CONF_MILLION;
    int64_t allowed_ms = (int64_t)(budget / CONF_MILLION);

    if (month->down_ms == 0)
        return 0;
    if (2 * used >= budget &&
        raise_stage(month, 50, allowed_ms, claims, err) != 0)
        return -1;
    if (used >= budget && raise_stage(month, 100, allowed_ms, claims, err) != 0)
        return -1;
    return 0;
}

int
raise_p95(const struct raise_hour *hour, struct condition_claims *claims,
    struct err *err)
{
    struct condition_claim claim =
        raise_claim_of(ALERT_P95, SEVERITY_TICKET, &hour->check->check);
    int64_t limit_us = hour->check->expect_p95_us;
    bool known = hour->n >= RAISE_P95_MIN && hour->p95_us >= 0;
    char found[SAY_BYTES] = "unknown";
    char limit[SAY_BYTES];

    if (limit_us == 0)
        return 0;
    if (known
            ? hour->p95_us <= (hour->held ? limit_us - limit_us / 20 : limit_us)
            : !hour->held)
        return 0;
    claim.since_unix_ms = hour->now_unix_ms - INT64_C(3600000);
    if (known)
        say_latency(hour->p95_us, found);
    say_latency(limit_us, limit);
    (void)snprintf(claim.words, sizeof(claim.words),
        "%.129s: p95 of the last hour is %.40s over %llu results, expected "
        "is at most %.40s",
        hour->check->check.name, found, (unsigned long long)hour->n, limit);
    return condition_claims_add(claims, &claim, err);
}
