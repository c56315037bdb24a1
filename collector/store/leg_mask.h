/*
 * leg_mask.h - which slots' results are in no figure: those in maintenance.
 * Pure.
 *
 * Windows are those of the newest configuration, whenever the slot was: one
 * can be added long afterwards.  `paused` is that of the version in force.
 */
#ifndef COLLECTOR_LEG_MASK_H
#define COLLECTOR_LEG_MASK_H

#include <stdbool.h>
#include <stdint.h>

#include "conf_history.h"

/* The slot of this check that begins then, cut or not, as `region` sees it. */
bool leg_mask_covers(const struct conf_history *conf, uint32_t check,
    const char *region, int64_t slot_unix_ms);

/* Whether any slot with its stamp in [from, to) may be, in any region. */
bool leg_mask_touches(const struct conf_history *conf, uint32_t check,
    int64_t from_unix_ms, int64_t to_unix_ms);

#endif
