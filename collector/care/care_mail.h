/*
 * care_mail.h - what people are told of the collector itself: its store is
 * filling up, a backup failed, a damaged store was replaced.
 *
 * Such a matter is bad or well; it is told once when it turns, to whoever gets
 * `notify`, each matter in a thread of its own.  What was told is kept in the
 * store, so that a restart tells nothing twice.
 */
#ifndef COLLECTOR_CARE_MAIL_H
#define COLLECTOR_CARE_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "collector_conf.h"
#include "err.h"
#include "store.h"

/* Stored: may only grow at its end. */
enum care_matter { CARE_STORE_FULL, CARE_BACKUP, CARE_DAMAGED, CARE_MATTERS };

struct care_news {
    enum care_matter matter;
    bool bad;
    int64_t now_unix_ms;
    const char *title;  /* the first line: what is so */
    const char *detail; /* what was said by whom; "" */
    const char *advice; /* what to do; "" */
};

/* As in X-Alert and in the log: "STORE_FULL". */
const char *care_matter_name(enum care_matter matter);

/*
 * Queues mails unless that was told already; *queued says that there are new
 * ones.  CARE_DAMAGED is told each time.
 */
int care_mail_tell(struct store_txn *txn, const struct config *config,
    const struct care_news *news, bool *queued, struct err *err);

#endif
