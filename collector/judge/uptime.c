#include "uptime.h"

#include <stdio.h>

enum { MILLION = 1000000 };

void
uptime_add(struct uptime *uptime, const struct uptime_window *window,
    int64_t start_unix_ms, int64_t end_unix_ms, enum verdict verdict)
{
    int64_t from = start_unix_ms < window->from_unix_ms ? window->from_unix_ms
                                                        : start_unix_ms;
    int64_t to =
        end_unix_ms > window->to_unix_ms ? window->to_unix_ms : end_unix_ms;

    if (from >= to)
        return;
    switch (verdict) {
    case VERDICT_UP:
        uptime->up_ms += to - from;
        return;
    case VERDICT_PARTIAL:
        uptime->partial_ms += to - from;
        return;
    case VERDICT_DOWN:
        uptime->down_ms += to - from;
        return;
    case VERDICT_UNKNOWN:
        uptime->unknown_ms += to - from;
        return;
    case VERDICT_MAINT:
        uptime->maint_ms += to - from;
        return;
    case VERDICT_PENDING:
        return;
    }
}

static int64_t
good_ms(const struct uptime *uptime)
{
    return uptime->up_ms + uptime->partial_ms;
}

static int64_t
known_ms(const struct uptime *uptime)
{
    return good_ms(uptime) + uptime->down_ms;
}

struct uptime_ratio
uptime_of(const struct uptime *uptime)
{
    return (struct uptime_ratio){good_ms(uptime), known_ms(uptime)};
}

struct uptime_ratio
uptime_worst(const struct uptime *uptime)
{
    return (struct uptime_ratio){
        good_ms(uptime), known_ms(uptime) + uptime->unknown_ms};
}

struct uptime_ratio
uptime_best(const struct uptime *uptime)
{
    return (struct uptime_ratio){good_ms(uptime) + uptime->unknown_ms,
        known_ms(uptime) + uptime->unknown_ms};
}

struct uptime_ratio
uptime_coverage(const struct uptime *uptime)
{
    return (struct uptime_ratio){
        known_ms(uptime), known_ms(uptime) + uptime->unknown_ms};
}

/* Whether part/whole >= target, exactly. */
static bool
reaches(const struct uptime_ratio *ratio, int64_t target_millionths)
{
    return (uptime_wide)ratio->part * MILLION >=
           (uptime_wide)target_millionths * ratio->whole;
}

enum uptime_sla
uptime_sla(const struct uptime *uptime, int64_t target_millionths)
{
    const struct uptime_ratio worst = uptime_worst(uptime);
    const struct uptime_ratio best = uptime_best(uptime);

    if (worst.whole == 0)
        return SLA_NO_DATA;
    if (reaches(&worst, target_millionths))
        return SLA_MET;
    return reaches(&best, target_millionths) ? SLA_INDETERMINATE : SLA_BREACHED;
}

const char *
uptime_sla_name(enum uptime_sla sla)
{
    switch (sla) {
    case SLA_MET:
        return "MET";
    case SLA_BREACHED:
        return "BREACHED";
    case SLA_INDETERMINATE:
        return "INDETERMINATE";
    case SLA_NO_DATA:
        return "NO_DATA";
    }
    return "NO_DATA";
}

uptime_wide
uptime_budget(const struct uptime *uptime, int64_t target_millionths)
{
    return (uptime_wide)(MILLION - target_millionths) *
           (known_ms(uptime) + uptime->unknown_ms);
}

void
uptime_percent(const struct uptime_ratio *ratio, char out[UPTIME_PERCENT_BYTES])
{
    int64_t thousandths;

    if (ratio->whole == 0) {
        (void)snprintf(out, UPTIME_PERCENT_BYTES, "-");
        return;
    }
    thousandths =
        (int64_t)((uptime_wide)ratio->part * 100 * 1000 / ratio->whole);
    (void)snprintf(out, UPTIME_PERCENT_BYTES, "%d.%03d",
        (int)(thousandths / 1000), (int)(thousandths % 1000));
}
