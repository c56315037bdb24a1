/*
 * cert_staple.h - what a stapled OCSP answer (RFC 6960) says.
 *
 * Pure: answer, certificates, trust store and time are given; but for the dates
 * of a certificate that the issuer made for its responder, for which OpenSSL
 * asks the clock.
 */
#ifndef AGENT_PROBE_CERT_STAPLE_H
#define AGENT_PROBE_CERT_STAPLE_H

#include "cert.h"

/*
 * Reads the answer of `asked` about `leaf`.  Only one that is signed by
 * `issuer`, or by whom that has named for it, and that is within its time says
 * anything; `issuer` is NULL where it is not known.
 */
enum cert_staple cert_staple_read(
    const struct cert_question *asked, X509 *leaf, X509 *issuer);

#endif
