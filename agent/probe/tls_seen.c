#include "tls_seen.h"

#include <openssl/ct.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "cert_judge.h"
#include "clock.h"
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
tls_seen_take(SSL *ssl, const struct cert_question *by, struct tls_facts *out)
{
    const STACK_OF(SCT) *scts = SSL_get0_peer_scts(ssl);
    struct cert_question asked = *by;
    unsigned char *ocsp = NULL;
    long ocsp_len = SSL_get_tlsext_status_ocsp_resp(ssl, &ocsp);

    asked.presented = SSL_get_peer_cert_chain(ssl);
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

/* Told of each record's head before OpenSSL judges it. */
static void
on_record(int sent, int version, int type, const void *bytes, size_t len,
    SSL *ssl, void *ctx)
{
    struct tls_hello *hello = ctx;

    (void)version;
    (void)ssl;
    if (sent && hello->sent_ns == 0)
        hello->sent_ns = clock_mono_ns();
    if (sent || type != SSL3_RT_HEADER || hello->seen ||
        len < sizeof(hello->bytes))
        return;
    memcpy(hello->bytes, bytes, sizeof(hello->bytes));
    hello->seen = true;
}

void
tls_seen_watch(SSL_CTX *ssl_ctx, struct tls_hello *hello)
{
    *hello = (struct tls_hello){0};
    SSL_CTX_set_msg_callback(ssl_ctx, on_record);
    SSL_CTX_set_msg_callback_arg(ssl_ctx, hello);
}

void
tls_seen_watch_one(SSL *ssl, struct tls_hello *hello)
{
    *hello = (struct tls_hello){0};
    SSL_set_msg_callback(ssl, on_record);
    SSL_set_msg_callback_arg(ssl, hello);
}

/* What the first bytes of a server that does not speak TLS give away. */
static const char *
words_of_plain(const struct tls_hello *hello)
{
    static const struct {
        const char *begin;
        const char *words;
    } known[] = {
        {"HTTP/", "the server answers in plain HTTP on this port"},
        {"220", "the server greets in plain SMTP (or FTP): does the check "
                "need starttls: smtp?"},
        {"* OK", "the server greets in plain IMAP: does the check need "
                 "starttls: imap?"},
        {"+OK", "the server greets in plain POP3: does the check need "
                "starttls: pop3?"},
        {"SSH-", "the server speaks SSH on this port"},
    };

    for (size_t i = 0; hello->seen && i < sizeof(known) / sizeof(known[0]);
         i++) {
        if (memcmp(hello->bytes, known[i].begin, strlen(known[i].begin)) == 0)
            return known[i].words;
    }
    return "what the server answers is not TLS";
}

static const char *
words_of_error(unsigned long error, const struct tls_hello *hello)
{
    int reason = ERR_GET_REASON(error);
    const char *words;

    if (tls_seen_reason(error) == REASON_TLS_RESET)
        return "the server closed the connection during the handshake";
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
        /* also a record of TLS itself, of a version nobody knows */
        return words_of_plain(hello);
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
        return "the server speaks only TLS older than 1.2";
    default:
        words = ERR_reason_error_string(error);
        return words != NULL ? words : "the handshake failed";
    }
}

const char *
tls_seen_waited(const struct tls_hello *hello)
{
    if (hello->sent_ns == 0)
        return "our hello was not taken";
    return hello->seen ? "it began to answer our hello and fell silent"
                       : "nothing came after our hello";
}

void
tls_seen_put_words(
    unsigned long error, const struct tls_hello *hello, char *out, size_t size)
{
    int alert = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;

    if (tls_seen_reason(error) == REASON_TLS_ALERT)
        (void)snprintf(out, size, "the server refuses with the alert \"%s\"",
            SSL_alert_desc_string_long(alert));
    else
        (void)snprintf(out, size, "%s", words_of_error(error, hello));
}
