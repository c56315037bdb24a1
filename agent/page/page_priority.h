/*
 * page_priority.h - how urgent a request is to Chromium, and what it holds up
 * ("Fetch Priority API" and blink's ResourceFetcher, as seen in version 156).
 * Pure.
 */
#ifndef AGENT_PAGE_PRIORITY_H
#define AGENT_PAGE_PRIORITY_H

#include <stdbool.h>

#include "page.h"

enum page_script { PAGE_SCRIPT_PLAIN, PAGE_SCRIPT_LATER, PAGE_SCRIPT_MODULE };

/* Where a request stands in its document. */
struct page_place {
    enum page_type type;
    enum page_script script; /* LATER: async or defer */
    bool in_body;
    bool preload;      /* link rel=preload */
    bool unmatched;    /* a sheet whose media is not this one's */
    bool by_css;       /* a background */
    int images_before; /* img elements in front of it */
    int wish;          /* fetchpriority: 1 high, -1 low, 0 auto */
};

enum page_priority page_priority_of(const struct page_place *place);
enum page_blocking page_blocking_of(const struct page_place *place);

#endif
