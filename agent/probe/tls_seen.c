#include "tls_seen.h"

#include <openssl/ct.h>
#include <openssl/ssl.h>
#include <stdio.h>

#include "cert_judge.h"
#include "text.h"

static void
put_protocol(const SSL *ssl, struct tls_facts *out)
{
    const unsigned char *alpn = NULL;
    unsigned len = 0;

    (void)snprintf(
        out->version, sizeof(out->version), "%s", SSL_get_version(ssl));
    (void)snprintf(
        out->cipher, sizeof(out->cipher), "%s", SSL_get_cipher_name(ssl));
    SSL_get0_alpn_selected(ssl, &alpn, &len);
    text_put_harmless(
        len == 0 ? "" : (const char *)alpn, len, out->alpn, sizeof(out->alpn));
}

void
tls_seen_take(SSL *ssl, const char *host, X509_STORE *trust,
    int64_t now_unix_ms, struct tls_facts *out)
{
    const STACK_OF(SCT) *scts = SSL_get0_peer_scts(ssl);
    struct cert_question asked = {
        .presented = SSL_get_peer_cert_chain(ssl),
        .trust = trust,
        .host = host,
        .now_unix_ms = now_unix_ms,
    };
    unsigned char *ocsp = NULL;
    long ocsp_len = SSL_get_tlsext_status_ocsp_resp(ssl, &ocsp);

    if (ocsp != NULL && ocsp_len > 0) {
        asked.ocsp = ocsp;
        asked.ocsp_len = (size_t)ocsp_len;
    }
    *out = (struct tls_facts){0};
    put_protocol(ssl, out);
    cert_describe(&asked, out);
    cert_judge(&asked, out);
    /* Those of the certificate and those sent beside it. */
    if (scts != NULL && sk_SCT_num(scts) > out->sct_count)
        out->sct_count = sk_SCT_num(scts);
    ERR_clear_error();
}

enum measure_reason
tls_seen_reason(unsigned long error)
{
    int reason = ERR_GET_REASON(error);

    if (error == 0 || ERR_SYSTEM_ERROR(error) ||
        reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return REASON_TLS_RESET;
    /* OpenSSL gives an alert that came in a number of its own range. */
    if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET)
        return REASON_TLS_ALERT;
    return REASON_TLS_PROTOCOL;
}
