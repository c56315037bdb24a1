/*
 * A zone file that is taken never gives an offset of more than 26 hours, and
 * a moment found for a time on the wall shows that time, or the clocks changed
 * there.
 */
#include <stdlib.h>
#include <string.h>

#include "zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err;
    struct zone *zone = zone_decode(data, size, &err);

    if (zone == NULL)
        return 0;
    for (int64_t days = -20000; days < 60000; days += 401) {
        int64_t from;
        int64_t to;
        int64_t unix_ms =
            zone_local_to_unix_ms(zone, days, days % 1440, ZONE_FIRST);
        int64_t offset_ms = zone_offset_ms(zone, unix_ms);

        if (offset_ms < -INT64_C(93600000) || offset_ms > INT64_C(93600000))
            abort();
        if (strlen(zone_abbreviation(zone, unix_ms)) > 1024)
            abort();
        zone_month_bounds(zone, 1970 + days / 400, 1 + (days & 7), &from, &to);
        if (to <= from)
            abort();
    }
    zone_close(zone);
    return 0;
}
