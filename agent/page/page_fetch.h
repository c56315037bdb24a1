/*
 * page_fetch.h - one request of a page and its answer, over the page's pool of
 * connections.
 */
#ifndef AGENT_PAGE_FETCH_H
#define AGENT_PAGE_FETCH_H

#include "buf.h"
#include "curl_loop.h"
#include "http_jar.h"
#include "page.h"
#include "page_host.h"
#include "probe.h"

struct x509_store_st;

enum { PAGE_BODY_MAX_BYTES = 4 << 20, PAGE_MEDIA_MAX_BYTES = 256 << 10 };

/* What all requests of a page share.  All borrowed. */
struct page_pool {
    const struct probe_env *env;
    const struct check *check;
    struct curl_loop *curl;
    struct http_jar *jar;
    struct x509_store_st *trust;
    const char *agent;      /* the user agent */
    const char *referer;    /* the page's address */
    const char *own_origin; /* whose requests carry the check's headers */
    int64_t bytes_left;     /* encoded, of the whole page */
    int64_t decoded_left;   /* decoded, of the whole page */
    int64_t began_ns;       /* of clock_mono_ns() */
};

/* What came of it. */
struct page_seen {
    enum measure_reason reason; /* REASON_NONE: read to its end */
    enum phase failed_phase;
    char words[PAGE_ERROR_BYTES];
    char ip[MEASURE_IP_BYTES];
    uint8_t family;
    bool is_html;
    bool is_cut;           /* enough was read: of media only the head is */
    char *location;        /* owned; NULL */
    struct tls_facts *tls; /* owned; NULL */
    struct buf body;       /* of those that are kept */
};

void page_seen_free(struct page_seen *seen);

struct page_fetch;

/* `item` has been filled.  The fetch is already gone. */
typedef void page_fetch_done_fn(void *ctx, int item, struct page_seen *seen);

struct page_fetch_spec {
    struct page_pool *pool;     /* borrowed */
    struct page_host *host;     /* borrowed; READY */
    struct page_report *report; /* borrowed; whose item is filled */
    int item;
    page_fetch_done_fn *done;
    void *ctx;
};

/* `done` comes exactly once, from the loop, unless cancelled; NULL: memory. */
struct page_fetch *page_fetch_start(
    const struct page_fetch_spec *spec, struct err *err);

/* Fills the item as far as it came.  NULL is allowed. */
void page_fetch_cancel(struct page_fetch *fetch);

/* How far it has come; for what a deadline means. */
enum phase page_fetch_phase(const struct page_fetch *fetch);

#endif
