#include "conf_row.h"

#include "pack.h"
#include "row.h"

enum { CONF_ROW_VERSION = 1 };

int
conf_row_encode(
    int64_t since_unix_ms, struct bytes text, struct buf *out, struct err *err)
{
    struct row_out row = {.buf = out, .err = err};

    if (text.len > CONF_ROW_TEXT_MAX_BYTES)
        return err_set(err, ERR_LIMIT,
            "configuration of %zu bytes (at most "
            "%d)",
            text.len, CONF_ROW_TEXT_MAX_BYTES);
    row_put_uint(&row, CONF_ROW_VERSION);
    row_put_int(&row, since_unix_ms);
    if (row.failed)
        return -1;
    return pack_compress(text.data, text.len, out, err);
}

int
conf_row_decode(struct bytes bytes, int64_t *since_unix_ms, struct buf *text,
    struct err *err)
{
    struct row_in row = row_in(bytes);

    if (row_take_uint(&row, UINT8_MAX) != CONF_ROW_VERSION)
        row.failed = true;
    *since_unix_ms = row_take_int(&row);
    if (!row.failed && pack_expand(row.at, (size_t)(row.end - row.at),
                           CONF_ROW_TEXT_MAX_BYTES, text, err) == 0)
        return 0;
    return err_set(err, ERR_STATE,
        "configuration row of %zu bytes cannot be read: not written by this "
        "version, or damaged",
        bytes.len);
}
