/*
 * alert_view.h - what fires, who was told, what is muted and why, and what is
 * queued: for people who ask.  Over any transaction; writes nothing.
 */
#ifndef COLLECTOR_ALERT_VIEW_H
#define COLLECTOR_ALERT_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "collector_conf.h"
#include "err.h"
#include "hush.h"
#include "mailq.h"
#include "notice_log.h"
#include "silence.h"
#include "store.h"

struct alert_view {
    struct notice_list notices; /* active: whatever may still have to be told */
    struct hush_reason *hushes; /* owned; one a notice, as of `now` */
    struct mailq_row *queue;    /* owned; their messages are left out */
    size_t queue_count;
    struct silence_list silences; /* that last */
};

/* Free it with alert_view_free(), and only if this returned 0. */
int alert_view_read(struct store_txn *txn, const struct config *config,
    int64_t now_unix_ms, struct alert_view *view, struct err *err);
void alert_view_free(struct alert_view *view);

/* "silence", "maintenance", "alert"; "" where nothing mutes it. */
const char *alert_view_mute_name(enum notice_mute mute);

/* "not yet", "firing", "resolved", "withdrawn": what a recipient knows. */
const char *alert_view_told_name(enum notice_told told);

#endif
