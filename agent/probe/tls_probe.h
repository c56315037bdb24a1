/*
 * tls_probe.h - a check of kind tls: connect, shake hands, look at the
 * certificate.
 *
 * The probe itself is tls_probe_kind of probe.h.  Its facts and phases are
 * filled whatever the verdict on the certificate; the result is `down` unless
 * that is `ok` or the check is `insecure`.
 */
#ifndef AGENT_PROBE_TLS_PROBE_H
#define AGENT_PROBE_TLS_PROBE_H

#include "probe.h"
#include "tls_ctx.h"

#endif
