/*
 * probe_target.h - the words of `leadline probe` into a check.  Pure.
 */
#ifndef COLLECTOR_PROBE_TARGET_H
#define COLLECTOR_PROBE_TARGET_H

#include <jansson.h>

#include "check.h"
#include "err.h"

/*
 * Fills `check`; check_free() it.  The kind follows from the target unless
 * told: http for an http(s) URL, tls for tls://HOST:PORT, tcp for
 * tcp://HOST:PORT, dns for a bare name.  ERR_PARSE with a sentence.
 */
int probe_target_take(const json_t *args, struct check *check, struct err *err);

/* How often: once unless --count or --interval is given. */
struct probe_times {
    bool many;     /* it was: a line each, and a summary */
    int64_t count; /* 0: until somebody ends it */
    int64_t interval_ms;
};

int probe_times_take(
    const json_t *args, struct probe_times *times, struct err *err);

#endif
