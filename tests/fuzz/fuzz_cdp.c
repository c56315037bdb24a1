/*
 * However a stream of the debugging protocol is cut into reads, the same
 * messages come out of it.  The first byte is the length of the reads.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A number that differs where what was taken differs. */
static uint64_t
digest_of(const struct cdp_message *message, int taken, uint64_t before)
{
    uint64_t sum = before * 1099511628211U + (uint64_t)(taken + 2);

    if (taken != 1)
        return sum;
    if (message->root == NULL ||
        (message->kind == CDP_EVENT) != (message->id == 0) ||
        (message->kind == CDP_ANSWER) != (message->text == NULL))
        abort();
    return sum * 31 + (uint64_t)message->id * 7 +
           json_object_size(message->body);
}

static uint64_t
read_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
    struct cdp_in in;
    struct cdp_message message;
    struct err err;
    uint64_t sum = 1;

    cdp_in_init(&in);
    while (size > 0) {
        size_t len = size < piece ? size : piece;
        int taken;

        if (cdp_in_add(&in, data, len, &err) != 0)
            break;
        while ((taken = cdp_in_next(&in, &message, &err)) != 0) {
            sum = digest_of(&message, taken, sum);
            cdp_message_free(&message);
        }
        data += len;
        size -= len;
    }
    cdp_in_free(&in);
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t piece;

    if (size == 0)
        return 0;
    piece = (size_t)data[0] + 1;
    if (read_in_pieces(data + 1, size - 1, piece) !=
        read_in_pieces(data + 1, size - 1, CDP_READ_BYTES_MAX))
        abort();
    return 0;
}
