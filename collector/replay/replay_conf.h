/*
 * replay_conf.h - other settings as if they had always been in force.
 */
#ifndef COLLECTOR_REPLAY_CONF_H
#define COLLECTOR_REPLAY_CONF_H

#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "text.h"

/*
 * The versions of `stored` from the one in force at `from_unix_ms` on, each
 * saying what `yaml` says.  What was measured cannot be changed: intervals,
 * timeouts and kinds of checks stay, and regions that did not measure are left
 * out.  `notes` gets a sentence for each such thing.  What was changed by
 * command is that of the newest.  NULL on failure.
 */
struct conf_history *replay_conf_make(const struct conf_history *stored,
    const char *yaml, int64_t from_unix_ms, struct strlist *notes,
    struct err *err);

/* Each check that any version has, once; 0 or what `fn` failed with. */
typedef int replay_check_fn(
    void *ctx, const struct conf_check *check, struct err *err);
int replay_conf_each_check(const struct conf_history *conf, replay_check_fn *fn,
    void *ctx, struct err *err);

#endif
