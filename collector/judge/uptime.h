/*
 * uptime.h - seconds by verdict, and what they say of a target: uptime, its
 * bounds, coverage, budget.
 *
 * Pure.  All sums are integers; nothing is rounded up.
 */
#ifndef COLLECTOR_UPTIME_H
#define COLLECTOR_UPTIME_H

#include <stddef.h>
#include <stdint.h>

#include "verdict.h"

/* Milliseconds; all-zero is empty. */
struct uptime {
    int64_t up_ms;
    int64_t partial_ms;
    int64_t down_ms;
    int64_t unknown_ms;
    int64_t maint_ms;
};

/* Adds a slot's part that lies within [from, to); PENDING adds nothing. */
struct uptime_window {
    int64_t from_unix_ms;
    int64_t to_unix_ms;
};
void uptime_add(struct uptime *uptime, const struct uptime_window *window,
    int64_t start_unix_ms, int64_t end_unix_ms, enum verdict verdict);

/* A ratio of two sums; `whole` 0 says that there is none. */
struct uptime_ratio {
    int64_t part;
    int64_t whole;
};

struct uptime_ratio uptime_of(const struct uptime *uptime);
struct uptime_ratio uptime_worst(const struct uptime *uptime);
struct uptime_ratio uptime_best(const struct uptime *uptime);
struct uptime_ratio uptime_coverage(const struct uptime *uptime);

enum uptime_sla { SLA_MET, SLA_BREACHED, SLA_INDETERMINATE, SLA_NO_DATA };

/* `target_millionths` of a ratio: 99.9 % is 999000. */
enum uptime_sla uptime_sla(
    const struct uptime *uptime, int64_t target_millionths);
const char *uptime_sla_name(enum uptime_sla sla);

/* The budget in millionths of a millisecond, so that it is exact. */
__extension__ typedef __int128 uptime_wide;
uptime_wide uptime_budget(
    const struct uptime *uptime, int64_t target_millionths);

enum { UPTIME_PERCENT_BYTES = 16 };

/* "99.999": three decimals, cut; "-" where there is no ratio. */
void uptime_percent(
    const struct uptime_ratio *ratio, char out[UPTIME_PERCENT_BYTES]);

#endif
