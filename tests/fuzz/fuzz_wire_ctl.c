/*
 * The control socket's requests and replies: what is taken comes back equal.
 */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
same_bytes(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void
one_request(const uint8_t *data, size_t size)
{
    struct wire_ctl_request first;
    struct wire_ctl_request again;
    struct buf frame;
    struct err err;

    if (wire_ctl_request_decode(data, size, &first, &err) != 0)
        return;
    buf_init(&frame, WIRE_CTL_MAX_BYTES);
    if (wire_ctl_request_encode(&first, &frame, &err) != 0 ||
        wire_ctl_request_decode(frame.data, frame.len, &again, &err) != 0 ||
        strcmp(first.command, again.command) != 0 ||
        !same_bytes(first.args_json, again.args_json))
        abort();
    buf_free(&frame);
}

static void
one_reply(const uint8_t *data, size_t size)
{
    struct wire_ctl_reply first;
    struct wire_ctl_reply again;
    struct buf frame;
    struct err err;

    if (wire_ctl_reply_decode(data, size, &first, &err) != 0)
        return;
    buf_init(&frame, WIRE_CTL_MAX_BYTES);
    if (wire_ctl_reply_encode(&first, &frame, &err) != 0 ||
        wire_ctl_reply_decode(frame.data, frame.len, &again, &err) != 0 ||
        first.exit_code != again.exit_code || first.more != again.more ||
        strcmp(first.error, again.error) != 0 ||
        !same_bytes(first.body, again.body))
        abort();
    buf_free(&frame);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    one_request(data, size);
    one_reply(data, size);
    return 0;
}
