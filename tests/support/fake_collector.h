/*
 * fake_collector.h - the other end of the line, as misbehaved as a test wants:
 * a ROUTER with CURVE and ZAP on a port of loopback, which does nothing but
 * what it is told.
 *
 * Used by one thread at a time.  Failures of its own end the test.
 */
#ifndef TESTS_FAKE_COLLECTOR_H
#define TESTS_FAKE_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

struct fake_collector;

/* On a port of its own choice, or on `port` if that is not 0. */
struct fake_collector *fake_collector_open(int port);
void fake_collector_close(struct fake_collector *fake);

const char *fake_collector_endpoint(const struct fake_collector *fake);
int fake_collector_port(const struct fake_collector *fake);
const uint8_t *fake_collector_key(const struct fake_collector *fake);

/* What ZAP says of everybody: 200 (the default), 300, 400.  From any thread. */
void fake_collector_admit(struct fake_collector *fake, int status);

/*
 * The next message, waiting a millisecond or two; good until the next call.
 * False if none came.
 */
bool fake_collector_next(struct fake_collector *fake, struct wire_msg *msg);

/* The public key of whoever sent it. */
const uint8_t *fake_collector_peer_key(const struct fake_collector *fake);

/* To whoever sent the last message. */
void fake_collector_send(
    struct fake_collector *fake, const struct wire_msg *msg);
void fake_collector_send_bytes(
    struct fake_collector *fake, const void *data, size_t len);

#endif
