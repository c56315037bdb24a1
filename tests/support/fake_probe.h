/*
 * fake_probe.h - probes that do nothing until a test says what they saw.
 *
 * fake_probe.c defines the symbols of agent/probe/probe.h; link one or the
 * other.
 */
#ifndef TESTS_FAKE_PROBE_H
#define TESTS_FAKE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "probe.h"

/* Forgets everything; asserts that no probe runs. */
void fake_probe_reset(void);

/* How many run now, and how many were ever started. */
size_t fake_probe_running(void);
size_t fake_probe_started(void);

/* The run of the i-th of those that run now, oldest first. */
const struct probe_run *fake_probe_run(size_t i);
const struct check *fake_probe_check(size_t i);

/* Ends the i-th of those that run now.  The facts are taken over. */
void fake_probe_end(size_t i, enum measure_status status,
    enum measure_reason reason, struct facts *facts);

/* The next starts fail, as if memory were out. */
void fake_probe_fail_starts(bool fail);

#endif
