#include "probe_tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void
probe_tally_free(struct probe_tally *tally)
{
    for (int phase = 0; phase <= PHASE_TOTAL; phase++)
        quantiles_free(&tally->phases[phase]);
}

static void
add_step(struct probe_tally *tally, int64_t total_us)
{
    if (tally->of_status[MEASURE_UP] + tally->of_status[MEASURE_SLOW] > 1) {
        tally->steps++;
        tally->steps_us += llabs(total_us - tally->served_us);
    }
    tally->served_us = total_us;
}

void
probe_tally_add(struct probe_tally *tally, const struct measure *measure)
{
    bool served = measure_votes_up(measure);

    tally->last_us[tally->seen % PROBE_TALLY_SPARKS] =
        served ? measure->phase_us[PHASE_TOTAL] : -1;
    tally->seen++;
    tally->of_status[measure->status]++;
    if (measure->reason != REASON_NONE)
        tally->of_reason[measure->reason]++;
    if (served)
        add_step(tally, measure->phase_us[PHASE_TOTAL]);
    for (int phase = 0; phase <= PHASE_TOTAL && served; phase++) {
        if (measure->phase_us[phase] != PHASE_NOT_REACHED)
            quantiles_add(&tally->phases[phase], measure->phase_us[phase]);
    }
}

int64_t
probe_tally_loss(const struct probe_tally *tally)
{
    uint64_t down = tally->of_status[MEASURE_DOWN];
    uint64_t answers =
        tally->of_status[MEASURE_UP] + tally->of_status[MEASURE_SLOW] + down;

    if (answers == 0)
        return -1;
    return (int64_t)((down * 100000 + answers - 1) / answers);
}

void
probe_tally_put_loss(const struct probe_tally *tally, char *out, size_t size)
{
    int64_t thousandths = probe_tally_loss(tally);
    int64_t tenths = (thousandths + 99) / 100;

    if (thousandths < 0)
        (void)snprintf(out, size, "-");
    else
        (void)snprintf(
            out, size, "%" PRId64 ".%" PRId64 " %%", tenths / 10, tenths % 10);
}

int64_t
probe_tally_jitter_us(const struct probe_tally *tally)
{
    return tally->steps > 0 ? tally->steps_us / (int64_t)tally->steps : -1;
}

int64_t
probe_tally_top_us(const struct probe_tally *tally)
{
    size_t count = tally->seen < PROBE_TALLY_SPARKS ? (size_t)tally->seen
                                                    : PROBE_TALLY_SPARKS;
    int64_t top_us = 0;

    for (size_t i = 0; i < count; i++) {
        if (tally->last_us[i] > top_us)
            top_us = tally->last_us[i];
    }
    return top_us;
}
