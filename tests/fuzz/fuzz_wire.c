/*
 * Frames of the agents' line: what is taken encodes to a frame that is taken
 * and encodes to the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

enum { LIMIT_BYTES = 2 * WIRE_TO_AGENT_MAX_BYTES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_msg first;
    struct wire_msg second;
    struct buf once;
    struct buf twice;
    struct err err;

    if (wire_decode(data, size, &first, &err) != 0)
        return 0;
    buf_init(&once, LIMIT_BYTES);
    buf_init(&twice, LIMIT_BYTES);
    if (wire_encode(&first, &once, &err) != 0 ||
        wire_decode(once.data, once.len, &second, &err) != 0 ||
        wire_encode(&second, &twice, &err) != 0)
        abort();
    if (first.type != second.type || once.len != twice.len ||
        memcmp(once.data, twice.data, once.len) != 0)
        abort();
    wire_msg_free(&second);
    wire_msg_free(&first);
    buf_free(&once);
    buf_free(&twice);
    return 0;
}
