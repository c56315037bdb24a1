#include "grid_clock.h"

#include "clock.h"
#include "measure.h"

enum { STEP_MS = 500 }; /* less is slewing, followed without a word */

static int64_t
wall_base(const struct grid_reading *reading)
{
    return reading->wall_unix_ms - reading->mono_ns / NS_PER_MS;
}

void
grid_clock_init(struct grid_clock *clock, const struct grid_reading *reading)
{
    *clock = (struct grid_clock){
        .base_ms = wall_base(reading),
        .wall_base_ms = wall_base(reading),
        .slept_ns = reading->boot_ns - reading->mono_ns,
    };
}

bool
grid_clock_steer(struct grid_clock *clock, int64_t offset_ms,
    const struct grid_reading *reading)
{
    int64_t date_ms = reading->wall_unix_ms + offset_ms;

    if (date_ms < MEASURE_MIN_UNIX_MS || date_ms >= MEASURE_END_UNIX_MS)
        return false;
    clock->wall_base_ms = wall_base(reading);
    clock->base_ms = clock->wall_base_ms + offset_ms;
    clock->slept_ns = reading->boot_ns - reading->mono_ns;
    clock->steered = true;
    return true;
}

int64_t
grid_clock_look(struct grid_clock *clock, const struct grid_reading *reading)
{
    int64_t slept_ns = reading->boot_ns - reading->mono_ns;
    int64_t slept_ms = (slept_ns - clock->slept_ns) / NS_PER_MS;
    int64_t set_ms = wall_base(reading) - clock->wall_base_ms;

    clock->wall_base_ms = wall_base(reading);
    if (slept_ms >= STEP_MS)
        clock->slept_ns = slept_ns;
    else
        slept_ms = 0;
    if (clock->steered) {
        clock->base_ms += slept_ms;
        return slept_ms;
    }
    clock->base_ms = clock->wall_base_ms;
    return set_ms >= STEP_MS || set_ms <= -STEP_MS ? set_ms : 0;
}

int64_t
grid_clock_unix_ms(const struct grid_clock *clock, int64_t mono_ns)
{
    return clock->base_ms + mono_ns / NS_PER_MS;
}

int64_t
grid_clock_mono_ns(const struct grid_clock *clock, int64_t unix_ms)
{
    return (unix_ms - clock->base_ms) * NS_PER_MS;
}
