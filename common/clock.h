/*
 * clock.h - the two clocks, and the units their values carry in names.
 *
 * Durations and deadlines are int64_t nanoseconds of the monotonic clock and
 * end in `_ns`.  Moments shown to people or stored are int64_t milliseconds
 * since 1970 UTC and end in `_unix_ms`.  The two never meet in an expression.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

#define NS_PER_US  INT64_C(1000)
#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_SEC INT64_C(1000000000)
#define MS_PER_SEC INT64_C(1000)

/* Never goes back, says nothing about the date. */
int64_t clock_mono_ns(void);

/* The date; may jump when an operator or NTP sets it. */
int64_t clock_unix_ms(void);

#endif
