/*
 * live.h - the open slots of a check: votes in memory, judged as soon as what
 * is missing cannot change them.
 */
#ifndef COLLECTOR_LIVE_H
#define COLLECTOR_LIVE_H

#include "watch_parts.h"

/*
 * Notes a result that may vote, of a slot that is open.  1: noted, or of no
 * region that counts; 0: there is no room for its slot; -1: err.
 */
int live_note(struct watch_check *check, struct store_txn *txn,
    const struct raw_result *result, int64_t start_unix_ms, bool imported,
    struct err *err);

/* Judges what has news or is over, and writes what changed. */
int live_judge(struct watch *watch, struct watch_check *check,
    struct store_txn *txn, struct err *err);

/*
 * Forgets the votes of a slot that is judged from raw now that it is over: raw
 * has them all, and these may be only what came since a restart.  Gives
 * whether any was not imported.
 */
bool live_drop(struct watch_check *check,
    const struct timeline_segment *segment, int64_t start_unix_ms);

/* When time alone will let the next slot be judged; INT64_MAX: never. */
int64_t live_next(const struct watch_check *check);

/*
 * The check's first slot has moved back: where its hours begin is another
 * moment now, for slots that are open, too.
 */
void live_follow(struct watch_check *check);

void live_clear(struct watch_check *check);

#endif
