#include "pb_put.h"

#include <assert.h>
#include <string.h>

static void
put(struct buf *out, const void *data, size_t len)
{
    struct err err;
    int rc = buf_append(out, data, len, &err);

    assert(rc == 0);
}

static void
put_number(struct buf *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        uint8_t part = (uint8_t)(value | 0x80U);

        put(out, &part, 1);
    }
    put(out, &(uint8_t){(uint8_t)value}, 1);
}

static void
put_little_endian(struct buf *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        put(out, &(uint8_t){(uint8_t)(value >> (8 * i))}, 1);
}

void
pb_put_varint(struct buf *out, uint32_t number, uint64_t value)
{
    put_number(out, (uint64_t)number << 3);
    put_number(out, value);
}

void
pb_put_fixed32(struct buf *out, uint32_t number, uint32_t value)
{
    put_number(out, (uint64_t)number << 3 | 5U);
    put_little_endian(out, value, 4);
}

void
pb_put_fixed64(struct buf *out, uint32_t number, uint64_t value)
{
    put_number(out, (uint64_t)number << 3 | 1U);
    put_little_endian(out, value, 8);
}

void
pb_put_bytes(struct buf *out, uint32_t number, const void *data, size_t len)
{
    put_number(out, (uint64_t)number << 3 | 2U);
    put_number(out, len);
    put(out, data, len);
}

void
pb_put_text(struct buf *out, uint32_t number, const char *text)
{
    pb_put_bytes(out, number, text, strlen(text));
}

void
pb_put_message(struct buf *out, uint32_t number, const struct buf *body)
{
    pb_put_bytes(out, number, body->data, body->len);
}

void
pb_put_long_text(struct buf *out, uint32_t number, size_t len)
{
    put_number(out, (uint64_t)number << 3 | 2U);
    put_number(out, len);
    for (size_t i = 0; i < len; i++)
        put(out, "x", 1);
}
