#include "row.h"

#include <string.h>

#include "varint.h"

void
row_put_bytes(struct row_out *out, const void *data, size_t len)
{
    if (!out->failed)
        out->failed = buf_append(out->buf, data, len, out->err) != 0;
}

void
row_put_uint(struct row_out *out, uint64_t value)
{
    uint8_t bytes[VARINT_MAX_BYTES];
    const uint8_t *end = varint_put(bytes, value);

    row_put_bytes(out, bytes, (size_t)(end - bytes));
}

void
row_put_int(struct row_out *out, int64_t value)
{
    row_put_uint(out, zigzag(value));
}

void
row_put_text(struct row_out *out, const char *text)
{
    size_t len = strlen(text);

    row_put_uint(out, len);
    row_put_bytes(out, text, len);
}

uint64_t
row_take_uint(struct row_in *in, uint64_t max)
{
    uint64_t value = 0;

    if (in->failed || !varint_get(&in->at, in->end, &value) || value > max) {
        in->failed = true;
        return 0;
    }
    return value;
}

int64_t
row_take_int(struct row_in *in)
{
    return unzigzag(row_take_uint(in, UINT64_MAX));
}

bool
row_take_bool(struct row_in *in)
{
    return row_take_uint(in, 1) == 1;
}

void
row_take_bytes(struct row_in *in, void *out, size_t len)
{
    if (in->failed || (size_t)(in->end - in->at) < len) {
        in->failed = true;
        memset(out, 0, len);
        return;
    }
    memcpy(out, in->at, len);
    in->at += len;
}

void
row_take_text(struct row_in *in, char *out, size_t size)
{
    size_t len = row_take_uint(in, size - 1);

    row_take_bytes(in, out, len);
    out[in->failed ? 0 : len] = '\0';
    if (strlen(out) != len)
        in->failed = true;
}

int
row_end(const struct row_in *in, struct bytes row, const char *what,
    struct err *err)
{
    if (!in->failed && in->at == in->end)
        return 0;
    return err_set(err, ERR_STATE,
        "%s row of %zu bytes cannot be read: not written by this version, or "
        "damaged",
        what, row.len);
}

void
key_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void
key_put_u32(uint8_t *at, uint32_t value)
{
    key_put_u16(at, (uint16_t)(value >> 16));
    key_put_u16(at + 2, (uint16_t)value);
}

void
key_put_u64(uint8_t *at, uint64_t value)
{
    key_put_u32(at, (uint32_t)(value >> 32));
    key_put_u32(at + 4, (uint32_t)value);
}

uint16_t
key_take_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t
key_take_u32(const uint8_t *at)
{
    return (uint32_t)key_take_u16(at) << 16 | key_take_u16(at + 2);
}

uint64_t
key_take_u64(const uint8_t *at)
{
    return (uint64_t)key_take_u32(at) << 32 | key_take_u32(at + 4);
}
