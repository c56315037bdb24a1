/*
 * escalate.h - a page that no mail carries goes to the webhooks.
 *
 * A page goes there when a mail of it was not accepted within 60 s of being
 * queued; at once when no mail passes at all (a password that is refused), or
 * when the last recipient who could have got it is refused for good.  It goes
 * to the webhook marked `fallback`, or else to all of them, but not to one
 * that is told anyway.  What was told so is told as over there, too.
 *
 * STORE_META "escalated.ID": the incident whose page went this way.
 */
#ifndef COLLECTOR_ESCALATE_H
#define COLLECTOR_ESCALATE_H

#include <stdbool.h>
#include <stdint.h>

#include "collector_conf.h"
#include "err.h"
#include "mailq.h"
#include "store.h"

enum { ESCALATE_AFTER_MS = 60 * 1000, ESCALATE_LOOK_MS = 1000 };

/*
 * Whether this mail's page goes to the second channel by now.  `living` says
 * that somebody has got it, or may yet.  Pure.
 */
bool escalate_is_due(
    const struct mailq_row *row, bool living, int64_t now_unix_ms);

/* All-zero at first. */
struct escalate {
    int64_t looked_unix_ms;
    bool queued; /* out: something was, in the last run */
};

/*
 * `config` NULL: there is none yet.  Looks at the queue, at most once a second, and queues what is due.
 * *next_unix_ms is moved to when to look again, if that is earlier.
 */
int escalate_run(struct escalate *escalate, struct store_txn *txn,
    const struct config *config, int64_t now_unix_ms, int64_t *next_unix_ms,
    struct err *err);

#endif
