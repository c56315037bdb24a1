/*
 * ossl.h - OpenSSL's first headers, to be included before any of ours: its
 * type ERR_STATE and our error code of that name must not meet.
 */
#ifndef AGENT_PROBE_OSSL_H
#define AGENT_PROBE_OSSL_H

#define ERR_STATE OSSL_ERR_STATE
#include <openssl/err.h>
#include <openssl/types.h>
#undef ERR_STATE

#endif
