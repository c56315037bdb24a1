/*
 * page.h - a page as one load of it showed it: every request that a browser
 * would have made, what asked for it, how it went, and what it holds up.
 *
 * page_load makes it, page_model computes from it what a slow line and a slow
 * phone would make of the page, page_probe judges it.  The first item is the
 * address that was asked for.  Times are of one unthrottled load, in
 * microseconds since its begin.
 */
#ifndef COMMON_PAGE_H
#define COMMON_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure.h"
#include "text.h"

/* As Chromium names them in its DevTools. */
enum page_priority {
    PAGE_VERY_HIGH,
    PAGE_HIGH,
    PAGE_MEDIUM,
    PAGE_LOW,
    PAGE_VERY_LOW,
    PAGE_PRIORITY_COUNT
};

enum page_blocking {
    PAGE_NON_BLOCKING,
    PAGE_BLOCKING,                /* nothing is painted before it is there */
    PAGE_IN_BODY_PARSER_BLOCKING, /* only what stands behind it waits */
    PAGE_BLOCKING_COUNT
};

enum page_type {
    PAGE_DOCUMENT,
    PAGE_STYLESHEET,
    PAGE_SCRIPT,
    PAGE_IMAGE,
    PAGE_FONT,
    PAGE_MEDIA,
    PAGE_FRAME, /* the document of an iframe */
    PAGE_OTHER, /* manifests, what is only preloaded as data */
    PAGE_TYPE_COUNT
};

enum {
    PAGE_REQUESTS_MAX = 200,
    PAGE_ERRORS_MAX = 32,
    PAGE_ERROR_BYTES = 160,
    PAGE_ORIGIN_BYTES = 288, /* "https://", a host of 253, ":65535" */
    PAGE_NOWHERE = -1
};

struct page_resource {
    char *url; /* owned */
    char origin[PAGE_ORIGIN_BYTES];
    enum page_type type;
    enum page_priority priority;
    enum page_blocking blocking;
    int from;      /* the item that asked for it; PAGE_NOWHERE: the first */
    bool redirect; /* `from` is a redirect that led here */
    uint8_t level; /* how many items lead to it; the first: 0 */
    int order;     /* as discovered within `from`: later ones start no sooner */

    bool h2;
    bool tls;
    bool third_party; /* of another registrable domain than the first item */
    bool lazy;        /* asked for only because it is near the first screen */
    bool anonymous;   /* without credentials: browsers keep a connection apart
                         for it (fonts, crossorigin) */
    bool in_frame;    /* of an iframe, which the page does not wait for */
    bool render_font; /* a font that visible text is written in */
    bool font_swaps;  /* text is shown in another one until it is there */
    bool
        in_viewport_candidate; /* an image that may be the largest thing seen */
    bool from_cache;           /* data: and the like, no request at all */

    int32_t status; /* of HTTP; 0: no answer */
    int64_t bytes_encoded;
    int64_t bytes_header;
    int64_t bytes_decoded;
    int64_t start_us;
    int64_t end_us;
    int64_t phase_us[PHASE_COUNT]; /* DNS to TRANSFER; a connection that was
                                      there already has no DNS, CONNECT, TLS */
    int64_t server_us; /* WAIT without the way there and back; -1: no answer */
    char error[PAGE_ERROR_BYTES]; /* "" if an answer of less than 400 was read
                                     to its end */
};

struct page_report {
    struct page_resource *items; /* owned */
    size_t count;
    bool client_rendered; /* no visible text nor image before its scripts */
    bool has_text;        /* visible text in the document as it came */
    bool complete;        /* false: a limit or the deadline ended the load */
    int lcp_candidate;    /* the item that is probably the largest thing seen;
                             PAGE_NOWHERE: text */
    int64_t ttfb_us;      /* of the document, redirects before it included */
    int64_t fully_loaded_us;
    int64_t blocking_bytes; /* encoded and headers, of what blocks painting */
    int64_t script_bytes;   /* decoded */
    int blocking_requests;
    int unsized_images; /* without width and height: risk of a layout shift */
    struct strlist third_parties; /* registrable domains, each once */
    struct strlist errors;        /* at most PAGE_ERRORS_MAX, harmless text */
    size_t errors_left_out;
};

/* An empty report; page_report_free() leaves one. */
void page_report_init(struct page_report *report);
void page_report_free(struct page_report *report);

/*
 * Appends an item with nothing reached; -1 when memory is out or there are
 * PAGE_REQUESTS_MAX.  `url` is copied.  Returns its index.
 */
int page_report_add(struct page_report *report, const char *url);

/* Adds a sentence to the errors, made harmless; the 33rd is only counted. */
void page_report_say(struct page_report *report, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Names as in JSON: "stylesheet", "VeryHigh", "Blocking"; NULL outside. */
const char *page_type_name(int type);
const char *page_priority_name(int priority);
const char *page_blocking_name(int blocking);

#endif
