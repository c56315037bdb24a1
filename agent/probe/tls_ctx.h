/*
 * tls_ctx.h - how we speak TLS, and whom we trust: loaded once, shared by all
 * probes.
 *
 * The handshake accepts every certificate; judging it comes after, see
 * tls_seen.h, so that a bad certificate's facts are seen too.  We offer what
 * browsers offer (TLS 1.2 and 1.3, h2 and http/1.1) and never resume a
 * session.  Whoever only makes and frees a tls_ctx needs no OpenSSL.
 */
#ifndef AGENT_PROBE_TLS_CTX_H
#define AGENT_PROBE_TLS_CTX_H

#include "err.h"

struct cert_memo;
struct tls_ctx;
struct ssl_st;        /* OpenSSL's SSL */
struct ssl_ctx_st;    /* OpenSSL's SSL_CTX */
struct x509_store_st; /* OpenSSL's X509_STORE */

/* Where Debian's package ca-certificates puts the system's authorities. */
#define TLS_CTX_SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

/*
 * Reads the authorities of `ca_file`, NULL: the system's.  The error of a file
 * that is not there says what to do.
 */
struct tls_ctx *tls_ctx_new(const char *ca_file, struct err *err);

/* The chains whose signatures were found good by some probe. */
struct cert_memo *tls_ctx_memo(struct tls_ctx *tls);

/* NULL is allowed. */
void tls_ctx_free(struct tls_ctx *tls);

/*
 * The authorities to judge by: those of `ca_pem`, or the system's where it is
 * NULL.  A reference of the caller's own, to be dropped.  The last few PEM
 * texts asked for are kept, so that a probe parses nothing.
 */
struct x509_store_st *tls_ctx_trust(
    struct tls_ctx *tls, const char *ca_pem, struct err *err);

/* NULL is allowed. */
void tls_ctx_drop_trust(struct x509_store_st *trust);

/*
 * Begins a handshake of our own with `host` on a connected socket, which stays
 * the caller's.  A peer that went away is an error, never a SIGPIPE.  To be freed
 * with SSL_free(); NULL: memory is out.
 */
struct ssl_st *tls_ctx_begin(struct tls_ctx *tls, int fd, const char *host);

/* Gives an SSL_CTX that somebody else made (libcurl) the same manners. */
int tls_ctx_prepare(struct ssl_ctx_st *ssl_ctx);

#endif
