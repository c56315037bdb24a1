/*
 * digest_facts.h - what the daily digest says, collected from the store.
 *
 * Reads a month of verdicts and a day of results for each site's main check:
 * meant for once a day.
 */
#ifndef COLLECTOR_DIGEST_FACTS_H
#define COLLECTOR_DIGEST_FACTS_H

#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "mail_digest.h"
#include "store.h"

/* Certificates that end later than this are not named. */
#define DIGEST_SOON_MS (INT64_C(30) * 24 * 3600 * 1000)

struct digest_query {
    const struct conf_history *conf;
    const struct zone *zone; /* of the month that uptime is counted over */
    int64_t from_unix_ms;    /* the last digest, or a day ago */
    int64_t now_unix_ms;
};

/*
 * Fills `digest`: mail_digest_free() it, and only if this returned 0.  Its zone
 * is the query's.  Sites are those of the newest configuration.
 */
int digest_facts_collect(struct store_txn *txn,
    const struct digest_query *query, struct mail_digest *digest,
    struct err *err);

#endif
