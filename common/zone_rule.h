/*
 * zone_rule.h - the POSIX TZ string as TZif files carry it in their footer:
 * "CET-1CEST,M3.5.0,M10.5.0/3".  Pure; an implementation part of zone.h.
 */
#ifndef COMMON_ZONE_RULE_H
#define COMMON_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum { ZONE_ABBREVIATION_BYTES = 16 };

/* One change a year. */
struct zone_change {
    enum { CHANGE_WEEKDAY, CHANGE_JULIAN, CHANGE_DAY } kind;
    int month;      /* 1..12, for CHANGE_WEEKDAY as the next two */
    int week;       /* 1..4, 5: the last */
    int weekday;    /* 0 Sunday .. 6 */
    int day;        /* JULIAN 1..365 without 29 February; DAY 0..365 with it */
    int32_t time_s; /* of the day, on the clocks before the change */
};

struct zone_rule {
    char standard[ZONE_ABBREVIATION_BYTES];
    int32_t standard_s; /* ahead of UTC */
    bool has_summer;
    char summer[ZONE_ABBREVIATION_BYTES];
    int32_t summer_s;
    struct zone_change begin; /* of summer time */
    struct zone_change end;
};

/* -1 if the text is not such a rule. */
int zone_rule_decode(const char *text, struct zone_rule *rule);

bool zone_rule_is_summer(const struct zone_rule *rule, int64_t unix_s);

#endif
