#include "wire.h"

#include <string.h>

#include "wire_frame.h"
#include "wire_session.h"

static const char *const type_names[] = {
    [WIRE_ENROL] = "ENROL",
    [WIRE_ENROLLED] = "ENROLLED",
    [WIRE_REFUSED] = "REFUSED",
    [WIRE_HELLO] = "HELLO",
    [WIRE_WELCOME] = "WELCOME",
    [WIRE_BATCH] = "BATCH",
    [WIRE_ACK] = "ACK",
    [WIRE_NACK] = "NACK",
    [WIRE_PING] = "PING",
    [WIRE_PONG] = "PONG",
    [WIRE_CONFIG] = "CONFIG",
    [WIRE_CONFIG_OK] = "CONFIG_OK",
    [WIRE_CONFIG_BAD] = "CONFIG_BAD",
    [WIRE_ROTATE] = "ROTATE",
    [WIRE_NEWKEY] = "NEWKEY",
    [WIRE_KEY_OK] = "KEY_OK",
    [WIRE_BYE] = "BYE",
};

static const char *const nack_names[] = {
    [NACK_BAD_BATCH] = "BAD_BATCH",
    [NACK_TOO_BIG] = "TOO_BIG",
    [NACK_GAP] = "GAP",
    [NACK_MALFORMED] = "MALFORMED",
    [NACK_NO_SESSION] = "NO_SESSION",
    [NACK_DUPLICATE] = "DUPLICATE",
    [NACK_VERSION] = "VERSION",
    [NACK_DISK_FULL] = "DISK_FULL",
    [NACK_REVOKED] = "REVOKED",
};

const char *
wire_type_name(int type)
{
    return type < WIRE_ENROL || type > WIRE_BYE ? "unknown" : type_names[type];
}

const char *
wire_nack_name(int code)
{
    return code < NACK_BAD_BATCH || code > NACK_REVOKED ? "unknown"
                                                        : nack_names[code];
}

static int
encode_config(
    const struct wire_config *config, struct buf *out, struct err *err)
{
    struct buf body;
    int rc;

    buf_init(&body, WIRE_TO_AGENT_MAX_BYTES);
    rc = wire_config_encode(config, &body, err);
    if (rc == 0)
        rc = wire_frame_put_bytes(WIRE_CONFIG, buf_bytes(&body), out, err);
    buf_free(&body);
    return rc;
}

int
wire_encode(const struct wire_msg *msg, struct buf *out, struct err *err)
{
    if (msg->type == WIRE_CONFIG)
        return encode_config(&msg->u.config, out, err);
    return wire_session_put(msg, out, err);
}

int
wire_decode(
    const uint8_t *frame, size_t len, struct wire_msg *out, struct err *err)
{
    struct bytes body;
    int rc;

    memset(out, 0, sizeof(*out)); /* all of the union */
    rc = wire_frame_take(
        (struct bytes){.data = frame, .len = len}, &out->type, &body, err);
    if (rc != 0)
        return -1;
    if (out->type == WIRE_CONFIG)
        rc = wire_config_decode(body.data, body.len, &out->u.config, err);
    else
        rc = wire_session_take(body, out, err);
    if (rc != 0)
        return err_wrap(err, "%s", wire_type_name((int)out->type));
    return 0;
}

void
wire_msg_free(struct wire_msg *msg)
{
    if (msg->type == WIRE_CONFIG)
        wire_config_free(&msg->u.config);
    memset(msg, 0, sizeof(*msg));
}
