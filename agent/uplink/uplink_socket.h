/*
 * uplink_socket.h - one connection to the collector: a ZeroMQ DEALER with CURVE and
 * the socket options of the protocol, and what its monitor says of the
 * handshake.  ZeroMQ stands behind it, and nobody else in the agent sees it.
 *
 * Nothing here waits, uplink_socket_wait() excepted.  Both descriptors are
 * edge-triggered: after one became readable, or after anything was sent, take
 * events and messages until there are none.
 */
#ifndef AGENT_UPLINK_SOCKET_H
#define AGENT_UPLINK_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "wire.h"

/* ZeroMQ's own thread; one for as many connections as follow each other. */
struct uplink_socket_home;
struct uplink_socket_home *uplink_socket_home_new(struct err *err);
/* All its dealers are closed.  NULL is allowed. */
void uplink_socket_home_free(struct uplink_socket_home *home);

/* A new key pair. */
void uplink_socket_new_keys(
    uint8_t public_key[WIRE_KEY_BYTES], uint8_t secret_key[WIRE_KEY_BYTES]);

/* The public key that belongs to a secret one. */
int uplink_socket_public_key(const uint8_t secret_key[WIRE_KEY_BYTES],
    uint8_t public_key[WIRE_KEY_BYTES], struct err *err);

struct uplink_socket_spec {
    const char *endpoint; /* "tcp://host:port" */
    const char *bind_ip;  /* source address, or NULL */
    const uint8_t *collector_public;
    const uint8_t *our_public;
    const uint8_t *our_secret;
};

struct uplink_socket;

/* Begins to connect, and goes on trying. */
struct uplink_socket *uplink_socket_open(struct uplink_socket_home *home,
    const struct uplink_socket_spec *spec, struct err *err);

/* Gives what was sent `linger_ms` to leave.  NULL is allowed. */
void uplink_socket_close(struct uplink_socket *dealer, int linger_ms);

int uplink_socket_fd(const struct uplink_socket *dealer);
int uplink_socket_monitor_fd(const struct uplink_socket *dealer);

enum uplink_socket_event {
    UPLINK_SOCKET_QUIET,      /* nothing more */
    UPLINK_SOCKET_CONNECTED,  /* and the handshake is done */
    UPLINK_SOCKET_NO_CONNECT, /* nobody answers there; it goes on trying */
    UPLINK_SOCKET_REFUSED, /* the collector knows the key, and wants none of it */
    UPLINK_SOCKET_FAILED, /* the handshake did not succeed */
    UPLINK_SOCKET_GONE    /* an established connection has ended */
};

enum uplink_socket_event uplink_socket_next_event(struct uplink_socket *dealer);

/* A message could be sent: there is an authenticated connection. */
bool uplink_socket_is_writable(const struct uplink_socket *dealer);
/* A message waits. */
bool uplink_socket_is_readable(const struct uplink_socket *dealer);

/* 1: sent; 0: not now; -1: err. */
int uplink_socket_send(
    struct uplink_socket *dealer, struct bytes frame, struct err *err);

/*
 * Lends the next message, good until the next call.  1: there; 0: none; -1: it
 * was of several frames, and is dropped.
 */
int uplink_socket_receive(struct uplink_socket *dealer, struct bytes *frame);

/* For those without a loop: until something may have happened. */
void uplink_socket_wait(struct uplink_socket *dealer, int64_t timeout_ms);

#endif
