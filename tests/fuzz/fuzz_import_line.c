/* A line of a file that somebody wants imported. */
#include <stdlib.h>

#include "import_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import_line line;
    struct err err;

    if (import_line_parse((const char *)data, size, &line, &err) != 0) {
        if (line.measure.facts != NULL || err.msg[0] == '\0')
            abort();
        return 0;
    }
    if (line.measure.check_id != check_id_of(line.check) ||
        line.measure.status >= MEASURE_STATUS_COUNT ||
        line.measure.reason >= REASON_COUNT ||
        line.measure.attempt > MEASURE_ATTEMPT_MAX ||
        !text_is_name(line.region) || !text_is_name(line.agent))
        abort();
    for (int p = 0; p < PHASE_COUNT; p++) {
        if (line.measure.phase_us[p] < PHASE_NOT_REACHED ||
            line.measure.phase_us[p] > PHASE_MAX_US)
            abort();
    }
    import_line_free(&line);
    return 0;
}
