/* A line of a file that somebody wants imported. */
#include <stdlib.h>

#include "buf.h"
#include "import_line.h"
#include "wire.h"

/* Far more than facts of full length come to. */
enum { FACTS_MAX_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * What was read can be stored: a mistake must be told with its line, and not
 * when the first lines are written already.
 */
static void
store(const struct facts *facts)
{
    struct buf out;
    struct err err;

    buf_init(&out, FACTS_MAX_BYTES);
    if (wire_facts_encode(facts, &out, &err) != 0 && err.code != ERR_LIMIT)
        abort();
    buf_free(&out);
}

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
    if (line.measure.facts != NULL)
        store(line.measure.facts);
    import_line_free(&line);
    return 0;
}
