/*
 * receivers.h - who is told of an alert.  Pure.
 *
 * As configured: from_severity, sites; without any receiver, mail.to gets
 * notify and above and every webhook gets pages.  An address that several
 * receivers name is told once.
 */
#ifndef COLLECTOR_RECEIVERS_H
#define COLLECTOR_RECEIVERS_H

#include <stddef.h>

#include "collector_conf.h"
#include "err.h"
#include "mailq.h"

struct receiver {
    char address[MAILQ_ADDRESS_BYTES]; /* of a mail, or "webhook:NAME" */
    const char *timezone; /* borrowed from the configuration; never NULL */
    const struct conf_webhook *webhook; /* likewise; NULL: it gets mails */
};

struct receiver_list {
    struct receiver *items; /* owned */
    size_t count;
};

/*
 * Of a site's name, or NOTICE_FLEET: agents, regions and the collector are told
 * to receivers of all sites, or where there is none to every receiver.
 */
int receivers_of(const struct config *config, const char *group,
    enum conf_severity severity, struct receiver_list *list, struct err *err);
/* Every mail address that may be told anything, each once.  -1: no memory. */
int receivers_all(const struct config *config, struct strlist *all);
void receiver_list_free(struct receiver_list *list);

#endif
