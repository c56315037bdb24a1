/* What was seen at a leg, as it may be found on disk. */
#include <stdlib.h>
#include <string.h>

#include "seen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen;
    struct buf again;
    struct err err;

    if (seen_decode((struct bytes){data, size}, &seen, &err) != 0)
        return 0;
    /* What was accepted is written as it was read. */
    buf_init(&again, 1 << 20);
    if (seen_encode(&seen, &again, &err) != 0 || again.len != size ||
        memcmp(again.data, data, size) != 0)
        abort();
    buf_free(&again);
    return 0;
}
