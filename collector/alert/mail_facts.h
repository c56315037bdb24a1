/*
 * mail_facts.h - what a mail about an incident says, collected from the store.
 */
#ifndef COLLECTOR_MAIL_FACTS_H
#define COLLECTOR_MAIL_FACTS_H

#include "conf_history.h"
#include "err.h"
#include "mail_text.h"
#include "store.h"

struct mail_facts_query {
    const struct conf_history *conf;
    const struct incident_row *incident; /* its head, of a condition too */
    const struct condition *condition;   /* NULL: it is an incident of slots */
    enum mail_state state;
    bool was_down;
    enum conf_severity severity;
    const struct zone *zone; /* of the month that uptime is counted over */
    int64_t now_unix_ms;
};

/*
 * Fills `facts` (mail_facts_free() it, and only if this returned 0).  What is
 * no longer in the store is left out.  `facts->zone` is the query's.
 */
int mail_facts_collect(struct store_txn *txn,
    const struct mail_facts_query *query, struct mail_facts *facts,
    struct err *err);

#endif
