/*
 * last_runs.h - up to where each check has been measured, as it is kept on
 * disk over a restart.  Pure.
 *
 * Bytes, big-endian: 0 version (1) | then, for each check, 4 id and 8 the end
 * of the last slot that was started, ms since 1970.
 */
#ifndef AGENT_LAST_RUNS_H
#define AGENT_LAST_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum { LAST_RUNS_MAX = 8192, LAST_RUNS_MAX_BYTES = 1 + 12 * LAST_RUNS_MAX };

struct last_run {
    uint32_t check_id;
    int64_t end_unix_ms;
};

/* Appends them. */
int last_runs_encode(const struct last_run *runs, size_t count, struct buf *out,
    struct err *err);

/*
 * Gives how many there are and puts them in *out, which the caller frees, or
 * -1: these are not such bytes.
 */
int last_runs_decode(
    const uint8_t *bytes, size_t len, struct last_run **out, struct err *err);

#endif
