/*
 * recorder.h - puts results into the spool, and sees to it that the disk has
 * them within a second or a hundred results.
 *
 * With them goes up to where each check has been measured, in the same
 * transaction: a slot whose result is on disk is never measured again.
 */
#ifndef AGENT_RECORDER_H
#define AGENT_RECORDER_H

#include <stdbool.h>

#include "err.h"
#include "loop.h"
#include "measure.h"
#include "runner.h"
#include "spool.h"

enum { RECORDER_SYNC_MS = 1000, RECORDER_SYNC_RESULTS = 100 };

struct recorder;

/* Called when results have reached the disk. */
typedef void recorder_synced_fn(void *ctx);

struct recorder_spec {
    struct loop *loop;   /* borrowed */
    struct spool *spool; /* borrowed */
    recorder_synced_fn *synced;
    void *ctx; /* borrowed */
};

struct recorder *recorder_new(
    const struct recorder_spec *spec, struct err *err);

/* Waits for what is being written, begins no more.  NULL is allowed. */
void recorder_free(struct recorder *recorder);

/*
 * Gives the runner what an earlier process left on disk, and keeps what it
 * has measured from now on.  NULL: nothing any more.
 */
void recorder_follow(struct recorder *recorder, struct runner *runner);

/* A result; what cannot be kept is logged and counted by the spool. */
void recorder_take(
    struct recorder *recorder, const struct measure *measure, bool with_facts);

/*
 * Now, and waits for the disk, which nothing else here does: for the end.  A
 * failure is logged.
 */
void recorder_sync(struct recorder *recorder);

#endif
