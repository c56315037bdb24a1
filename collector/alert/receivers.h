/*
 * receivers.h - who is told of an alert.  Pure.
 *
 * As configured: from_severity, sites; without any receiver, mail.to gets
 * notify and above.  An address that several receivers name is told once.
 */
#ifndef COLLECTOR_RECEIVERS_H
#define COLLECTOR_RECEIVERS_H

#include <stddef.h>

#include "collector_conf.h"
#include "err.h"

struct receiver_mail {
    const char *address;  /* borrowed from the configuration */
    const char *timezone; /* likewise; never NULL */
};

struct receiver_list {
    struct receiver_mail *items; /* owned */
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
