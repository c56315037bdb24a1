/*
 * alert_flush.h - goes over all that is active, decides for each recipient,
 * and queues the mails.
 */
#ifndef COLLECTOR_ALERT_FLUSH_H
#define COLLECTOR_ALERT_FLUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "store.h"

struct alert_flush {
    struct store_txn *txn;
    const struct conf_history *conf;
    int64_t now_unix_ms;
    bool draft; /* as alert_set_draft() says */
    /* out: */
    bool queued;          /* mails have been queued */
    size_t active;        /* notices that are left */
    int64_t next_unix_ms; /* when time alone makes something due */
};

int alert_flush_run(struct alert_flush *flush, struct err *err);

#endif
