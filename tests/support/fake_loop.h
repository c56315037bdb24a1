/*
 * fake_loop.h - a loop whose time moves only when a test says so.
 *
 * fake_loop.c defines the symbols of common/loop.c; link one or the other.
 * Descriptors are real: fake_loop_pump() polls them.
 */
#ifndef TESTS_FAKE_LOOP_H
#define TESTS_FAKE_LOOP_H

#include <stdint.h>

#include "loop.h"

/*
 * Handles what the descriptors have to say, waiting up to two seconds for the
 * first; returns how many callbacks ran.  Fake time stands still.
 */
int fake_loop_pump(struct loop *loop);

/* The same, without waiting. */
int fake_loop_poll(struct loop *loop);

/* Moves time on, calling each timer at its own moment. */
void fake_loop_advance_ns(struct loop *loop, int64_t step_ns);

/*
 * Moves time on as a machine does that stands still: what has become due is
 * called late, by fake_loop_fire_due(), once.
 */
void fake_loop_stand_still_ns(struct loop *loop, int64_t step_ns);

/* Calls what is due now. */
void fake_loop_fire_due(struct loop *loop);

/* What loop_lag_ns() says from now on. */
void fake_loop_set_lag_ns(struct loop *loop, int64_t lag_ns);

/* How many timers are armed. */
int fake_loop_timer_count(const struct loop *loop);

/* Calls the callback of a started signal, as if it had come. */
void fake_loop_raise(struct loop *loop, int signum);

#endif
