/*
 * page_load.h - loads a page once as a browser would, without running any of
 * it: document, what it names, what its style sheets name, what frames name.
 *
 * One pool of connections belongs to one load, six an origin with HTTP/1.1,
 * one with HTTP/2, and is gone with it, as are its cookies.  Whatever the page
 * is, the load ends: by the limits of page.h, 20 MB, or its deadline; what
 * there is then is told, with what is missing among the errors.
 */
#ifndef AGENT_PAGE_LOAD_H
#define AGENT_PAGE_LOAD_H

#include "page.h"
#include "probe.h"

enum {
    PAGE_BYTES_MAX = 20 << 20,    /* of the line */
    PAGE_UNPACKED_MAX = 64 << 20, /* unpacked */
    PAGE_LEVELS_MAX = 12,
    PAGE_FRAMES_DEEP = 2,
    PAGE_ORIGIN_CONNECTIONS = 6
};

/* What the document itself came to. */
struct page_outcome {
    enum measure_reason reason; /* REASON_NONE: it was read to its end */
    enum phase failed_phase;
    char detail[FACTS_TEXT_BYTES];
    char ip[MEASURE_IP_BYTES];
    uint8_t family;
    int document;          /* the last item of its redirects */
    struct tls_facts *tls; /* owned; NULL */
};

struct page_load;

/*
 * Report and outcome are good only during the call; tls may be taken by
 * setting it to NULL.  The load is already gone.
 */
typedef void page_load_done_fn(
    void *ctx, struct page_report *report, struct page_outcome *outcome);

/*
 * `check` gives URL, timeout, headers, trust; borrowed, must outlive the load.
 * `done` is called exactly once, from the loop and never from inside
 * page_load_start(), unless page_load_cancel() comes first.  NULL: the check
 * cannot be run, or memory is out.
 */
struct page_load *page_load_start(const struct probe_env *env,
    const struct check *check, enum check_family family,
    page_load_done_fn *done, void *ctx, struct err *err);

/* NULL is allowed. */
void page_load_cancel(struct page_load *load);

#endif
