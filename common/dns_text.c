#include "dns_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PART_BYTES = 512, ESCAPED_MAX = 5 };

static bool
is_plain(uint8_t byte)
{
    return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

/* Bytes of a string; commas and backslashes of an item are escaped twice. */
static int
put_escaped(const uint8_t *bytes, size_t len, bool is_item, struct buf *out,
    struct err *err)
{
    char part[PART_BYTES];
    size_t put = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t byte = bytes[i];

        if (is_item && byte == ',') {
            memcpy(part + put, "\\\\,", 3);
            put += 3;
        } else if (is_item && byte == '\\') {
            memcpy(part + put, "\\\\\\\\", 4);
            put += 4;
        } else if (is_plain(byte)) {
            part[put++] = (char)byte;
        } else if (byte == '"' || byte == '\\') {
            part[put++] = '\\';
            part[put++] = (char)byte;
        } else {
            put += (size_t)snprintf(
                part + put, ESCAPED_MAX, "\\%03u", (unsigned)byte);
        }
        if (put + ESCAPED_MAX <= sizeof(part) && i + 1 < len)
            continue;
        if (buf_append(out, part, put, err) != 0)
            return -1;
        put = 0;
    }
    return 0;
}

int
dns_text_put_quoted(
    const uint8_t *bytes, size_t len, struct buf *out, struct err *err)
{
    if (buf_append(out, "\"", 1, err) != 0 ||
        put_escaped(bytes, len, false, out, err) != 0)
        return -1;
    return buf_append(out, "\"", 1, err);
}

int
dns_text_put_item(
    const uint8_t *bytes, size_t len, struct buf *out, struct err *err)
{
    return put_escaped(bytes, len, true, out, err);
}

int
dns_text_put_hex(const uint8_t *bytes, size_t len, size_t group,
    struct buf *out, struct err *err)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < len; i++) {
        const char pair[] = {digits[bytes[i] >> 4], digits[bytes[i] & 15], ' '};
        bool ends = group > 0 && (i + 1) * 2 % group == 0 && i + 1 < len;

        if (buf_append(out, pair, ends ? 3 : 2, err) != 0)
            return -1;
    }
    return 0;
}

int
dns_text_put_base64(
    const uint8_t *bytes, size_t len, struct buf *out, struct err *err)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        char four[4];

        bits |= have > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= have > 2 ? bytes[i + 2] : 0;
        for (size_t j = 0; j < 4; j++)
            four[j] = j <= have ? digits[bits >> (18 - 6 * j) & 63] : '=';
        if (buf_append(out, four, sizeof(four), err) != 0)
            return -1;
    }
    return 0;
}
