/*
 * probe_wait.h - a line on stderr while one waits: for what, how long, until
 * when.  It comes only after a moment, only where a line can be rewritten, and
 * is gone before anything else is printed.
 */
#ifndef COLLECTOR_PROBE_WAIT_H
#define COLLECTOR_PROBE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "paper.h"

struct probe_wait {
    struct paper paper; /* stderr */
    const char *target; /* borrowed */
    int64_t timeout_ns;
    bool shown;
    unsigned turn;
};

/* A wait for nothing visible where stderr is no such screen. */
void probe_wait_init(
    struct probe_wait *wait, const char *target, int64_t timeout_ns);
void probe_wait_show(struct probe_wait *wait, int64_t waited_ns);
void probe_wait_erase(struct probe_wait *wait);

#endif
