/*
 * page_host.h - the hosts of one page: each name is resolved once, each
 * certificate judged once, as a browser does within one visit.
 */
#ifndef AGENT_PAGE_HOST_H
#define AGENT_PAGE_HOST_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure.h"
#include "probe.h"

enum { PAGE_HOSTS_MAX = 64, PAGE_HOST_BYTES = 256 };

enum page_host_state {
    PAGE_HOST_NEW,
    PAGE_HOST_RESOLVING,
    PAGE_HOST_READY,
    PAGE_HOST_FAILED
};

struct page_hosts;

struct page_host {
    char name[PAGE_HOST_BYTES];
    int port;
    bool tls;
    enum page_host_state state;
    enum measure_reason reason; /* of a failure */
    char detail[FACTS_TEXT_BYTES];
    int64_t dns_us;                /* PHASE_NOT_REACHED: nobody was asked */
    bool dns_told;                 /* to the request that waited for it */
    bool judged;                   /* its certificate was, and is good */
    struct curl_slist *curl_entry; /* owned; for CURLOPT_RESOLVE */
    struct resolve *resolve;       /* owned; NULL unless RESOLVING */
    struct page_hosts *hosts;      /* borrowed */
};

/* The host has become READY or FAILED. */
typedef void page_host_done_fn(void *ctx, struct page_host *host);

struct page_hosts {
    const struct probe_env *env; /* borrowed, as the next one */
    const struct check *check;
    enum check_family family;
    int64_t deadline_ns;
    page_host_done_fn *done;
    void *ctx;
    struct page_host *items[PAGE_HOSTS_MAX]; /* owned */
    size_t count;
};

/* Cancels what is going on. */
void page_hosts_free(struct page_hosts *hosts);

/* The host of an address, made if need be; NULL: too many, no memory. */
struct page_host *page_hosts_of(struct page_hosts *hosts, const char *url);

/* Starts resolving a NEW one; -1: memory is out. */
int page_host_resolve(struct page_host *host, struct err *err);

#endif
