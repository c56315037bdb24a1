#include "mail_mime.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    FOLD_AT = 78,
    LINE_MAX_BYTES = 998,
    QUOTED_LINE_MAX = 76,
    /* "=?UTF-8?B?" and "?=" leave 63 of 75; a multiple of 3 in, of 4 out */
    WORD_BYTES = 45
};

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hex[] = "0123456789ABCDEF";

/* ---- headers ---- */

/* A control character, and so a line's end, is none. */
static char
harmless(char c)
{
    if ((unsigned char)c < 0x20 || c == 0x7f)
        return '?';
    return c;
}

static bool
is_plain(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if ((unsigned char)*at >= 0x80)
            return false;
    }
    return strstr(value, "=?") == NULL;
}

/* Puts a word, on a line of its own if it does not fit behind the last. */
static int
put_word(struct buf *out, const char *word, size_t len, size_t *column,
    struct err *err)
{
    static const char fold[] = "\r\n ";

    if (*column > 0 && *column + 1 + len > FOLD_AT) {
        if (buf_append(out, fold, sizeof(fold) - 1, err) != 0)
            return -1;
        *column = 1;
    } else {
        if (buf_append(out, " ", 1, err) != 0)
            return -1;
        *column += 1;
    }
    *column += len;
    for (size_t i = 0; i < len; i++) {
        char c = harmless(word[i]);

        if (buf_append(out, &c, 1, err) != 0)
            return -1;
    }
    return 0;
}

static int
put_plain(struct buf *out, const char *value, size_t column, struct err *err)
{
    const char *at = value;

    do {
        size_t len = strcspn(at, " ");

        if (len > LINE_MAX_BYTES - FOLD_AT)
            len = LINE_MAX_BYTES - FOLD_AT;
        if (put_word(out, at, len, &column, err) != 0)
            return -1;
        at += len;
        at += *at == ' ';
    } while (*at != '\0');
    return 0;
}

/* At most `max` bytes of `text`, ending on a whole character. */
static size_t
whole_characters(const char *text, size_t max)
{
    size_t len = strlen(text);

    if (len <= max)
        return len;
    len = max;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len > 0 ? len : max;
}

/* Up to three bytes as four characters. */
static void
encode_three(const char *text, size_t len, char out[4])
{
    uint32_t three = 0;

    for (size_t i = 0; i < 3; i++) {
        three <<= 8;
        if (i < len)
            three |= (unsigned char)harmless(text[i]);
    }
    out[0] = base64[three >> 18];
    out[1] = base64[three >> 12 & 63];
    out[2] = '=';
    out[3] = '=';
    if (len > 1)
        out[2] = base64[three >> 6 & 63];
    if (len > 2)
        out[3] = base64[three & 63];
}

static size_t
encode_word(const char *text, size_t len, char *out)
{
    static const char begin[] = "=?UTF-8?B?";
    static const char end[] = "?=";
    size_t used = sizeof(begin) - 1;

    memcpy(out, begin, used);
    for (size_t i = 0; i < len; i += 3) {
        encode_three(text + i, len - i, out + used);
        used += 4;
    }
    memcpy(out + used, end, sizeof(end) - 1);
    return used + sizeof(end) - 1;
}

static int
put_encoded(struct buf *out, const char *value, size_t column, struct err *err)
{
    while (*value != '\0') {
        size_t len = whole_characters(value, WORD_BYTES);
        char word[WORD_BYTES / 3 * 4 + 16];
        size_t used = encode_word(value, len, word);

        if (put_word(out, word, used, &column, err) != 0)
            return -1;
        value += len;
    }
    return 0;
}

int
mime_put_header(
    struct buf *out, const char *name, const char *value, struct err *err)
{
    size_t column = strlen(name) + 1;
    int rc;

    if (buf_printf(out, err, "%s:", name) != 0)
        return -1;
    rc = is_plain(value) ? put_plain(out, value, column, err)
                         : put_encoded(out, value, column, err);
    return rc != 0 ? -1 : buf_append(out, "\r\n", 2, err);
}

/* ---- bodies ---- */

/* A space or tab is plain unless the line ends behind it. */
static size_t
quote_one(const char *text, size_t at, size_t len, char out[3])
{
    unsigned char c = (unsigned char)text[at];
    bool last = at + 1 == len || text[at + 1] == '\n';

    if ((c >= 0x21 && c <= 0x7e && c != '=') || (c == ' ' && !last)) {
        out[0] = text[at];
        return 1;
    }
    out[0] = '=';
    out[1] = hex[c >> 4];
    out[2] = hex[c & 15];
    return 3;
}

int
mime_put_quoted(struct buf *out, const char *text, size_t len, struct err *err)
{
    size_t column = 0;

    for (size_t i = 0; i < len; i++) {
        char one[3];
        size_t count;

        if (text[i] == '\n') {
            if (buf_append(out, "\r\n", 2, err) != 0)
                return -1;
            column = 0;
            continue;
        }
        count = quote_one(text, i, len, one);
        if (column + count > QUOTED_LINE_MAX - 1) {
            if (buf_append(out, "=\r\n", 3, err) != 0)
                return -1;
            column = 0;
        }
        if (buf_append(out, one, count, err) != 0)
            return -1;
        column += count;
    }
    return column > 0 ? buf_append(out, "\r\n", 2, err) : 0;
}
