#include "wire_phase.h"

#include <inttypes.h>
#include <string.h>

int
wire_phases_check(const int64_t phase_us[PHASE_COUNT], struct err *err)
{
    for (int i = 0; i < PHASE_COUNT; i++) {
        if (phase_us[i] < PHASE_NOT_REACHED || phase_us[i] > PHASE_MAX_US)
            return err_set(err, ERR_PARSE,
                "phase %s of %" PRId64 " us (at most %d)", phase_name(i),
                phase_us[i], (int)PHASE_MAX_US);
    }
    return 0;
}

void
wire_phases_put(const struct wire_phases *where,
    const int64_t phase_us[PHASE_COUNT], void *message)
{
    for (int i = 0; i < PHASE_COUNT; i++) {
        uint32_t plus_one = (uint32_t)(phase_us[i] + 1);

        memcpy((char *)message + where->offset[i], &plus_one, sizeof(plus_one));
    }
}

int
wire_phases_take(const struct wire_phases *where, const void *message,
    int64_t phase_us[PHASE_COUNT], struct err *err)
{
    for (int i = 0; i < PHASE_COUNT; i++) {
        uint32_t plus_one;

        memcpy(&plus_one, (const char *)message + where->offset[i],
            sizeof(plus_one));
        phase_us[i] = (int64_t)plus_one - 1;
    }
    return wire_phases_check(phase_us, err);
}
