#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "raise_fleet.h"
#include "raise_say.h"

enum { CLOCK_SAID_MS = 5000 };

static struct condition_claim
claim_of(enum alert_class class, const struct raise_agent *agent)
{
    struct condition_claim claim = {
        .class = class, .severity = SEVERITY_NOTIFY, .on = CONDITION_ON_AGENT};

    (void)snprintf(claim.subject, sizeof(claim.subject), "%s", agent->name);
    (void)snprintf(claim.scope, sizeof(claim.scope), "%s", agent->region);
    return claim;
}

/* One that is silent says nothing of itself any more. */
static int
raise_network(const struct raise_fleet *fleet, const struct raise_agent *agent,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim = claim_of(ALERT_AGENT_NETWORK, agent);
    char moment[SAY_BYTES];

    if (agent->failing_unix_ms == 0 || raise_is_silent(fleet, agent) ||
        fleet->now_unix_ms - agent->failing_unix_ms < RAISE_SELF_CHECK_MS)
        return 0;
    claim.since_unix_ms = agent->failing_unix_ms;
    claim.tell_unix_ms = agent->failing_unix_ms + RAISE_SELF_CHECK_TELL_MS;
    say_clock(fleet->zone, agent->failing_unix_ms, moment);
    (void)snprintf(claim.words, sizeof(claim.words),
        "agent %.64s in region %.64s fails its self-check since %.40s: it "
        "reaches too few of self_check's targets, or no resolver; what it "
        "finds down meanwhile does not count",
        agent->name, agent->region, moment);
    return condition_claims_add(claims, &claim, err);
}

/* ---- clocks ---- */

static bool
is_off(const struct raise_agent *agent, bool was_off)
{
    int64_t limit_ms =
        RAISE_CLOCK_MS - (was_off ? (int64_t)RAISE_CLOCK_RELIEF_MS : 0);

    return agent->clock_known &&
           llabs((long long)agent->clock_offset_ms) > limit_ms;
}

/* Two or more agents, off by the same: 1, and by how much. */
static bool
is_ours(const struct raise_fleet *fleet, int64_t *offset_ms)
{
    int64_t least_ms = INT64_MAX;
    int64_t most_ms = INT64_MIN;
    size_t known = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        const struct raise_agent *agent = &fleet->agents[i];

        if (!agent->clock_known || raise_is_silent(fleet, agent))
            continue;
        if (!is_off(agent, fleet->clock_was_off))
            return false;
        known++;
        if (agent->clock_offset_ms < least_ms)
            least_ms = agent->clock_offset_ms;
        if (agent->clock_offset_ms > most_ms)
            most_ms = agent->clock_offset_ms;
    }
    *offset_ms = least_ms;
    return known >= 2 && most_ms - least_ms <= RAISE_CLOCK_SAME_MS;
}

static void
say_offset(int64_t offset_ms, char out[SAY_BYTES])
{
    char span[SAY_BYTES];

    int64_t off_ms = (int64_t)llabs((long long)offset_ms);

    /* To 5 s: words that move each time are news each time. */
    say_span(
        (off_ms + CLOCK_SAID_MS / 2) / CLOCK_SAID_MS * CLOCK_SAID_MS, span);
    (void)snprintf(out, SAY_BYTES, "%.60s %s", span,
        offset_ms > 0 ? "ahead of" : "behind");
}

static int
raise_own_clock(const struct raise_fleet *fleet, int64_t offset_ms,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim = {.class = ALERT_AGENT_CLOCK,
        .severity = SEVERITY_NOTIFY,
        .on = CONDITION_ON_COLLECTOR,
        .since_unix_ms = fleet->now_unix_ms};
    char offset[SAY_BYTES];

    say_offset(offset_ms, offset);
    (void)snprintf(claim.words, sizeof(claim.words),
        "the clocks of all agents are %.70s this collector's: it is the "
        "collector's date that is wrong (timedatectl)",
        offset);
    return condition_claims_add(claims, &claim, err);
}

static int
raise_clock(const struct raise_fleet *fleet, const struct raise_agent *agent,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim = claim_of(ALERT_AGENT_CLOCK, agent);
    char offset[SAY_BYTES];

    if (!is_off(agent, agent->clock_was_off))
        return 0;
    claim.since_unix_ms = fleet->now_unix_ms;
    say_offset(agent->clock_offset_ms, offset);
    (void)snprintf(claim.words, sizeof(claim.words),
        "the clock of agent %.64s is %.70s the collector's; its slots follow "
        "the collector's, certificates it judges by its own (timedatectl)",
        agent->name, offset);
    return condition_claims_add(claims, &claim, err);
}

static int
raise_clocks(const struct raise_fleet *fleet, struct condition_claims *claims,
    struct err *err)
{
    int64_t offset_ms;

    if (is_ours(fleet, &offset_ms))
        return raise_own_clock(fleet, offset_ms, claims, err);
    for (size_t i = 0; i < fleet->count; i++) {
        if (raise_clock(fleet, &fleet->agents[i], claims, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- configurations and clones ---- */

static int
raise_refused(const struct raise_agent *agent, struct condition_claims *claims,
    struct err *err)
{
    struct condition_claim claim = claim_of(ALERT_CONFIG_REJECTED, agent);

    if (agent->cfg_refused[0] == '\0')
        return 0;
    claim.since_unix_ms = agent->cfg_refused_unix_ms;
    (void)snprintf(claim.words, sizeof(claim.words),
        "agent %.64s refuses its checks and goes on with those it had: %.255s",
        agent->name, agent->cfg_refused);
    return condition_claims_add(claims, &claim, err);
}

static int
raise_own_refused(const struct raise_fleet *fleet,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim = {.class = ALERT_CONFIG_REJECTED,
        .severity = SEVERITY_NOTIFY,
        .on = CONDITION_ON_COLLECTOR,
        .since_unix_ms = fleet->own_refused_unix_ms};

    if (fleet->own_refused[0] == '\0')
        return 0;
    (void)snprintf(claim.words, sizeof(claim.words),
        "the collector's configuration was read again and refused; the one "
        "before stays in force: %.300s",
        fleet->own_refused);
    return condition_claims_add(claims, &claim, err);
}

static int
raise_clone(const struct raise_fleet *fleet, const struct raise_agent *agent,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim = claim_of(ALERT_DUPLICATE_AGENT, agent);

    if (agent->clone_unix_ms == 0 ||
        fleet->now_unix_ms - agent->clone_unix_ms > RAISE_CLONE_MS)
        return 0;
    claim.since_unix_ms = agent->clone_first_unix_ms;
    (void)snprintf(claim.words, sizeof(claim.words),
        "two processes have the key of agent %.64s: one at %.64s speaks, one "
        "at %.64s is turned away; enrol the copy under a name of its own, or "
        "stop it",
        agent->name, agent->address, agent->clone_address);
    return condition_claims_add(claims, &claim, err);
}

int
raise_agents(const struct raise_fleet *fleet, struct condition_claims *claims,
    struct err *err)
{
    if (raise_clocks(fleet, claims, err) != 0 ||
        raise_own_refused(fleet, claims, err) != 0)
        return -1;
    for (size_t i = 0; i < fleet->count; i++) {
        const struct raise_agent *agent = &fleet->agents[i];

        if (raise_network(fleet, agent, claims, err) != 0 ||
            raise_refused(agent, claims, err) != 0 ||
            raise_clone(fleet, agent, claims, err) != 0)
            return -1;
    }
    return 0;
}
