/*
 * http_jar.h - the cookies of one probe, carried along its redirects.
 *
 * A browser sends back what a site set on the way, and sites rely on it: a page
 * that asks for consent or a login leads back once it sees its cookie.  libcurl
 * keeps them, and sends each only where host, path and `secure` allow (RFC
 * 6265; public suffixes by libpsl).  A jar belongs to one probe and is gone
 * with it, so nothing comes from one probe into the next.
 */
#ifndef AGENT_PROBE_HTTP_JAR_H
#define AGENT_PROBE_HTTP_JAR_H

#include <curl/curl.h>
#include <stdint.h>

struct http_jar;

/* An empty jar; NULL when memory is out. */
struct http_jar *http_jar_new(void);

/* No handle may use it any more.  NULL is allowed. */
void http_jar_free(struct http_jar *jar);

/* Lets the transfer take its cookies from there, and put new ones in. */
void http_jar_use(struct http_jar *jar, CURL *easy);

/*
 * A number over the cookies (names, values, where they go; not how long they
 * last): another one as soon as a site has set, changed or deleted one.
 */
uint32_t http_jar_mark(struct http_jar *jar);

#endif
