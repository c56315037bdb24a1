/*
 * row.h - writing and reading the small rows of the store: numbers, texts and
 * bytes one after the other, behind a version.
 *
 * Both sides remember the first thing that went wrong and do nothing after it,
 * so that a codec is a list of fields with one question at its end.
 */
#ifndef COLLECTOR_ROW_H
#define COLLECTOR_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

struct row_out {
    struct buf *buf; /* borrowed */
    struct err *err; /* borrowed */
    bool failed;     /* err says why */
};

void row_put_uint(struct row_out *out, uint64_t value);
void row_put_int(struct row_out *out, int64_t value);
void row_put_bytes(struct row_out *out, const void *data, size_t len);
/* Without the NUL, its length in front. */
void row_put_text(struct row_out *out, const char *text);

struct row_in {
    const uint8_t *at; /* borrowed */
    const uint8_t *end;
    bool failed;
};

static inline struct row_in
row_in(struct bytes bytes)
{
    return (struct row_in){
        .at = bytes.data, .end = bytes.data + bytes.len, .failed = false};
}

/* 0 where it fails; a number above `max` fails. */
uint64_t row_take_uint(struct row_in *in, uint64_t max);
int64_t row_take_int(struct row_in *in);
bool row_take_bool(struct row_in *in);
void row_take_bytes(struct row_in *in, void *out, size_t len);
/* A text with its NUL must fit `size`, and hold no other NUL. */
void row_take_text(struct row_in *in, char *out, size_t size);

/*
 * All was read, to the last byte: 0.  Else ERR_STATE: "<what> row of N bytes
 * cannot be read".
 */
int row_end(const struct row_in *in, struct bytes row, const char *what,
    struct err *err);

/* Big-endian, for keys: they sort as the numbers do. */
void key_put_u16(uint8_t *at, uint16_t value);
void key_put_u32(uint8_t *at, uint32_t value);
void key_put_u64(uint8_t *at, uint64_t value);
uint16_t key_take_u16(const uint8_t *at);
uint32_t key_take_u32(const uint8_t *at);
uint64_t key_take_u64(const uint8_t *at);

#endif
