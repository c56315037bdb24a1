/*
 * wire_session.h - the bodies of the agents' line, from ENROL to BYE.
 *
 * Private to proto/.  CONFIG is in wire_config.c.
 */
#ifndef PROTO_WIRE_SESSION_H
#define PROTO_WIRE_SESSION_H

#include "wire.h"

/* Appends the frame of msg, which is no CONFIG. */
int wire_session_put(
    const struct wire_msg *msg, struct buf *out, struct err *err);

/* Reads the body of a message of msg->type, which is no CONFIG. */
int wire_session_take(struct bytes body, struct wire_msg *msg, struct err *err);

#endif
