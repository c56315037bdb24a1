#include "buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_CAPACITY = 256 };

/* Makes room for `need` bytes in all. */
static int
grow(struct buf *buf, size_t need, struct err *err)
{
    size_t capacity = buf->capacity ? buf->capacity : BUF_FIRST_CAPACITY;
    uint8_t *data;

    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    data = realloc(buf->data, capacity);
    if (data == NULL)
        return err_set(err, ERR_NOMEM, "buffer of %zu bytes", capacity);
    buf->data = data;
    buf->capacity = capacity;
    return 0;
}

void
buf_init(struct buf *buf, size_t limit_bytes)
{
    *buf = (struct buf){.limit_bytes = limit_bytes};
}

void
buf_free(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->limit_bytes);
}

void
buf_clear(struct buf *buf)
{
    buf->len = 0;
}

void
buf_trim(struct buf *buf, size_t keep_bytes)
{
    size_t capacity = buf->len > keep_bytes ? buf->len : keep_bytes;
    uint8_t *data;

    if (buf->capacity <= capacity)
        return;
    if (capacity == 0) {
        buf_free(buf);
        return;
    }
    data = realloc(buf->data, capacity);
    if (data == NULL) /* it then stays as large as it was */
        return;
    buf->data = data;
    buf->capacity = capacity;
}

uint8_t *
buf_extend(struct buf *buf, size_t len, struct err *err)
{
    uint8_t *at;

    if (len > buf->limit_bytes - buf->len) {
        err_set(err, ERR_LIMIT, "more than %zu bytes", buf->limit_bytes);
        return NULL;
    }
    if (buf->len + len > buf->capacity || buf->data == NULL) {
        if (grow(buf, buf->len + len, err) != 0)
            return NULL;
    }
    at = buf->data + buf->len;
    buf->len += len;
    return at;
}

int
buf_append(struct buf *buf, const void *data, size_t len, struct err *err)
{
    uint8_t *at = buf_extend(buf, len, err);

    if (at == NULL)
        return -1;
    if (len > 0)
        memcpy(at, data, len);
    return 0;
}

int
buf_printf(struct buf *buf, struct err *err, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    uint8_t *at;
    int len;

    va_start(ap, fmt);
    len = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    assert(len >= 0);
    if ((size_t)len < sizeof(text))
        return buf_append(buf, text, (size_t)len, err);
    at = buf_extend(buf, (size_t)len, err);
    if (at == NULL)
        return -1;
    /* vsnprintf() wants room for a NUL, which the limit does not count. */
    buf->len -= (size_t)len;
    if (buf->len + (size_t)len + 1 > buf->capacity &&
        grow(buf, buf->len + (size_t)len + 1, err) != 0)
        return -1;
    va_start(ap, fmt);
    (void)vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, fmt, ap);
    va_end(ap);
    buf->len += (size_t)len;
    return 0;
}

const char *
buf_text(struct buf *buf, struct err *err)
{
    if (buf->len + 1 > buf->capacity && grow(buf, buf->len + 1, err) != 0)
        return NULL;
    buf->data[buf->len] = '\0';
    return (const char *)buf->data;
}

void
buf_consume(struct buf *buf, size_t len)
{
    assert(len <= buf->len);
    buf->len -= len;
    if (buf->len > 0)
        memmove(buf->data, buf->data + len, buf->len);
}
