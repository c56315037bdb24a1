/*
 * raise_budget.h - BUDGET and P95: what was promised for a month or an hour,
 * against what it was.  Pure.
 */
#ifndef COLLECTOR_RAISE_BUDGET_H
#define COLLECTOR_RAISE_BUDGET_H

#include "condition.h"
#include "conf_history.h"
#include "zone.h"

/* A check's running month. */
struct raise_month {
    const struct conf_check *check;
    int64_t from_unix_ms; /* the calendar month, whole */
    int64_t to_unix_ms;
    int64_t down_ms;  /* so far, without maintenance */
    int64_t maint_ms; /* so far */
    char name[16];    /* "2026-11" */
    int64_t now_unix_ms;
};

/*
 * Half (ticket) and all (notify) of what the target allows for the whole month
 * is used up: events, told once a month.  What is allowed so far would say in
 * the first hour of each month that a minute is too much.
 */
int raise_budget(const struct raise_month *month,
    struct condition_claims *claims, struct err *err);

/* A check's last hour. */
struct raise_hour {
    const struct conf_check *check;
    uint64_t n;
    int64_t p95_us; /* -1: too few */
    bool held;      /* it is raised */
    int64_t now_unix_ms;
};

enum { RAISE_P95_MIN = 20 };

/*
 * Missed: over expect.p95; once raised until it is 5 % below.  Too few values
 * change nothing.
 */
int raise_p95(const struct raise_hour *hour, struct condition_claims *claims,
    struct err *err);

#endif
