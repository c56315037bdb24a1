/*
 * page_json.h - a page as the `page` object of `probe --json`, and as an
 * archive of its requests (HAR 1.2) for other tools.
 */
#ifndef COLLECTOR_PAGE_JSON_H
#define COLLECTOR_PAGE_JSON_H

#include <jansson.h>

#include "page_told.h"

/* New; null where there is nothing.  NULL: memory is out. */
json_t *page_json(const struct page_told *told);

/*
 * Times in it are those of the load that was seen, not the modelled ones,
 * which are kept as _modelStart and _modelEnd (ms), as HAR allows.
 */
json_t *page_har(const struct page_told *told);

#endif
