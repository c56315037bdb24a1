/* A configuration's row. */
#include <stdlib.h>
#include <string.h>

#include "conf_row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {.data = data, .len = size};
    struct buf text;
    struct buf row;
    struct buf again;
    int64_t since_ms;
    struct err err;

    buf_init(&text, CONF_ROW_TEXT_MAX_BYTES);
    buf_init(&row, 2 * CONF_ROW_TEXT_MAX_BYTES);
    buf_init(&again, CONF_ROW_TEXT_MAX_BYTES);
    if (conf_row_decode(bytes, &since_ms, &text, &err) == 0 &&
        (conf_row_encode(since_ms, buf_bytes(&text), &row, &err) != 0 ||
            conf_row_decode(buf_bytes(&row), &since_ms, &again, &err) != 0 ||
            again.len != text.len ||
            (text.len > 0 && memcmp(again.data, text.data, text.len) != 0)))
        abort();
    buf_free(&text);
    buf_free(&row);
    buf_free(&again);
    return 0;
}
