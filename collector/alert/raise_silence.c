#include <stdio.h>
#include <string.h>

#include "raise_fleet.h"
#include "raise_say.h"

bool
raise_is_silent(
    const struct raise_fleet *fleet, const struct raise_agent *agent)
{
    if (agent->last_seen_unix_ms == 0)
        return false;
    /* It was silent before we came, and has not been heard since. */
    if (!agent->heard && agent->was_silent)
        return true;
    if (!agent->heard && fleet->listening_ms < RAISE_COME_BACK_MS)
        return false;
    return agent->silent_ms >= RAISE_SILENT_MS;
}

/* When the silence began of the one that was heard last; 0: not all are. */
static int64_t
last_to_fall(const struct raise_fleet *fleet)
{
    int64_t last_unix_ms = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        const struct raise_agent *agent = &fleet->agents[i];

        if (agent->last_seen_unix_ms == 0)
            continue;
        if (!raise_is_silent(fleet, agent))
            return 0;
        if (agent->silent_unix_ms > last_unix_ms)
            last_unix_ms = agent->silent_unix_ms;
    }
    return last_unix_ms;
}

/* Those that fell silent together with the last one. */
struct fallen {
    size_t agents;
    struct raise_names regions;
    int64_t since_unix_ms; /* of the first of them */
};

static struct fallen
count_fallen(const struct raise_fleet *fleet, int64_t last_unix_ms)
{
    struct fallen fallen = {.since_unix_ms = last_unix_ms};

    for (size_t i = 0; i < fleet->count; i++) {
        const struct raise_agent *agent = &fleet->agents[i];

        if (agent->last_seen_unix_ms == 0 ||
            last_unix_ms - agent->silent_unix_ms > RAISE_AT_ONCE_MS)
            continue;
        fallen.agents++;
        raise_names_add(&fallen.regions, agent->region);
        if (agent->silent_unix_ms < fallen.since_unix_ms)
            fallen.since_unix_ms = agent->silent_unix_ms;
    }
    return fallen;
}

static bool
nobody_was_heard(const struct raise_fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->agents[i].heard)
            return false;
    }
    return true;
}

/*
 * What was raised before a restart holds until somebody is heard.  After one
 * agents get their time to come back.
 */
static int
raise_isolated(const struct raise_fleet *fleet, struct condition_claims *claims,
    struct err *err)
{
    struct condition_claim claim = {.class = ALERT_COLLECTOR_ISOLATED,
        .severity = SEVERITY_PAGE,
        .on = CONDITION_ON_COLLECTOR};
    int64_t last_unix_ms = last_to_fall(fleet);
    bool held = fleet->was_isolated && nobody_was_heard(fleet);
    struct fallen fallen;
    char moment[SAY_BYTES];
    char regions[RAISE_NAMES_BYTES];

    if (last_unix_ms == 0 && !held)
        return 0;
    fallen = count_fallen(
        fleet, last_unix_ms != 0 ? last_unix_ms : fleet->now_unix_ms);
    if (!held && (fallen.agents < 2 || fallen.regions.count < 2))
        return 0;
    claim.since_unix_ms = fallen.since_unix_ms;
    say_clock(fleet->zone, fallen.since_unix_ms, moment);
    raise_names_put(&fallen.regions, regions);
    if (fallen.agents > 0)
        (void)snprintf(claim.words, sizeof(claim.words),
            "all %zu agents that spoke (%.270s) are silent since %.40s: it is "
            "this collector that cannot be reached (its network, its firewall, "
            "its listening port); nothing is watched meanwhile",
            fallen.agents, regions, moment);
    else
        (void)snprintf(claim.words, sizeof(claim.words),
            "no agent has come back since the collector was started again");
    return condition_claims_add(claims, &claim, err);
}

/* ---- regions ---- */

struct region_sum {
    const char *name;
    size_t agents;
    size_t silent;
    int64_t since_unix_ms; /* the last of them fell silent */
};

