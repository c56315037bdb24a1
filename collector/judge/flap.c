#include "flap.h"

#include <string.h>

/* Of 76 parts: 57 are 0.75, 95 are 1.25, and 2 are a nineteenth of a half. */
enum { WHOLE = 76, OLDEST = 57, STEP = 2, CHANGES = FLAP_VERDICTS - 1 };

void
flap_add(struct flap *flap, bool bad)
{
    if (flap->count == FLAP_VERDICTS) {
        memmove(&flap->bad[0], &flap->bad[1],
            (FLAP_VERDICTS - 1) * sizeof(flap->bad[0]));
        flap->count--;
    }
    flap->bad[flap->count++] = bad;
}

/* The weight of a change does not depend on how many verdicts there are. */
uint32_t
flap_permille(const struct flap *flap)
{
    uint32_t sum = 0;

    for (size_t i = 1; i < flap->count; i++) {
        size_t place = CHANGES - flap->count + i;

        if (flap->bad[i] != flap->bad[i - 1])
            sum += (uint32_t)(OLDEST + STEP * place);
    }
    return sum * 1000 / (WHOLE * CHANGES);
}

size_t
flap_changes(const struct flap *flap)
{
    size_t changes = 0;

    for (size_t i = 1; i < flap->count; i++)
        changes += flap->bad[i] != flap->bad[i - 1];
    return changes;
}

bool
flap_step(const struct flap *flap, bool flapping)
{
    uint32_t permille = flap_permille(flap);

    return flapping ? permille > FLAP_STOP_PERMILLE
                    : permille >= FLAP_START_PERMILLE;
}

bool
flap_is_outage(const struct flap *flap)
{
    size_t run = 0;

    while (run < flap->count && flap->bad[flap->count - 1 - run])
        run++;
    return run >= FLAP_OUTAGE_SLOTS;
}
