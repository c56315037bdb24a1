/*
 * notable.h - what of a result is worth telling again when it changes.  Pure.
 *
 * Most results look like the one before, and travel without their facts.
 * The mark is a number over what people want to hear of when it moves:
 * address, HTTP status, redirects, the site's release, the presented
 * certificate and when its chains end, the DNS answers (in any order, whatever
 * their TTL).
 */
#ifndef AGENT_NOTABLE_H
#define AGENT_NOTABLE_H

#include <stdint.h>

#include "measure.h"

/* Never 0, so that 0 can stand for "none yet". */
uint32_t notable_mark(const struct measure *measure);

#endif
