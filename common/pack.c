#include "pack.h"

#include <stdbool.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { PACK_LEVEL = 3, MAGIC_BYTES = 4 };

/* Not a skippable frame, and nothing behind it. */
static bool
is_one_frame(const void *data, size_t len)
{
    static const uint8_t magic[MAGIC_BYTES] = {0x28, 0xb5, 0x2f, 0xfd};

    return len >= MAGIC_BYTES && memcmp(data, magic, MAGIC_BYTES) == 0 &&
           ZSTD_findFrameCompressedSize(data, len) == len;
}

int
pack_compress(const void *data, size_t len, struct buf *out, struct err *err)
{
    size_t bound = ZSTD_compressBound(len);
    size_t before = out->len;
    size_t room = out->limit_bytes - before;
    uint8_t *at;
    size_t used;

    /* The bound is for the worst case; what fits in the end may stay. */
    if (bound > room)
        bound = room;
    at = buf_extend(out, bound, err);

    if (at == NULL)
        return err_wrap(err, "compress");
    used = ZSTD_compress(at, bound, data, len, PACK_LEVEL);
    if (ZSTD_isError(used)) {
        out->len = before;
        if (ZSTD_getErrorCode(used) == ZSTD_error_dstSize_tooSmall)
            return err_set(err, ERR_LIMIT, "compress: more than %zu bytes",
                out->limit_bytes);
        return err_set(err, ERR_NOMEM, "compress: %s", ZSTD_getErrorName(used));
    }
    out->len = before + used;
    return 0;
}

int
pack_expand(const void *data, size_t len, size_t limit_bytes, struct buf *out,
    struct err *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(data, len);
    size_t before = out->len;
    uint8_t *at;
    size_t used;

    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
        !is_one_frame(data, len))
        return err_set(err, ERR_PARSE, "not a zstd frame that says its size");
    if (size > limit_bytes)
        return err_set(
            err, ERR_LIMIT, "expands to more than %zu bytes", limit_bytes);
    at = buf_extend(out, (size_t)size, err);
    if (at == NULL)
        return -1;
    used = ZSTD_decompress(at, (size_t)size, data, len);
    if (ZSTD_isError(used) || used != size) {
        out->len = before;
        return err_set(err, ERR_PARSE, "zstd frame: %s",
            ZSTD_isError(used) ? ZSTD_getErrorName(used) : "cut short");
    }
    return 0;
}
