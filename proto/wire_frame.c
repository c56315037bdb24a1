#include "wire_frame.h"

#include <inttypes.h>
#include <string.h>

#include <leadline.pb-c.h>

#include "wire_part.h"

enum {
    SMALL_MAX_BYTES = 4096,
    ENVELOPE_BODY = 3, /* number of that field */
    BODY_TAG = ENVELOPE_BODY << 3 | 2
};

static size_t
max_bytes(enum wire_type type)
{
    if (type == WIRE_BATCH)
        return WIRE_TO_COLLECTOR_MAX_BYTES;
    if (type == WIRE_CONFIG)
        return WIRE_TO_AGENT_MAX_BYTES;
    return SMALL_MAX_BYTES;
}

/* Lends room for the body behind the envelope's other fields. */
static uint8_t *
put_envelope(
    enum wire_type type, size_t body_len, struct buf *out, struct err *err)
{
    Leadline__Envelope envelope = LEADLINE__ENVELOPE__INIT;
    uint8_t head[64];
    uint8_t *at;
    size_t len;

    envelope.version = WIRE_PROTO_MAX;
    envelope.type = (uint32_t)type;
    len = leadline__envelope__pack(&envelope, head);
    head[len++] = BODY_TAG;
    len += wire_part_put_varint(body_len, head + len);
    if (body_len > max_bytes(type) - len) {
        err_set(err, ERR_LIMIT, "%s of %zu bytes (at most %zu)",
            wire_type_name((int)type), body_len + len, max_bytes(type));
        return NULL;
    }
    at = buf_extend(out, len + body_len, err);
    if (at == NULL)
        return NULL;
    memcpy(at, head, len);
    return at + len;
}

int
wire_frame_put(enum wire_type type, const ProtobufCMessage *body,
    struct buf *out, struct err *err)
{
    size_t len = protobuf_c_message_get_packed_size(body);
    uint8_t *at = put_envelope(type, len, out, err);

    if (at == NULL)
        return -1;
    (void)protobuf_c_message_pack(body, at);
    return 0;
}

int
wire_frame_put_bytes(
    enum wire_type type, struct bytes body, struct buf *out, struct err *err)
{
    uint8_t *at = put_envelope(type, body.len, out, err);

    if (at == NULL)
        return -1;
    if (body.len > 0)
        memcpy(at, body.data, body.len);
    return 0;
}

int
wire_frame_take(struct bytes frame, enum wire_type *type, struct bytes *body,
    struct err *err)
{
    const Leadline__Envelope *envelope;
    struct wire_arena arena;
    struct wire_cut cut;
    struct bytes rest;

    if (frame.len > WIRE_TO_AGENT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "frame of %zu bytes (at most %d)",
            frame.len, (int)WIRE_TO_AGENT_MAX_BYTES);
    wire_arena_init(&arena, 0);
    if (wire_part_cut(frame, ENVELOPE_BODY, &cut, err) != 0 ||
        wire_part_rest(&cut, &arena, &rest, err) != 0)
        return err_wrap(err, "frame");
    envelope =
        wire_part_unpack(&leadline__envelope__descriptor, rest, &arena, err);
    if (envelope == NULL)
        return err_wrap(err, "frame");
    if (envelope->version < WIRE_PROTO_MIN ||
        envelope->version > WIRE_PROTO_MAX)
        return err_set(err, ERR_PARSE,
            "frame of version %" PRIu32 ", where %d to %d are understood",
            envelope->version, (int)WIRE_PROTO_MIN, (int)WIRE_PROTO_MAX);
    if (envelope->type < WIRE_ENROL || envelope->type > WIRE_BYE)
        return err_set(err, ERR_PARSE, "unknown type %" PRIu32, envelope->type);
    *type = (enum wire_type)envelope->type;
    if (frame.len > max_bytes(*type))
        return err_set(err, ERR_LIMIT, "%s of %zu bytes (at most %zu)",
            wire_type_name((int)*type), frame.len, max_bytes(*type));
    *body = cut.field;
    return 0;
}
