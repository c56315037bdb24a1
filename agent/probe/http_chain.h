/*
 * http_chain.h - where a check's request stands, and how redirects lead on:
 * place, method and cookies, and whether it has been there before.
 *
 * Redirects are followed as browsers do (RFC 9110 15.4, Fetch).  It is a loop
 * when the same is asked of the same place with the same cookies; with others
 * it may be the way through a page of consent, as long as the number of
 * redirects allows.
 */
#ifndef AGENT_PROBE_HTTP_CHAIN_H
#define AGENT_PROBE_HTTP_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "err.h"
#include "http_jar.h"
#include "http_url.h"
#include "measure.h"
#include "text.h"

/* All zero before http_chain_begin(); to be read only. */
struct http_chain {
    const struct check *check; /* borrowed */
    struct http_url origin;    /* the check's own */
    struct http_url url;       /* where it stands now */
    const char *method;        /* borrowed */
    bool send_body;            /* the check's */
    struct http_jar *jar;      /* owned */
    struct strlist visited;    /* "COOKIES METHOD URL" */
};

/*
 * Stands at the check's URL.  Fails with ERR_NOMEM, or with what is wrong with
 * the check itself.
 */
int http_chain_begin(
    struct http_chain *chain, const struct check *check, struct err *err);

/* Leaves an empty one; no transfer may be under way. */
void http_chain_free(struct http_chain *chain);

/*
 * Whether this answer leads on.  Who expects a 301 by name wants to see it, not
 * what is behind it.
 */
bool http_chain_leads_on(
    const struct http_chain *chain, int32_t status, const char *location);

/*
 * Goes on to `location` and notes the redirect in `facts`, with the phases of
 * the hop that ends here.  REASON_NONE: the chain stands there now; any other
 * reason ends the probe, and the error tells of it.
 */
enum measure_reason http_chain_follow(struct http_chain *chain,
    const char *location, const int64_t phase_us[PHASE_COUNT],
    struct http_facts *facts, struct err *err);

#endif
