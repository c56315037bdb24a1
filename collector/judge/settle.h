/*
 * settle.h - runs a check's incident machines over its verdicts as they are
 * now, and makes the stored incidents say the same.
 */
#ifndef COLLECTOR_SETTLE_H
#define COLLECTOR_SETTLE_H

#include "watch_parts.h"

/*
 * Computes the check's incidents anew from where its verdicts changed, stores
 * what is different and tells it.  Clears the changes.
 */
int settle_check(struct watch *watch, struct watch_check *check,
    struct store_txn *txn, const struct watch_sink *sink, struct err *err);

#endif
