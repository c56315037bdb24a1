/*
 * tls_curl.h - our manners and our verdict for TLS connections that libcurl
 * makes and keeps for several requests.
 */
#ifndef AGENT_PROBE_TLS_CURL_H
#define AGENT_PROBE_TLS_CURL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "measure.h"

struct tls_ctx;
struct x509_store_st;

/* What a certificate is judged by.  All borrowed. */
struct tls_curl_by {
    struct tls_ctx *tls;
    struct x509_store_st *trust;
    const char *host;
};

/* Has the handshake accept any certificate, as tls_curl_judge() comes next. */
void tls_curl_prepare(CURL *easy);

/*
 * Judges the certificate of the connection that `easy` is about to use, and
 * fills `out`.  False: there is no TLS to be seen.
 */
bool tls_curl_judge(
    CURL *easy, const struct tls_curl_by *by, struct tls_facts *out);

#endif
