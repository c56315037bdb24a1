/*
 * page_html.h - a page as one self-contained HTML file: figures and the
 * waterfall as SVG, for light and dark screens, phones and paper.  Nothing is
 * loaded from anywhere, nothing is executed.
 */
#ifndef COLLECTOR_PAGE_HTML_H
#define COLLECTOR_PAGE_HTML_H

#include "buf.h"
#include "err.h"
#include "page_told.h"

enum { PAGE_HTML_BYTES_MAX = 4 * 1024 * 1024 };

/* Appends the document.  ERR_LIMIT, ERR_NOMEM as the buf. */
int page_html(const struct page_told *told, struct buf *out, struct err *err);

#endif
