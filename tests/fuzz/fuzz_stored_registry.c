/* Rows of the registry as they may be found on disk; the first byte says
 * which. */
#include <stdlib.h>
#include <string.h>

#include "registry_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted is written as it was read. */
static void
same(int rc, const struct buf *again, struct bytes bytes)
{
    if (rc != 0 || again->len != bytes.len ||
        memcmp(again->data, bytes.data, bytes.len) != 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {.data = data + 1, .len = size - 1};
    struct agent_row agent;
    struct token_row token;
    struct mark_row mark;
    struct check_row check;
    struct buf again;
    struct err err;

    if (size < 2)
        return 0;
    buf_init(&again, 1 << 16);
    switch (data[0] % 4) {
    case 0:
        if (agent_row_decode(bytes, &agent, &err) != 0)
            break;
        if (agent_row_encode(&agent, &again, &err) != 0 ||
            agent_row_decode(buf_bytes(&again), &agent, &err) != 0)
            abort();
        if (again.data[0] == bytes.data[0]) /* an older version is rewritten */
            same(0, &again, bytes);
        break;
    case 1:
        if (token_row_decode(bytes, &token, &err) == 0)
            same(token_row_encode(&token, &again, &err), &again, bytes);
        break;
    case 2:
        if (mark_row_decode(bytes, &mark, &err) == 0)
            same(mark_row_encode(&mark, &again, &err), &again, bytes);
        break;
    default:
        if (check_row_decode(bytes, &check, &err) == 0)
            same(check_row_encode(&check, &again, &err), &again, bytes);
    }
    buf_free(&again);
    return 0;
}
