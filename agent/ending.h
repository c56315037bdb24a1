/*
 * ending.h - from the first SIGTERM or SIGINT to the end of the loop.
 *
 * No probe is started any more; what waits is told as agent_skipped; what runs
 * has three seconds to finish and is then told as agent_skipped too; the spool
 * is synced, and the loop stopped.  A second signal ends the process at once,
 * even where the first is stuck in a disk that does not answer: all that is
 * lost is what had not reached the disk yet.
 */
#ifndef AGENT_ENDING_H
#define AGENT_ENDING_H

#include "err.h"
#include "loop.h"
#include "notify.h"
#include "recorder.h"
#include "runner.h"

enum { ENDING_GRACE_MS = 3000 };

struct ending;

/* All borrowed. */
struct ending_spec {
    struct loop *loop;
    struct runner *runner;
    struct recorder *recorder;
    struct notify *notify;
};

struct ending *ending_new(const struct ending_spec *spec, struct err *err);

/* NULL is allowed. */
void ending_free(struct ending *ending);

#endif
