#include "clock_offset.h"

enum { AWAY_MAX_MS = 30000, STEP_MS = 500 };

/*
 * True if both can be of clocks that have run alike since: each is off by no
 * more than half its delay.
 */
static bool
agree(const struct clock_sample *a, const struct clock_sample *b)
{
    int64_t apart_ms = a->ahead_ms - b->ahead_ms;
    int64_t limit_ms = (a->delay_ms + b->delay_ms) / 2 + STEP_MS;

    return apart_ms <= limit_ms && apart_ms >= -limit_ms;
}

/* The last that was taken; there is one. */
static const struct clock_sample *
latest(const struct clock_offset *clock)
{
    return &clock->samples[(clock->taken - 1) % CLOCK_OFFSET_SAMPLES];
}

void
clock_offset_take(
    struct clock_offset *clock, const struct wire_pong *pong, int64_t boot_ms)
{
    int64_t away_ms = boot_ms - pong->t0_boot_ms;
    int64_t held_ms = pong->t2_wall_ms - pong->t1_wall_ms;
    struct clock_sample sample;

    /* No answer to a PING of ours, or the other clock was set meanwhile. */
    if (away_ms < 0 || away_ms > AWAY_MAX_MS || held_ms < 0 ||
        held_ms > away_ms)
        return;
    sample = (struct clock_sample){
        .delay_ms = away_ms - held_ms,
        .ahead_ms =
            pong->t1_wall_ms + held_ms / 2 - (pong->t0_boot_ms + away_ms / 2),
    };
    /* This machine slept, or the other clock was set: what was is past. */
    if (clock->taken > 0 && !agree(latest(clock), &sample))
        clock->taken = 0;
    clock->samples[clock->taken++ % CLOCK_OFFSET_SAMPLES] = sample;
}

bool
clock_offset_ms(const struct clock_offset *clock, int64_t boot_ms,
    int64_t wall_ms, int64_t *offset_ms)
{
    const struct clock_sample *best = &clock->samples[0];
    unsigned count = clock->taken;

    if (count == 0)
        return false;
    if (count > CLOCK_OFFSET_SAMPLES)
        count = CLOCK_OFFSET_SAMPLES;
    for (unsigned i = 1; i < count; i++) {
        if (clock->samples[i].delay_ms < best->delay_ms)
            best = &clock->samples[i];
    }
    *offset_ms = best->ahead_ms + boot_ms - wall_ms;
    return true;
}
