#include "zone_rule.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "civil.h"

enum {
    OFFSET_HOURS_MAX = 24,
    TIME_HOURS_MAX = 167, /* RFC 8536's extension for version 3 */
    DEFAULT_TIME_S = 7200,
    SECONDS_PER_DAY = 86400
};

/* "CET" or "<+0330>"; moves on. */
static int
take_abbreviation(const char **at, char *out)
{
    bool quoted = **at == '<';
    size_t len = 0;

    *at += quoted;
    while (isalpha((unsigned char)(*at)[len]) ||
           (quoted && (isdigit((unsigned char)(*at)[len]) ||
                          (*at)[len] == '+' || (*at)[len] == '-')))
        len++;
    if (len < 3 || len >= ZONE_ABBREVIATION_BYTES)
        return -1;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len;
    if (quoted && *(*at)++ != '>')
        return -1;
    return 0;
}

static int
take_number(const char **at, int max, int *out)
{
    int value = 0;

    if (!isdigit((unsigned char)**at))
        return -1;
    for (; isdigit((unsigned char)**at); (*at)++) {
        value = value * 10 + (**at - '0');
        if (value > max)
            return -1;
    }
    *out = value;
    return 0;
}

/* "[+-]h[h][:mm[:ss]]" as seconds. */
static int
take_time(const char **at, int hours_max, int32_t *out_s)
{
    bool negative = **at == '-';
    int hours;
    int minutes = 0;
    int seconds = 0;

    *at += **at == '-' || **at == '+';
    if (take_number(at, hours_max, &hours) != 0)
        return -1;
    if (**at == ':') {
        (*at)++;
        if (take_number(at, 59, &minutes) != 0)
            return -1;
        if (**at == ':') {
            (*at)++;
            if (take_number(at, 59, &seconds) != 0)
                return -1;
        }
    }
    *out_s = (hours * 60 + minutes) * 60 + seconds;
    if (negative)
        *out_s = -*out_s;
    return 0;
}

static int
take_date(const char **at, struct zone_change *change)
{
    if (**at == 'J') {
        (*at)++;
        change->kind = CHANGE_JULIAN;
        return take_number(at, 365, &change->day) == 0 && change->day >= 1 ? 0
                                                                           : -1;
    }
    if (**at != 'M') {
        change->kind = CHANGE_DAY;
        return take_number(at, 365, &change->day);
    }
    (*at)++;
    change->kind = CHANGE_WEEKDAY;
    if (take_number(at, 12, &change->month) != 0 || *(*at)++ != '.' ||
        take_number(at, 5, &change->week) != 0 || *(*at)++ != '.' ||
        take_number(at, 6, &change->weekday) != 0)
        return -1;
    return change->month >= 1 && change->week >= 1 ? 0 : -1;
}

static int
take_change(const char **at, struct zone_change *change)
{
    if (*(*at)++ != ',' || take_date(at, change) != 0)
        return -1;
    change->time_s = DEFAULT_TIME_S;
    if (**at != '/')
        return 0;
    (*at)++;
    return take_time(at, TIME_HOURS_MAX, &change->time_s);
}

int
zone_rule_decode(const char *text, struct zone_rule *rule)
{
    const char *at = text;
    int32_t west_s;

    *rule = (struct zone_rule){0};
    if (take_abbreviation(&at, rule->standard) != 0 ||
        take_time(&at, OFFSET_HOURS_MAX, &west_s) != 0)
        return -1;
    rule->standard_s = -west_s;
    if (*at == '\0')
        return 0;
    rule->has_summer = true;
    if (take_abbreviation(&at, rule->summer) != 0)
        return -1;
    rule->summer_s = rule->standard_s + 3600;
    if (*at != ',') {
        if (take_time(&at, OFFSET_HOURS_MAX, &west_s) != 0)
            return -1;
        rule->summer_s = -west_s;
    }
    if (take_change(&at, &rule->begin) != 0 ||
        take_change(&at, &rule->end) != 0)
        return -1;
    return *at == '\0' ? 0 : -1;
}

static int64_t
change_day(const struct zone_change *change, int64_t year)
{
    int64_t first = civil_days(year, 1, 1);
    int64_t day;

    switch (change->kind) {
    case CHANGE_DAY:
        return first + change->day;
    case CHANGE_JULIAN:
        day = change->day - 1;
        return first + day + (civil_is_leap(year) && change->day >= 60);
    case CHANGE_WEEKDAY:
        break;
    }
    first = civil_days(year, change->month, 1);
    day = (change->weekday - civil_weekday(first) + 7) % 7 +
          7 * (change->week - 1);
    if (day >= civil_month_days(year, change->month))
        day -= 7;
    return first + day;
}

bool
zone_rule_is_summer(const struct zone_rule *rule, int64_t unix_s)
{
    int64_t local_s = unix_s + rule->standard_s;
    int64_t days = local_s / SECONDS_PER_DAY - (local_s % SECONDS_PER_DAY < 0);
    int64_t year;
    int64_t month;
    int64_t day;
    int64_t begin_s;
    int64_t end_s;

    if (!rule->has_summer)
        return false;
    civil_from_days(days, &year, &month, &day);
    begin_s = change_day(&rule->begin, year) * SECONDS_PER_DAY +
              rule->begin.time_s - rule->standard_s;
    end_s = change_day(&rule->end, year) * SECONDS_PER_DAY + rule->end.time_s -
            rule->summer_s;
    if (begin_s < end_s)
        return unix_s >= begin_s && unix_s < end_s;
    return unix_s >= begin_s || unix_s < end_s;
}
