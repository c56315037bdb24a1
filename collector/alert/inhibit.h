/*
 * inhibit.h - which alert keeps quiet because another one says it better.
 * Pure.
 *
 * The rules are those of semantics.md: the collector's own isolation over all;
 * a region's network over what is bad from that region only; a blind region
 * over its silent agents; an outage of the whole over its regions and over
 * slowness; a parent (depends_on) over its children; and for one host, scope
 * and severity DNS over TCP over TLS over HTTP over page over form.  What flaps
 * is told as that, and its outages only when they last.  An alert
 * never mutes one of higher severity, nor for whom it is not told itself.
 */
#ifndef COLLECTOR_INHIBIT_H
#define COLLECTOR_INHIBIT_H

#include <stdbool.h>
#include <stddef.h>

#include "collector_conf.h"
#include "err.h"
#include "notice_log.h"

struct inhibit;

/*
 * Finds its way among all that fires in the list, but for those that `unheard`
 * (one a notice; NULL: none) says nobody is told of: these mute nothing.  List
 * and config are borrowed.
 */
struct inhibit *inhibit_new(const struct notice_list *list,
    const struct config *config, const bool *unheard, struct err *err);
/* NULL is allowed. */
void inhibit_free(struct inhibit *inhibit);

/*
 * What mutes this one for the recipient of that address (NULL: for anybody);
 * NULL: nothing does.  It may be muted itself, by what that recipient hears.
 */
const struct notice *inhibit_by(const struct inhibit *inhibit,
    const struct notice *quiet, const char *address);

#endif
