/*
 * earlier.h - up to where an earlier process has measured each check.
 *
 * Two things tell it: what was noted at the last sync (last_runs.h), and the
 * results that reached the disk after that.  Of each check only the newest is
 * kept, so that memory is bounded by the number of checks: 24 bytes each.
 */
#ifndef AGENT_EARLIER_H
#define AGENT_EARLIER_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "last_runs.h"

enum { EARLIER_MAX = LAST_RUNS_MAX /* checks: 196 kB */ };

struct earlier_run;

/* Zeroed is empty. */
struct earlier {
    struct earlier_run *runs; /* owned, by check id */
    size_t count;
    size_t room;
};

void earlier_free(struct earlier *earlier);

/* From last_runs_encode(); replaces what was there.  On failure nothing is. */
int earlier_take_noted(
    struct earlier *earlier, struct bytes bytes, struct err *err);

/* A slot of which there is a result.  ERR_LIMIT: of too many checks. */
int earlier_take_slot(struct earlier *earlier, uint32_t check_id,
    int64_t slot_unix_ms, struct err *err);

/* The end of its last slot; 0: it was never measured. */
int64_t earlier_until(
    const struct earlier *earlier, uint32_t check_id, int64_t interval_ms);

#endif
