/*
 * cert_memo.h - chains of certificates whose signatures were found good.
 *
 * Whether the signatures along a chain are right depends on its bytes alone,
 * and a check meets the same chain each time, so what was computed once need
 * not be again; all else about it (dates, trust, host, strength, staple) is
 * judged anew.  Bounded: a chain takes the place of another that falls on the
 * same one, which costs no more than computing again.
 */
#ifndef AGENT_PROBE_CERT_MEMO_H
#define AGENT_PROBE_CERT_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"

struct cert_memo;

/* NULL when memory is out. */
struct cert_memo *cert_memo_new(void);

/* NULL is allowed. */
void cert_memo_free(struct cert_memo *memo);

/* `chain` is SHA-256 over the certificates, from leaf to anchor. */
bool cert_memo_has(
    const struct cert_memo *memo, const uint8_t chain[DIGEST_SHA256_BYTES]);
void cert_memo_add(
    struct cert_memo *memo, const uint8_t chain[DIGEST_SHA256_BYTES]);

#endif
