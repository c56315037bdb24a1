/*
 * page_url.h - addresses in a page, as browsers read them: libcurl's parser
 * behind the clean-ups of the WHATWG URL standard (spaces around, tabs and
 * line feeds inside, backslashes, characters that must be escaped, fragments
 * cut off).
 */
#ifndef AGENT_PAGE_URL_H
#define AGENT_PAGE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "page.h"
#include "slice.h"

enum { PAGE_URL_MAX_BYTES = 8192 };

/*
 * The absolute http(s) address, to be freed; `base` NULL: the text must be
 * absolute.  NULL: none of ours (data:, blob:, mailto:, too long, malformed).
 */
char *page_url_join(const char *base, struct slice text);

/* data:, blob: and the like: a request without a network. */
bool page_url_is_inline(struct slice text);

/* "https://host:port" without the port where it is the scheme's own. */
void page_url_origin(const char *url, char out[PAGE_ORIGIN_BYTES]);

/* Host (lower case, no brackets), port; false: not an address of ours. */
bool page_url_place(
    const char *url, char *host, size_t size, int *port, bool *tls);

#endif