/* The region of agents[at], unless an earlier agent has it, too. */
static bool
sum_region(
    const struct raise_fleet *fleet, size_t at, struct region_sum *region)
{
    *region = (struct region_sum){.name = fleet->agents[at].region};
    for (size_t i = 0; i < fleet->count; i++) {
        const struct raise_agent *agent = &fleet->agents[i];

        if (agent->last_seen_unix_ms == 0 ||
            strcmp(agent->region, region->name) != 0)
            continue;
        if (i < at)
            return false;
        region->agents++;
        if (!raise_is_silent(fleet, agent))
            continue;
        region->silent++;
        if (agent->silent_unix_ms > region->since_unix_ms)
            region->since_unix_ms = agent->silent_unix_ms;
    }
    return region->agents > 0;
}

/*
 * Where a region has one agent its silence is that agent's: it gets the same
 * five minutes, or a machine that restarts would be told each time.
 */
static int
raise_blind(const struct raise_fleet *fleet, const struct region_sum *region,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim = {.class = ALERT_REGION_BLIND,
        .severity = SEVERITY_NOTIFY,
        .on = CONDITION_ON_REGION,
        .since_unix_ms = region->since_unix_ms};
    int64_t listening_unix_ms = fleet->listening_unix_ms;
    char moment[SAY_BYTES];
    char agents[SAY_BYTES];

    if (region->agents == 1)
        claim.tell_unix_ms =
            (region->since_unix_ms > listening_unix_ms ? region->since_unix_ms
                                                       : listening_unix_ms) +
            RAISE_OFFLINE_TELL_MS;
    (void)snprintf(claim.subject, sizeof(claim.subject), "%s", region->name);
    say_clock(fleet->zone, region->since_unix_ms, moment);
    raise_count_put(region->agents, "agent", agents);
    (void)snprintf(claim.words, sizeof(claim.words),
        "nobody measures from region %.64s since %.40s: its %.40s %s silent; "
        "the region does not vote until one is back",
        region->name, moment, agents, region->agents == 1 ? "is" : "are");
    return condition_claims_add(claims, &claim, err);
}

static int
raise_regions(const struct raise_fleet *fleet, struct condition_claims *claims,
    struct err *err)
{
    for (size_t i = 0; i < fleet->count; i++) {
        struct region_sum region;

        if (fleet->agents[i].last_seen_unix_ms == 0 ||
            !sum_region(fleet, i, &region) || region.silent < region.agents)
            continue;
        if (raise_blind(fleet, &region, claims, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- agents ---- */

static int
raise_offline(const struct raise_fleet *fleet, const struct raise_agent *agent,
    struct condition_claims *claims, struct err *err)
{
    struct condition_claim claim = {.class = ALERT_AGENT_OFFLINE,
        .severity = SEVERITY_NOTIFY,
        .on = CONDITION_ON_AGENT,
        .since_unix_ms = agent->silent_unix_ms};
    int64_t listening_unix_ms = fleet->listening_unix_ms;
    char moment[SAY_BYTES];

    claim.tell_unix_ms =
        (agent->silent_unix_ms > listening_unix_ms ? agent->silent_unix_ms
                                                   : listening_unix_ms) +
        RAISE_OFFLINE_TELL_MS;
    (void)snprintf(claim.subject, sizeof(claim.subject), "%s", agent->name);
    /* So that its region's blindness mutes it. */
    (void)snprintf(claim.scope, sizeof(claim.scope), "%s", agent->region);
    say_clock(fleet->zone, agent->silent_unix_ms, moment);
    (void)snprintf(claim.words, sizeof(claim.words),
        "agent %.64s in region %.64s is silent since %.40s, last heard from "
        "%.64s; what it measures meanwhile it keeps and sends when it is back",
        agent->name, agent->region, moment,
        agent->address[0] != '\0' ? agent->address : "an unknown address");
    return condition_claims_add(claims, &claim, err);
}

int
raise_silence(const struct raise_fleet *fleet, struct condition_claims *claims,
    struct err *err)
{
    if (raise_isolated(fleet, claims, err) != 0 ||
        raise_regions(fleet, claims, err) != 0)
        return -1;
    for (size_t i = 0; i < fleet->count; i++) {
        if (raise_is_silent(fleet, &fleet->agents[i]) &&
            raise_offline(fleet, &fleet->agents[i], claims, err) != 0)
            return -1;
    }
    return 0;
}
