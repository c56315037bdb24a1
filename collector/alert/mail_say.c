#include "mail_say.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "civil.h"

enum {
    MS_PER_S = 1000,
    S_PER_MIN = 60,
    S_PER_HOUR = 3600,
    S_PER_DAY = 86400,
    US_PER_MS = 1000,
    US_PER_S = 1000000
};

/* A date and time on some wall. */
struct wall {
    int64_t year;
    int64_t month;
    int64_t day;
    int weekday;
    int hour;
    int minute;
    int second;
};

static struct wall
wall_of(const struct zone *zone, int64_t unix_ms)
{
    int64_t local_ms = unix_ms + zone_offset_ms(zone, unix_ms);
    int64_t days = local_ms / CIVIL_MS_PER_DAY;
    int64_t rest_ms = local_ms % CIVIL_MS_PER_DAY;
    struct wall wall;
    int seconds;

    if (rest_ms < 0) {
        days--;
        rest_ms += CIVIL_MS_PER_DAY;
    }
    seconds = (int)(rest_ms / MS_PER_S);
    civil_from_days(days, &wall.year, &wall.month, &wall.day);
    wall.weekday = civil_weekday(days);
    wall.hour = seconds / S_PER_HOUR;
    wall.minute = seconds / S_PER_MIN % 60;
    wall.second = seconds % S_PER_MIN;
    return wall;
}

static void
two_units(int64_t first, const char *first_unit, int64_t second,
    const char *second_unit, char *out)
{
    if (second == 0)
        (void)snprintf(out, SAY_BYTES, "%lld %s", (long long)first, first_unit);
    else
        (void)snprintf(out, SAY_BYTES, "%lld %s %lld %s", (long long)first,
            first_unit, (long long)second, second_unit);
}

void
say_span(int64_t span_ms, char out[SAY_BYTES])
{
    int64_t s = span_ms < 0 ? 0 : span_ms / MS_PER_S;

    if (s < S_PER_MIN)
        (void)snprintf(out, SAY_BYTES, "%lld s", (long long)s);
    else if (s < S_PER_HOUR)
        two_units(s / S_PER_MIN, "m", s % S_PER_MIN, "s", out);
    else if (s < S_PER_DAY)
        two_units(s / S_PER_HOUR, "h", s % S_PER_HOUR / S_PER_MIN, "m", out);
    else
        two_units(s / S_PER_DAY, "d", s % S_PER_DAY / S_PER_HOUR, "h", out);
}

void
say_latency(int64_t us, char out[SAY_BYTES])
{
    if (us < 0)
        (void)snprintf(out, SAY_BYTES, "-");
    else if (us < INT64_C(10) * US_PER_MS)
        (void)snprintf(out, SAY_BYTES, "%lld.%lld ms",
            (long long)(us / US_PER_MS), (long long)(us % US_PER_MS / 100));
    else if (us < US_PER_S)
        (void)snprintf(out, SAY_BYTES, "%lld ms", (long long)(us / US_PER_MS));
    else
        (void)snprintf(out, SAY_BYTES, "%lld.%02lld s",
            (long long)(us / US_PER_S), (long long)(us % US_PER_S / 10000));
}

void
say_clock(const struct zone *zone, int64_t unix_ms, char out[SAY_BYTES])
{
    struct wall wall = wall_of(zone, unix_ms);

    (void)snprintf(
        out, SAY_BYTES, "%02d:%02d:%02d", wall.hour, wall.minute, wall.second);
}

void
say_minute(const struct zone *zone, int64_t unix_ms, char out[SAY_BYTES])
{
    struct wall wall = wall_of(zone, unix_ms);

    (void)snprintf(out, SAY_BYTES, "%02d:%02d", wall.hour, wall.minute);
}

static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void
say_short(const struct zone *zone, int64_t unix_ms, int64_t now_unix_ms,
    char out[SAY_BYTES])
{
    struct wall wall = wall_of(zone, unix_ms);

    if (zone_local_days(zone, unix_ms) == zone_local_days(zone, now_unix_ms)) {
        say_clock(zone, unix_ms, out);
        return;
    }
    (void)snprintf(out, SAY_BYTES, "%d %s %02d:%02d:%02d", (int)wall.day,
        months[wall.month - 1], wall.hour, wall.minute, wall.second);
}

void
say_moment(const struct zone *zone, int64_t unix_ms, char out[SAY_BYTES])
{
    struct wall wall = wall_of(zone, unix_ms);
    const char *name = zone_abbreviation(zone, unix_ms);
    char utc[SAY_BYTES] = "";
    char clock[SAY_BYTES];

    if (strcmp(name, "UTC") != 0) {
        say_clock(NULL, unix_ms, clock);
        (void)snprintf(utc, sizeof(utc), " (%.8s UTC)", clock);
    }
    (void)snprintf(out, SAY_BYTES,
        "%04lld-%02lld-%02lld %02d:%02d:%02d %.8s%.16s", (long long)wall.year,
        (long long)wall.month, (long long)wall.day, wall.hour, wall.minute,
        wall.second, name, utc);
}

void
say_mail_date(int64_t unix_ms, char out[SAY_BYTES])
{
    static const char days[][4] = {
        "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    struct wall wall = wall_of(NULL, unix_ms);

    (void)snprintf(out, SAY_BYTES, "%s, %02d %s %04lld %02d:%02d:%02d +0000",
        days[wall.weekday], (int)wall.day, months[wall.month - 1],
        (long long)wall.year, wall.hour, wall.minute, wall.second);
}
