/*
 * cert.h - what a certificate says.
 *
 * Pure: the presented certificates are given.  Whether they are to be believed
 * is cert_judge.h's.
 */
#ifndef AGENT_PROBE_CERT_H
#define AGENT_PROBE_CERT_H

#include "ossl.h" /* before all others */

#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "measure.h"

struct cert_memo;

/* What was presented, and what it is judged by.  All borrowed. */
struct cert_question {
    STACK_OF(X509) * presented; /* as sent, leaf first; may be NULL */
    X509_STORE *trust;
    const char *host; /* a name or an IP literal, "[v6]" too */
    int64_t now_unix_ms;
    const uint8_t *ocsp; /* the stapled answer as sent, or NULL */
    size_t ocsp_len;
    struct cert_memo *memo; /* of chains seen before; may be NULL */
};

/*
 * Fills names, key, signature, chain, the presented chain's earliest end,
 * must_staple and the count of embedded timestamps.
 */
void cert_describe(const struct cert_question *asked, struct tls_facts *out);

/* One certificate's facts. */
void cert_put_fact(X509 *cert, struct cert_fact *out);

/* An ASN.1 time; 0 if it cannot be read. */
int64_t cert_unix_ms(const ASN1_TIME *time);

/* A name as "CN=acme.example,O=Acme" (RFC 2253), harmless. */
void cert_put_name(const X509_NAME *name, char *out, size_t size);

#endif
