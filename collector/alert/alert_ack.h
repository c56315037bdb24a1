/*
 * alert_ack.h - somebody has it: no reminders for a day, the resolve is told
 * all the same.
 */
#ifndef COLLECTOR_ALERT_ACK_H
#define COLLECTOR_ALERT_ACK_H

#include <stdint.h>

#include "err.h"
#include "incident_row.h"
#include "store.h"

/* How long somebody has it who acknowledged it. */
enum { ALERT_ACK_MS = 24 * 3600 * 1000 };

/* When an acknowledgement ends; 0: there is none. */
int64_t alert_ack_until(const char *by, int64_t at_unix_ms);

/*
 * Notes who has it, in the incident or condition and in its notice.  `id` as in
 * incident_get(); `done` gets the whole one.  1: done, 0: there is none, -1:
 * err (ERR_PARSE when it fits several, is over, or `by` is no name).
 */
int alert_ack(struct store_txn *txn, const char *id, const char *by,
    int64_t now_unix_ms, char done[INCIDENT_ID_BYTES], struct err *err);

#endif
