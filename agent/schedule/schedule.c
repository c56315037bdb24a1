#include "schedule.h"

enum {
    CATCH_UP_MAX_MS = 30000, /* a late start is spread over this at most */
    LATE_MAX_MS = 2000,
    COUNT_MAX = 65535, /* of regions, of agents: products stay in 64 bits */
    SPREAD_PARTS = 8 /* of an agent's arc: less is too little to spread over */
};

/* The finisher of MurmurHash3: ids are hashes already, of another purpose. */
static uint64_t
mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    x ^= x >> 33;
    return x;
}

/* A number of [0, range) that `seed` always gives; 0 for an empty range. */
static int64_t
pick(uint64_t seed, int64_t range)
{
    return range <= 0 ? 0 : (int64_t)(mix(seed) % (uint64_t)range);
}

static int64_t
floor_to(int64_t moment, int64_t step)
{
    int64_t rest = moment % step;

    return moment - (rest < 0 ? rest + step : rest);
}

static int64_t
min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* This agent's number on the circle of all, and how many stand on it. */
static int64_t
stand(const struct schedule_place *place, int64_t *count)
{
    int64_t regions = min_of(max_of(place->region_count, 1), COUNT_MAX);
    int64_t agents = min_of(max_of(place->agent_count, 1), COUNT_MAX);

    *count = regions * agents;
    return place->agent_index % agents * regions +
           place->region_index % regions;
}

static int64_t
phase_of(const struct schedule_rule *rule, const struct schedule_place *place)
{
    int64_t count;
    int64_t index = stand(place, &count);
    int64_t arc_ms = rule->interval_ms / count;
    int64_t free_ms = arc_ms - rule->timeout_ms;
    int64_t circle_ms = rule->interval_ms;
    uint64_t seed = rule->check_id;
    int64_t turn_ms;

    if (free_ms >= arc_ms / SPREAD_PARTS && free_ms > 0) {
        /* Who is first is by check; all of them end before the slot does. */
        index = (index + pick(~seed, count)) % count;
        return index * rule->interval_ms / count + pick(seed, free_ms + 1);
    }
    circle_ms = max_of(circle_ms - rule->timeout_ms, circle_ms / 2);
    turn_ms = pick(seed, circle_ms);
    return (turn_ms + index * circle_ms / count) % circle_ms;
}

struct schedule_rule
schedule_rule_of(uint32_t check_id, int64_t interval_ms, int64_t timeout_ms,
    const struct schedule_place *place)
{
    struct schedule_rule rule = {
        .check_id = check_id,
        .interval_ms = interval_ms,
        .timeout_ms = timeout_ms,
    };

    rule.phase_ms = phase_of(&rule, place);
    return rule;
}

struct schedule_plan
schedule_join(const struct schedule_rule *rule, int64_t not_before_unix_ms,
    int64_t now_unix_ms)
{
    int64_t interval_ms = rule->interval_ms;
    int64_t from = now_unix_ms;
    struct schedule_plan plan;
    int64_t soon;
    int64_t soon_end;

    if (not_before_unix_ms <= now_unix_ms + 2 * interval_ms)
        from = max_of(from, not_before_unix_ms);
    plan.slot_unix_ms = floor_to(from, interval_ms);
    plan.ts_unix_ms = plan.slot_unix_ms + rule->phase_ms;
    soon =
        from + pick(rule->check_id, min_of(interval_ms / 4, CATCH_UP_MAX_MS));
    soon_end = soon + rule->timeout_ms;
    if (plan.ts_unix_ms >= from &&
        (not_before_unix_ms != 0 || plan.ts_unix_ms <= soon))
        return plan;
    if (soon_end <= plan.slot_unix_ms + interval_ms) {
        plan.ts_unix_ms = soon;
        return plan;
    }
    if (plan.ts_unix_ms < from) {
        plan.slot_unix_ms += interval_ms;
        plan.ts_unix_ms += interval_ms;
    }
    return plan;
}

struct schedule_step
schedule_due(const struct schedule_rule *rule, const struct schedule_plan *plan,
    int64_t now_unix_ms)
{
    int64_t interval_ms = rule->interval_ms;
    int64_t slot_end = plan->slot_unix_ms + interval_ms;
    int64_t late_ms = now_unix_ms - plan->ts_unix_ms;
    struct schedule_step step = {0};

    if (now_unix_ms < slot_end &&
        late_ms <= min_of(interval_ms / 10, LATE_MAX_MS)) {
        step.start = true;
        step.next.slot_unix_ms = slot_end;
        step.next.ts_unix_ms = slot_end + rule->phase_ms;
        return step;
    }
    step.next = schedule_join(rule, plan->slot_unix_ms, now_unix_ms);
    step.missed_from_unix_ms = plan->slot_unix_ms;
    step.missed =
        (uint64_t)((step.next.slot_unix_ms - plan->slot_unix_ms) / interval_ms);
    return step;
}

bool
schedule_may_stay(const struct schedule_rule *rule,
    const struct schedule_plan *plan, int64_t due_unix_ms)
{
    return due_unix_ms >= plan->slot_unix_ms &&
           due_unix_ms < plan->slot_unix_ms + rule->interval_ms;
}
