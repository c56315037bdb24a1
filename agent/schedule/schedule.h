/*
 * schedule.h - which slot of a check is measured when.  Pure.
 *
 * Slot k of a check with interval T is [kT, (k+1)T) in the collector's time;
 * each is measured once, at the check's phase inside it.  All moments here are
 * the collector's (see grid_clock.h); a caller turns them into timers.
 *
 * The phase: the agents of all regions stand evenly on a circle of length T,
 * regions interleaved (three regions, one agent each, 60 s: somebody looks
 * every 20 s), and each check turns that circle by a hash of its id, so that
 * the checks of one agent do not start together.  Where it can be had, the
 * turn is such that every agent's start + timeout ends inside the slot; where
 * the agents stand closer than that, the circle is made shorter instead.
 */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* Where this agent stands among all.  Counts of 0 are taken as 1. */
struct schedule_place {
    uint32_t region_index;
    uint32_t region_count;
    uint32_t agent_index; /* among those of its region */
    uint32_t agent_count;
};

/* What the schedule needs to know of a check; see schedule_rule_of(). */
struct schedule_rule {
    uint32_t check_id;
    int64_t interval_ms;
    int64_t timeout_ms;
    int64_t phase_ms; /* [0, interval_ms) */
};

/* One start to come. */
struct schedule_plan {
    int64_t slot_unix_ms; /* the slot's start */
    int64_t ts_unix_ms;   /* inside the slot */
};

struct schedule_rule schedule_rule_of(uint32_t check_id, int64_t interval_ms,
    int64_t timeout_ms, const struct schedule_place *place);

/*
 * The first start at or after both moments.  `not_before_unix_ms` is the end
 * of the last slot that was measured, by this process or an earlier one; one
 * that is more than two intervals ahead comes from a clock that has been set
 * back since, and is ignored; 0: never measured.
 *
 * A slot whose moment has passed is still measured if attempt and timeout fit
 * into what is left of it: spread over up to a quarter of the interval, 30 s
 * at most, so that neither a restart nor waking up starts everything at once.
 * A check never measured does not wait for its phase either.
 */
struct schedule_plan schedule_join(const struct schedule_rule *rule,
    int64_t not_before_unix_ms, int64_t now_unix_ms);

struct schedule_step {
    bool start;                  /* measure the plan's slot now */
    struct schedule_plan next;   /* wait for this one */
    uint64_t missed;             /* slots that were not and will not be */
    int64_t missed_from_unix_ms; /* start of the first of them */
};

/*
 * The moment of `plan` has come, or has passed by up to an age.  Late by less
 * than a tenth of the interval (2 s at most) it is started as planned; later
 * than that, in its own slot, it is joined anew; after its slot it and those
 * that followed it have been missed.
 */
struct schedule_step schedule_due(const struct schedule_rule *rule,
    const struct schedule_plan *plan, int64_t now_unix_ms);

/*
 * The clock was steered, and a start planned under the old time will now come
 * at `due_unix_ms`.  True if it may stay, because that is still inside its
 * slot: corrections take effect between slots, never inside one.
 */
bool schedule_may_stay(const struct schedule_rule *rule,
    const struct schedule_plan *plan, int64_t due_unix_ms);

#endif
