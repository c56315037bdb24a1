/*
 * page_show.h - the page that a measure of kind page brought, shown: its
 * figures are computed from it anew, which gives the same ones.
 */
#ifndef COLLECTOR_PAGE_SHOW_H
#define COLLECTOR_PAGE_SHOW_H

#include <jansson.h>

#include "check.h"
#include "err.h"
#include "measure.h"
#include "paper.h"

/* What is shown; all borrowed. */
struct page_show {
    const char *target;
    const struct check *check;
    const struct measure *measure;
};

/* Nothing where no page came. */
void page_show_print(const struct paper *paper, const struct page_show *show);

/* New; null where no page came. */
json_t *page_show_json(const struct page_show *show);

/* Files; ERR_SYS with the path.  Where no page came, ERR_PEER says so. */
int page_show_html(
    const struct page_show *show, const char *path, struct err *err);
int page_show_har(
    const struct page_show *show, const char *path, struct err *err);

#endif
