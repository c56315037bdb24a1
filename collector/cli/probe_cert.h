/*
 * probe_cert.h - a certificate and its handshake for people: what it is, how
 * long it holds, what is wrong with it and what to do.
 */
#ifndef COLLECTOR_PROBE_CERT_H
#define COLLECTOR_PROBE_CERT_H

#include "measure.h"
#include "paper.h"

/*
 * How near the end of a certificate is: bad within min(7 d, a tenth of its
 * life), warn within min(30 d, a third), as semantics.md has it.  Pure.
 */
enum paper_style probe_cert_style(
    const struct cert_fact *cert, int64_t now_unix_ms);

void probe_cert_print(const struct paper *paper, const struct tls_facts *tls,
    int64_t now_unix_ms);

#endif
