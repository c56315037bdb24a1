/*
 * buf.h - a growable byte buffer that refuses to grow past its limit.
 *
 * Everything that accumulates bytes from outside goes through a buf, so that
 * every such place has had to name its limit.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct buf {
    uint8_t *data;      /* owned; NULL until the first byte arrives */
    size_t len;         /* bytes in use */
    size_t capacity;    /* bytes allocated */
    size_t limit_bytes; /* len never exceeds this */
};

/* Bytes that belong to somebody else; how long they stay is said where used. */
struct bytes {
    const uint8_t *data; /* borrowed */
    size_t len;
};

/* Makes an empty buf.  Cannot fail; nothing is allocated yet. */
void buf_init(struct buf *buf, size_t limit_bytes);

/* Releases the bytes and leaves an empty buf with the same limit. */
void buf_free(struct buf *buf);

/* Empties the buf and keeps its memory for the next use. */
void buf_clear(struct buf *buf);

/*
 * Gives memory back that is not in use, down to `keep_bytes`: what one large
 * use needed is not kept for ever.
 */
void buf_trim(struct buf *buf, size_t keep_bytes);

/*
 * Appends a copy of `len` bytes.  Fails with ERR_LIMIT or ERR_NOMEM, and then
 * leaves the buf as it was.
 */
int buf_append(struct buf *buf, const void *data, size_t len, struct err *err);

/*
 * Lends `len` writable bytes at the end of the buf and counts them as used.
 * The pointer is good until the next call that changes the buf.
 */
uint8_t *buf_extend(struct buf *buf, size_t len, struct err *err);

/* Appends formatted text, without its NUL. */
int buf_printf(struct buf *buf, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The content as a C string: a NUL stands behind it without counting as used.
 * Good until the next call that changes the buf.  NULL when memory is out.
 */
const char *buf_text(struct buf *buf, struct err *err);

/* Takes `len` bytes off the front; the rest moves down. */
void buf_consume(struct buf *buf, size_t len);

static inline struct bytes
buf_bytes(const struct buf *buf)
{
    return (struct bytes){.data = buf->data, .len = buf->len};
}

#endif
