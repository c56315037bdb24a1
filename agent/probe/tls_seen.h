/*
 * tls_seen.h - what a TLS handshake showed, ours or libcurl's.
 *
 * Whoever includes this sees OpenSSL.
 */
#ifndef AGENT_PROBE_TLS_SEEN_H
#define AGENT_PROBE_TLS_SEEN_H

#include "ossl.h" /* before all others */

#include <stddef.h>
#include <stdint.h>

#include "cert.h"
#include "measure.h"
#include "tls_hello.h"

/*
 * Fills `out` from a connection whose handshake is done: protocol, the
 * certificate's facts, and the verdict on it by what `by` says; what was
 * presented is the connection's.
 */
void tls_seen_take(
    SSL *ssl, const struct cert_question *by, struct tls_facts *out);

/*
 * What a failed handshake means: tls_alert, tls_protocol or tls_reset.
 * `error` is ERR_peek_error() right after it, 0 where the socket failed.
 */
enum measure_reason tls_seen_reason(unsigned long error);

/* To be filled by the first handshake of `ssl_ctx`; must outlive it. */
void tls_seen_watch(SSL_CTX *ssl_ctx, struct tls_hello *hello);

/* The same for one connection. */
void tls_seen_watch_one(SSL *ssl, struct tls_hello *hello);

/* What a handshake that did not end in time has come to, for people. */
const char *tls_seen_waited(const struct tls_hello *hello);

/* What a failed handshake means, for people. */
void tls_seen_put_words(
    unsigned long error, const struct tls_hello *hello, char *out, size_t size);

#endif
