/*
 * tiny_page.h - a landing page as a load of it shows it: a document, a
 * stylesheet that names a font, a late script and two images, of which the
 * second lies below; a third party's script.
 */
#ifndef TESTS_TINY_PAGE_H
#define TESTS_TINY_PAGE_H

#include "page.h"

enum tiny_item {
    TINY_DOCUMENT,
    TINY_STYLE,
    TINY_SCRIPT,
    TINY_HERO,
    TINY_BELOW,
    TINY_FONT,
    TINY_THIRD,
    TINY_COUNT
};

/* page_report_free() it. */
void tiny_page(struct page_report *report);

/* One more, found in the document. */
struct page_resource *tiny_page_add(struct page_report *report, const char *url,
    enum page_type type, enum page_priority priority, int64_t bytes);

#endif
