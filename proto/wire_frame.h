/*
 * wire_frame.h - the envelope around a message's body.
 *
 * Private to proto/.
 */
#ifndef PROTO_WIRE_FRAME_H
#define PROTO_WIRE_FRAME_H

#include <protobuf-c/protobuf-c.h>

#include "wire.h"

/* Append one frame; ERR_LIMIT if it is larger than its type may be. */
int wire_frame_put(enum wire_type type, const ProtobufCMessage *body,
    struct buf *out, struct err *err);
int wire_frame_put_bytes(
    enum wire_type type, struct bytes body, struct buf *out, struct err *err);

/* Opens a frame; `body` points into it. */
int wire_frame_take(struct bytes frame, enum wire_type *type,
    struct bytes *body, struct err *err);

#endif
