#include "verdict_row.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted is the one form of what it says. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct verdict_row row;
    struct buf again;
    struct err err;

    if (verdict_row_decode((struct bytes){data, size}, &row, &err) != 0)
        return 0;
    buf_init(&again, VERDICT_ROW_MAX_BYTES);
    if (verdict_row_encode(&row, &again, &err) != 0 || again.len != size ||
        memcmp(again.data, data, size) != 0)
        abort();
    buf_free(&again);
    verdict_row_free(&row);
    return 0;
}
