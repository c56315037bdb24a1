#include "wire.h"

#include <inttypes.h>

#include <leadline.pb-c.h>

#include "wire_part.h"

enum {
    CTL_VERSION = 1,
    LARGE_FIELD = 15, /* args_json and body */
    EXIT_CODE_MAX = 255
};

static int
check_size(size_t len, const char *what, struct err *err)
{
    if (len > WIRE_CTL_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s of %zu bytes (at most %d)", what,
            len, (int)WIRE_CTL_MAX_BYTES);
    return 0;
}

static int
put(const ProtobufCMessage *message, const char *what, struct buf *out,
    struct err *err)
{
    size_t len = protobuf_c_message_get_packed_size(message);

    if (check_size(len, what, err) != 0)
        return -1;
    return wire_part_pack(message, out, err);
}

/* The small fields, parsed; the large one stays in the frame. */
static const void *
open_frame(const ProtobufCMessageDescriptor *descriptor, struct bytes frame,
    struct wire_arena *arena, struct bytes *large, struct err *err)
{
    struct wire_cut cut;
    struct bytes rest;

    if (wire_part_cut(frame, LARGE_FIELD, &cut, err) != 0 ||
        wire_part_rest(&cut, arena, &rest, err) != 0)
        return NULL;
    *large = cut.field;
    return wire_part_unpack(descriptor, rest, arena, err);
}

static int
check_version(uint32_t version, struct err *err)
{
    if (version != CTL_VERSION)
        return err_set(err, ERR_PARSE,
            "control version %" PRIu32 " where this program speaks %d: "
            "collector and leadline must be of the same release",
            version, (int)CTL_VERSION);
    return 0;
}

int
wire_ctl_request_encode(
    const struct wire_ctl_request *request, struct buf *out, struct err *err)
{
    Leadline__CtlRequest pb = LEADLINE__CTL_REQUEST__INIT;

    pb.version = CTL_VERSION;
    pb.command = wire_part_of_text(request->command);
    pb.args_json =
        wire_part_of(request->args_json.data, request->args_json.len);
    return put(&pb.base, "request", out, err);
}

int
wire_ctl_request_decode(const uint8_t *frame, size_t len,
    struct wire_ctl_request *request, struct err *err)
{
    const Leadline__CtlRequest *pb;
    struct wire_arena arena;

    *request = (struct wire_ctl_request){0};
    if (check_size(len, "request", err) != 0)
        return -1;
    wire_arena_init(&arena, 0);
    pb = open_frame(&leadline__ctl_request__descriptor,
        (struct bytes){.data = frame, .len = len}, &arena, &request->args_json,
        err);
    if (pb == NULL || check_version(pb->version, err) != 0 ||
        wire_part_name(pb->command, request->command, sizeof(request->command),
            "command", err) != 0)
        return err_wrap(err, "request");
    return 0;
}

int
wire_ctl_reply_encode(
    const struct wire_ctl_reply *reply, struct buf *out, struct err *err)
{
    Leadline__CtlReply pb = LEADLINE__CTL_REPLY__INIT;

    pb.version = CTL_VERSION;
    pb.exit_code = reply->exit_code;
    pb.more = reply->more;
    pb.error = wire_part_of_text(reply->error);
    pb.body = wire_part_of(reply->body.data, reply->body.len);
    return put(&pb.base, "reply", out, err);
}

int
wire_ctl_reply_decode(const uint8_t *frame, size_t len,
    struct wire_ctl_reply *reply, struct err *err)
{
    const Leadline__CtlReply *pb;
    struct wire_arena arena;

    *reply = (struct wire_ctl_reply){0};
    if (check_size(len, "reply", err) != 0)
        return -1;
    wire_arena_init(&arena, 0);
    pb = open_frame(&leadline__ctl_reply__descriptor,
        (struct bytes){.data = frame, .len = len}, &arena, &reply->body, err);
    if (pb == NULL || check_version(pb->version, err) != 0 ||
        wire_part_range(pb->exit_code, 0, EXIT_CODE_MAX, "exit_code", err) !=
            0 ||
        wire_part_text(
            pb->error, reply->error, sizeof(reply->error), "error", err) != 0)
        return err_wrap(err, "reply");
    reply->exit_code = pb->exit_code;
    reply->more = pb->more != 0;
    return 0;
}
