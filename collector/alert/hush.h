/*
 * hush.h - whether anything new is told of an alert now, and if not, why.
 *
 * In the order in which people ask: a silence somebody made, a window of
 * maintenance (or a paused check), a louder alert (inhibit.h).
 */
#ifndef COLLECTOR_HUSH_H
#define COLLECTOR_HUSH_H

#include <stdint.h>

#include "collector_conf.h"
#include "err.h"
#include "notice_log.h"
#include "store.h"

struct hush;

/* Reads the silences.  List and config are borrowed. */
struct hush *hush_new(struct store_txn *txn, const struct notice_list *list,
    const struct config *config, int64_t now_unix_ms, struct err *err);
/* NULL is allowed. */
void hush_free(struct hush *hush);

struct hush_reason {
    enum notice_mute mute;
    char by[INCIDENT_ID_BYTES]; /* the alert or silence; "" */
};

/* For the recipient of that address; NULL: for anybody.  `notice` stands in the
 * list. */
struct hush_reason hush_reason_of(
    const struct hush *hush, const struct notice *notice, const char *address);

#endif
