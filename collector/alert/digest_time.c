#include "digest_time.h"

enum { DEFAULT_MINUTE = 8 * 60 };

/* "08:00"; the configuration has checked it. */
static int64_t
minute_of(const char *at)
{
    for (int i = 0; i < 5; i++) {
        if (i == 2 ? at[i] != ':' : at[i] < '0' || at[i] > '9')
            return DEFAULT_MINUTE;
    }
    return ((at[0] - '0') * 10 + at[1] - '0') * 60 + (at[3] - '0') * 10 +
           at[4] - '0';
}

int64_t
digest_time_next(const struct zone *zone, const char *at, int64_t last_unix_ms)
{
    int64_t days = zone_local_days(zone, last_unix_ms);
    int64_t minute = minute_of(at);
    int64_t due = zone_local_to_unix_ms(zone, days, minute, ZONE_FIRST);

    while (due <= last_unix_ms)
        due = zone_local_to_unix_ms(zone, ++days, minute, ZONE_FIRST);
    return due;
}
