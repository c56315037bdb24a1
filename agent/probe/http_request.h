/*
 * http_request.h - what we ask, as options of libcurl's easy handle.
 */
#ifndef AGENT_PROBE_HTTP_REQUEST_H
#define AGENT_PROBE_HTTP_REQUEST_H

#include <curl/curl.h>

#include "http_hop.h"

/*
 * Sets URL, method, body, headers, cookies and the manners of a probe: nothing
 * reused, no proxy, no redirects, no cookies but those of the jar and the
 * check's own behind them, only http and https, no certificate store.  The list is the caller's, to be freed after the transfer; NULL:
 * memory is out.
 */
struct curl_slist *http_request_set(
    CURL *easy, const struct http_hop_spec *spec);

#endif
