/*
 * zap.h - who may talk: the ZeroMQ authentication handler (ZMTP RFC 27), on a
 * thread of its own.
 *
 * Keys of enrolled agents get in under "a:NAME", one-time keys of tokens under
 * "t:HEXKEY" (intake lets those say ENROL and nothing else).  Unknown and
 * suspended keys are answered 300: the peer is closed silently and may try
 * again; only revoked keys get 400, which ends the peer's session for good.
 */
#ifndef COLLECTOR_ZAP_H
#define COLLECTOR_ZAP_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum { ZAP_KEY_BYTES = 32, ZAP_USER_BYTES = 80 };

enum zap_answer { ZAP_ADMIT, ZAP_NOT_NOW, ZAP_NEVER };

struct zap_entry {
    uint8_t key[ZAP_KEY_BYTES];
    enum zap_answer answer;
    char user[ZAP_USER_BYTES]; /* becomes User-Id */
};

struct zap;

/* Before any socket of `zmq_context` is bound.  The table is empty at first. */
struct zap *zap_start(void *zmq_context, struct err *err);
/* NULL is allowed. */
void zap_stop(struct zap *zap);

/* Replaces the table; the entries are copied. */
int zap_set_table(struct zap *zap, const struct zap_entry *entries,
    size_t count, struct err *err);

/* How many were turned away since the start. */
uint64_t zap_refused(const struct zap *zap);

#endif
