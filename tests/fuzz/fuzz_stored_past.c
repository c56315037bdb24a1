/* A day's past verdicts, as they may be found on disk. */
#include <stdlib.h>
#include <string.h>

#include "past_row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t day_unix_ms = INT64_C(20000) * PAST_DAY_MS;
    const struct bytes row = {.data = data, .len = size};
    int64_t at_unix_ms = day_unix_ms;
    struct past_day day;
    struct buf again;
    struct err err;

    if (past_decode(row, day_unix_ms, &day, &err) != 0)
        return 0;
    for (size_t i = 0; i < day.count; i++) {
        if (day.runs[i].start_unix_ms < at_unix_ms ||
            day.runs[i].length_ms <= 0 || day.runs[i].verdict >= PAST_VERDICTS)
            abort();
        at_unix_ms = day.runs[i].start_unix_ms + day.runs[i].length_ms;
    }
    buf_init(&again, PAST_ROW_MAX_BYTES);
    if (past_encode(&day, day_unix_ms, &again, &err) != 0)
        abort();
    /* Numbers may be written longer than they need be: what is read is the
     * same all the same. */
    if (again.len > size ||
        (again.len == size && memcmp(again.data, data, size) != 0))
        abort();
    buf_free(&again);
    past_day_free(&day);
    return 0;
}
