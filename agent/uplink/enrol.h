/*
 * enrol.h - how an agent joins: with the one-time key of a token it tells the
 * collector its name and its own public key.
 */
#ifndef AGENT_ENROL_H
#define AGENT_ENROL_H

#include <stdint.h>

#include "err.h"
#include "uplink.h"
#include "wire.h"

/*
 * Makes a key pair and enrols it; waits, at most `timeout_ns`.  On success
 * `keys_out` holds all three keys: the caller stores them before anything
 * else.  On failure err says what and what to do; its code is ERR_PEER if the
 * collector refused, ERR_TIMEOUT if nobody answered.
 */
int enrol_run(const struct wire_token *token, const char *build,
    struct uplink_keys *keys_out, int64_t timeout_ns, struct err *err);

#endif
