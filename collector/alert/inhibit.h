/*
 * inhibit.h - which alert keeps quiet because another one says it better.
 * Pure.  An alert never mutes one of higher severity.
 */
#ifndef COLLECTOR_INHIBIT_H
#define COLLECTOR_INHIBIT_H

#include <stdbool.h>
#include <stddef.h>

#include "notice_log.h"

/* Whether `loud`, which fires, mutes `quiet`. */
bool inhibit_mutes(const struct notice *loud, const struct notice *quiet);

/* Whether anything that fires among these mutes items[at]. */
bool inhibit_is_muted(const struct notice_list *list, size_t at);

#endif
