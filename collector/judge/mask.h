/*
 * mask.h - which slots of which regions are in maintenance.
 *
 * Pure.  Windows are those of the newest configuration, whenever the slot was:
 * a window can be added, changed or removed long afterwards.  `paused` is that
 * of the version by which the slot is judged.
 */
#ifndef COLLECTOR_MASK_H
#define COLLECTOR_MASK_H

#include <stdbool.h>
#include <stdint.h>

#include "collector_conf.h"
#include "page.h"

/* Fills the page's masks. */
void mask_page(struct page *page, const struct config *newest);

/* Whether any slot of the check in [from, to) may be, in any region. */
bool mask_may_touch(const struct config *newest, const struct conf_check *check,
    int64_t from_unix_ms, int64_t to_unix_ms);

#endif
