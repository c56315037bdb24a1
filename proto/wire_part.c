#include "wire_part.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    VARINT_MAX_BYTES = 10,
    TAG_TYPE_BITS = 3,
    TYPE_VARINT = 0,
    TYPE_FIXED64 = 1,
    TYPE_LENGTH = 2,
    TYPE_FIXED32 = 5
};

int
wire_part_take_varint(struct bytes *left, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < left->len && i < VARINT_MAX_BYTES; i++) {
        uint64_t part = left->data[i] & 0x7fU;

        if (i == VARINT_MAX_BYTES - 1 && part > 1)
            return -1;
        value |= part << (7 * i);
        if ((left->data[i] & 0x80U) != 0)
            continue;
        if (part == 0 && i > 0)
            return -1; /* longer than need be */
        left->data += i + 1;
        left->len -= i + 1;
        *out = value;
        return 0;
    }
    return -1;
}

size_t
wire_part_put_varint(uint64_t value, uint8_t out[10])
{
    size_t len = 0;

    while (value >= 0x80) {
        out[len++] = (uint8_t)(value | 0x80U);
        value >>= 7;
    }
    out[len++] = (uint8_t)value;
    return len;
}

/* Skips one varint, which need not be short: other encoders may pad. */
static int
skip_varint(struct bytes *left)
{
    for (size_t i = 0; i < left->len && i < VARINT_MAX_BYTES; i++) {
        if ((left->data[i] & 0x80U) != 0)
            continue;
        left->data += i + 1;
        left->len -= i + 1;
        return 0;
    }
    return -1;
}

/* Takes the content of a field of that type off the front. */
static int
take_field(struct bytes *left, unsigned type, struct bytes *content)
{
    uint64_t len = 0;

    if (type == TYPE_VARINT) {
        *content = *left;
        return skip_varint(left);
    }
    if (type == TYPE_FIXED32)
        len = 4;
    else if (type == TYPE_FIXED64)
        len = 8;
    else if (type != TYPE_LENGTH || wire_part_take_varint(left, &len) != 0)
        return -1;
    if (len > left->len)
        return -1;
    *content = (struct bytes){.data = left->data, .len = (size_t)len};
    left->data += len;
    left->len -= (size_t)len;
    return 0;
}

int
wire_part_cut(struct bytes message, uint32_t number, struct wire_cut *cut,
    struct err *err)
{
    struct bytes left = message;
    bool found = false;

    *cut = (struct wire_cut){.head = message};
    while (left.len > 0) {
        const uint8_t *start = left.data;
        struct bytes content;
        uint64_t tag;

        if (wire_part_take_varint(&left, &tag) != 0 || tag > UINT32_MAX ||
            take_field(&left, (unsigned)tag & 7U, &content) != 0)
            return err_set(err, ERR_PARSE, "malformed at byte %zu of %zu",
                (size_t)(start - message.data), message.len);
        if (tag >> TAG_TYPE_BITS != number)
            continue;
        if (found || (tag & 7U) != TYPE_LENGTH)
            return err_set(err, ERR_PARSE, "field %" PRIu32 " %s", number,
                found ? "is there twice" : "has another type");
        found = true;
        cut->head.len = (size_t)(start - message.data);
        cut->field = content;
        cut->tail = left;
    }
    return 0;
}

int
wire_part_rest(const struct wire_cut *cut, struct wire_arena *arena,
    struct bytes *rest, struct err *err)
{
    size_t len = cut->head.len + cut->tail.len;
    uint8_t *copy;

    if (cut->tail.len == 0 || cut->head.len == 0) {
        *rest = cut->tail.len == 0 ? cut->head : cut->tail;
        return 0;
    }
    copy = wire_arena_take(arena, len);
    if (copy == NULL)
        return err_set(err, ERR_LIMIT, "%zu bytes beside its content", len);
    memcpy(copy, cut->head.data, cut->head.len);
    memcpy(copy + cut->head.len, cut->tail.data, cut->tail.len);
    *rest = (struct bytes){.data = copy, .len = len};
    return 0;
}

void *
wire_part_unpack(const ProtobufCMessageDescriptor *descriptor,
    struct bytes encoded, struct wire_arena *arena, struct err *err)
{
    static const uint8_t nothing[1];
    void *message = protobuf_c_message_unpack(descriptor, &arena->allocator,
        encoded.len, encoded.len == 0 ? nothing : encoded.data);

    if (message != NULL)
        return message;
    if (arena->exhausted)
        err_set(err, ERR_LIMIT, "%s of %zu bytes holds too many fields",
            descriptor->short_name, encoded.len);
    else
        err_set(err, ERR_PARSE, "%zu bytes are not a %s", encoded.len,
            descriptor->short_name);
    return NULL;
}

