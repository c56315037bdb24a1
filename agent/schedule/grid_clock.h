/*
 * grid_clock.h - the collector's time as this agent knows it.  Pure.
 *
 * It runs on the monotonic clock plus a base, so that a local clock that is
 * set does not move the slots.  The base comes from the collector's offset;
 * until one is known, from the local date, which is then followed when it
 * jumps.  Time the machine slept through (which the monotonic clock does not
 * count and CLOCK_BOOTTIME does) is added as it is noticed.
 */
#ifndef AGENT_GRID_CLOCK_H
#define AGENT_GRID_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* One reading of this machine's clocks, taken together. */
struct grid_reading {
    int64_t mono_ns;
    int64_t boot_ns; /* like mono_ns, sleep counted */
    int64_t wall_unix_ms;
};

struct grid_clock {
    int64_t base_ms; /* the collector's date at the monotonic clock's zero */
    int64_t wall_base_ms;
    int64_t slept_ns;
    bool steered; /* by the collector */
};

void grid_clock_init(
    struct grid_clock *clock, const struct grid_reading *reading);

/*
 * The collector's clock minus this machine's date, just now.  False, and
 * nothing changes, if that is no date that a result can have: slots on it
 * would cost every result.
 */
bool grid_clock_steer(struct grid_clock *clock, int64_t offset_ms,
    const struct grid_reading *reading);

/*
 * To be called about once a second.  Gives by how much the clock had to be
 * moved, 0 if the machine neither slept nor (while not steered) was set.
 */
int64_t grid_clock_look(
    struct grid_clock *clock, const struct grid_reading *reading);

int64_t grid_clock_unix_ms(const struct grid_clock *clock, int64_t mono_ns);

/* The moment at which grid_clock_unix_ms() will be `unix_ms`. */
int64_t grid_clock_mono_ns(const struct grid_clock *clock, int64_t unix_ms);

#endif
