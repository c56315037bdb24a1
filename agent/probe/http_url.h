/*
 * http_url.h - URLs of checks and redirects, in one normal form.
 *
 * Normal: lower-case scheme and host (IDN as ASCII), no default port, no
 * fragment, no user; so two URLs are the same place when their texts are
 * equal.  Only http and https exist here.
 */
#ifndef AGENT_PROBE_HTTP_URL_H
#define AGENT_PROBE_HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

enum { HTTP_URL_MAX_BYTES = 8192 };

struct http_url {
    char *text;     /* owned, as all that follows */
    char *host;     /* a name or a literal, "[v6]" */
    char *user;     /* NULL unless the URL brought one; not in text */
    char *password; /* NULL too */
    uint16_t port;
    bool tls;
};

/*
 * Reads `text`, relative to `base` where that is not NULL.  On failure *out is
 * empty and the error says what is wrong with it: ERR_PARSE, it is no URL;
 * ERR_LIMIT, it is one that is not fetched (another scheme, too long).
 */
int http_url_take(const struct http_url *base, const char *text,
    struct http_url *out, struct err *err);

/* Leaves an empty one. */
void http_url_free(struct http_url *url);

/*
 * Whether what is secret to one may be told to the other: the same scheme,
 * host and port, or that host's https on 443 after its http on 80.
 */
bool http_url_may_tell(const struct http_url *from, const struct http_url *to);

#endif
