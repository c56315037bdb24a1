/*
 * wire_part.h - what all messages are made of: fields cut out, texts, ranges.
 *
 * Private to proto/.  `what` names the field in the error.
 */
#ifndef PROTO_WIRE_PART_H
#define PROTO_WIRE_PART_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "buf.h"
#include "err.h"
#include "text.h"
#include "wire_arena.h"

/* Years 1 and 9999, which is as far as certificates go. */
#define WIRE_TIME_MIN_MS INT64_C(-62135596800000)
#define WIRE_TIME_MAX_MS INT64_C(253402300799999)

/* A message with one field of its left out; all point into the message. */
struct wire_cut {
    struct bytes head;  /* before the field */
    struct bytes field; /* its content; empty if the message lacks it */
    struct bytes tail;  /* behind the field; empty if the message lacks it */
};

/*
 * Cuts the length-delimited field `number` out of an encoded message without
 * copying.  ERR_PARSE if the message is malformed or has the field twice.
 */
int wire_part_cut(struct bytes message, uint32_t number, struct wire_cut *cut,
    struct err *err);

/* The rest of the message; copied into the arena only if in two pieces. */
int wire_part_rest(const struct wire_cut *cut, struct wire_arena *arena,
    struct bytes *rest, struct err *err);

/* The parsed message, which lives in the arena; NULL: ERR_PARSE, ERR_LIMIT. */
void *wire_part_unpack(const ProtobufCMessageDescriptor *descriptor,
    struct bytes encoded, struct wire_arena *arena, struct err *err);

/* Appends the encoded message. */
int wire_part_pack(
    const ProtobufCMessage *message, struct buf *out, struct err *err);

/* Reads a varint in its shortest form off the front; -1 if there is none. */
int wire_part_take_varint(struct bytes *left, uint64_t *out);

/* Returns how many bytes it wrote, at most 10. */
size_t wire_part_put_varint(uint64_t value, uint8_t out[10]);

/* Copies a text that will be shown, made harmless; ERR_LIMIT if too long. */
int wire_part_text(ProtobufCBinaryData from, char *out, size_t size,
    const char *what, struct err *err);

/* Copies a name; ERR_PARSE unless it is one. */
int wire_part_name(ProtobufCBinaryData from, char *out, size_t size,
    const char *what, struct err *err);

/* Copies exactly `size` bytes. */
int wire_part_exact(ProtobufCBinaryData from, uint8_t *out, size_t size,
    const char *what, struct err *err);

enum wire_text_rule {
    WIRE_TEXT_PLAIN, /* no control characters, valid UTF-8 */
    WIRE_TEXT_ANY    /* no NUL: bodies, patterns, certificates */
};

/* A new string, owned by the caller; NULL: ERR_PARSE, ERR_LIMIT, ERR_NOMEM. */
char *wire_part_string(ProtobufCBinaryData from, size_t max_len,
    enum wire_text_rule rule, const char *what, struct err *err);

/* Fills an empty list; leaves it empty on failure. */
struct wire_part_list {
    ProtobufCBinaryData *items; /* borrowed */
    size_t count;
    size_t max_count;
    size_t max_len; /* of one */
};
int wire_part_take_list(const struct wire_part_list *from, struct strlist *list,
    const char *what, struct err *err);
/* Items point into the list. */
int wire_part_put_list(const struct strlist *list, struct wire_arena *arena,
    ProtobufCBinaryData **items, size_t *count, struct err *err);

/* ERR_PARSE unless min <= value <= max. */
int wire_part_range(
    int64_t value, int64_t min, int64_t max, const char *what, struct err *err);
int wire_part_range_u64(uint64_t value, uint64_t min, uint64_t max,
    const char *what, struct err *err);

/* Borrows; protobuf-c has no const. */
ProtobufCBinaryData wire_part_of(const void *data, size_t len);
ProtobufCBinaryData wire_part_of_text(const char *text); /* NULL: empty */

#endif
