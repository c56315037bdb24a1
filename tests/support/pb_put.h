/*
 * pb_put.h - protobuf fields by hand, for messages that no encoder of ours
 * would write.  Of a field that is there twice the last one counts, so a
 * field put behind a good message spoils it.
 */
#ifndef TESTS_PB_PUT_H
#define TESTS_PB_PUT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

void pb_put_varint(struct buf *out, uint32_t number, uint64_t value);
void pb_put_fixed32(struct buf *out, uint32_t number, uint32_t value);
void pb_put_fixed64(struct buf *out, uint32_t number, uint64_t value);
void pb_put_bytes(
    struct buf *out, uint32_t number, const void *data, size_t len);
void pb_put_text(struct buf *out, uint32_t number, const char *text);
void pb_put_message(struct buf *out, uint32_t number, const struct buf *body);

/* A text of `len` times 'x'. */
void pb_put_long_text(struct buf *out, uint32_t number, size_t len);

#endif