int
wire_part_pack(
    const ProtobufCMessage *message, struct buf *out, struct err *err)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *at = buf_extend(out, size, err);

    if (at == NULL)
        return -1;
    (void)protobuf_c_message_pack(message, at);
    return 0;
}

static int
check_len(
    ProtobufCBinaryData from, size_t max_len, const char *what, struct err *err)
{
    if (from.len > max_len)
        return err_set(err, ERR_LIMIT, "%s of %zu bytes (at most %zu)", what,
            from.len, max_len);
    return 0;
}

int
wire_part_text(ProtobufCBinaryData from, char *out, size_t size,
    const char *what, struct err *err)
{
    if (check_len(from, size - 1, what, err) != 0)
        return -1;
    text_put_harmless((const char *)from.data, from.len, out, size);
    return 0;
}

int
wire_part_name(ProtobufCBinaryData from, char *out, size_t size,
    const char *what, struct err *err)
{
    if (wire_part_text(from, out, size, what, err) != 0)
        return -1;
    if (strlen(out) != from.len || !text_is_name(out))
        return err_set(err, ERR_PARSE,
            "%s \"%s\" is not a name (a-z, 0-9, dot, dash, underscore)", what,
            out);
    return 0;
}

int
wire_part_exact(ProtobufCBinaryData from, uint8_t *out, size_t size,
    const char *what, struct err *err)
{
    if (from.len != size)
        return err_set(err, ERR_PARSE, "%s of %zu bytes instead of %zu", what,
            from.len, size);
    memcpy(out, from.data, size);
    return 0;
}

char *
wire_part_string(ProtobufCBinaryData from, size_t max_len,
    enum wire_text_rule rule, const char *what, struct err *err)
{
    char *text;
    bool good;

    if (check_len(from, max_len, what, err) != 0)
        return NULL;
    text = malloc(from.len + 1);
    if (text == NULL) {
        err_set(err, ERR_NOMEM, "%s of %zu bytes", what, from.len);
        return NULL;
    }
    text_put_harmless((const char *)from.data, from.len, text, from.len + 1);
    if (rule == WIRE_TEXT_PLAIN) {
        good = from.len == 0 || memcmp(text, from.data, from.len) == 0;
    } else {
        good = from.len == 0 || memchr(from.data, '\0', from.len) == NULL;
        if (from.len > 0)
            memcpy(text, from.data, from.len);
        text[from.len] = '\0';
    }
    if (!good) {
        err_set(err, ERR_PARSE, "%s holds %s", what,
            rule == WIRE_TEXT_PLAIN ? "control characters or broken UTF-8"
                                    : "a NUL");
        free(text);
        return NULL;
    }
    return text;
}

int
wire_part_take_list(const struct wire_part_list *from, struct strlist *list,
    const char *what, struct err *err)
{
    if (from->count > from->max_count)
        return err_set(err, ERR_LIMIT, "%zu %s (at most %zu)", from->count,
            what, from->max_count);
    for (size_t i = 0; i < from->count; i++) {
        char *item = wire_part_string(
            from->items[i], from->max_len, WIRE_TEXT_PLAIN, what, err);
        int rc = 0;

        if (item != NULL && strlist_add(list, item) != 0)
            rc = err_set(err, ERR_NOMEM, "%s", what);
        free(item);
        if (item == NULL || rc != 0) {
            strlist_free(list);
            return -1;
        }
    }
    return 0;
}

int
wire_part_put_list(const struct strlist *list, struct wire_arena *arena,
    ProtobufCBinaryData **items, size_t *count, struct err *err)
{
    *count = 0;
    if (list->count == 0)
        return 0;
    *items = wire_arena_take_array(arena, list->count, sizeof(**items), err);
    if (*items == NULL)
        return -1;
    for (size_t i = 0; i < list->count; i++)
        (*items)[i] = wire_part_of_text(list->items[i]);
    *count = list->count;
    return 0;
}

int
wire_part_range(
    int64_t value, int64_t min, int64_t max, const char *what, struct err *err)
{
    if (value < min || value > max)
        return err_set(err, ERR_PARSE,
            "%s %" PRId64 " is out of range (%" PRId64 " to %" PRId64 ")", what,
            value, min, max);
    return 0;
}

int
wire_part_range_u64(uint64_t value, uint64_t min, uint64_t max,
    const char *what, struct err *err)
{
    if (value < min || value > max)
        return err_set(err, ERR_PARSE,
            "%s %" PRIu64 " is out of range (%" PRIu64 " to %" PRIu64 ")", what,
            value, min, max);
    return 0;
}

ProtobufCBinaryData
wire_part_of(const void *data, size_t len)
{
    return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)data};
}

ProtobufCBinaryData
wire_part_of_text(const char *text)
{
    return wire_part_of(text, text == NULL ? 0 : strlen(text));
}
