/*
 * mask.h - which slots of which regions are in maintenance.
 *
 * Pure.  Windows are those of the newest configuration, whenever the slot was:
 * a window can be added, changed or removed long afterwards.  `paused` is that
 * of the version by which the slot is judged.
 */
#ifndef COLLECTOR_MASK_H
#define COLLECTOR_MASK_H

#include "collector_conf.h"
#include "page.h"

/* Fills the page's masks. */
void mask_page(struct page *page, const struct config *newest);

#endif
