#include "ossl.h" /* before all others */

#include "tls_curl.h"

#include "clock.h"
#include "tls_ctx.h"
#include "tls_seen.h"

static CURLcode
on_ssl_ctx(CURL *easy, void *ssl_ctx, void *ctx)
{
    (void)easy;
    (void)ctx;
    return tls_ctx_prepare(ssl_ctx) == 0 ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

void
tls_curl_prepare(CURL *easy)
{
    (void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
}

bool
tls_curl_judge(CURL *easy, const struct tls_curl_by *by, struct tls_facts *out)
{
    struct curl_tlssessioninfo *info = NULL;
    struct cert_question question = {
        .trust = by->trust,
        .host = by->host,
        .now_unix_ms = clock_unix_ms(),
        .memo = tls_ctx_memo(by->tls),
    };

    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK ||
        info == NULL || info->internals == NULL)
        return false;
    tls_seen_take(info->internals, &question, out);
    return true;
}
