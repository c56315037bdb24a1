#include "slice.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { DIGITS_MAX = 12, ESCAPE_DIGITS_MAX = 6 };

bool
slice_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

struct slice
slice_of(const char *text)
{
    return (struct slice){.at = text, .len = text == NULL ? 0 : strlen(text)};
}

struct slice
slice_trim(struct slice text)
{
    while (text.len > 0 && slice_is_space(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && slice_is_space(text.at[text.len - 1]))
        text.len--;
    return text;
}

bool
slice_is(struct slice text, const char *word)
{
    return text.len == strlen(word) &&
           (text.len == 0 || strncasecmp(text.at, word, text.len) == 0);
}

bool
slice_begins(struct slice text, const char *word)
{
    size_t len = strlen(word);

    return text.len >= len && strncasecmp(text.at, word, len) == 0;
}

bool
slice_eat(struct slice *text, const char *word)
{
    if (!slice_begins(*text, word))
        return false;
    text->at += strlen(word);
    text->len -= strlen(word);
    return true;
}

/* Behind a string that begins at `i`; one that does not end ends the text. */
static size_t
skip_string(struct slice text, size_t i)
{
    char quote = text.at[i++];

    while (i < text.len && text.at[i] != quote)
        i += text.at[i] == '\\' ? 2 : 1;
    return i < text.len ? i + 1 : text.len;
}

bool
slice_next(struct slice *text, char end, struct slice *part)
{
    size_t depth = 0;
    size_t i = 0;

    if (text->len == 0)
        return false;
    while (i < text->len) {
        char c = text->at[i];

        if (c == end && depth == 0)
            break;
        if (c == '"' || c == '\'') {
            i = skip_string(*text, i);
            continue;
        }
        if (c == '(' || c == '[' || c == '{')
            depth++;
        else if ((c == ')' || c == ']' || c == '}') && depth > 0)
            depth--;
        i += c == '\\' ? 2 : 1;
    }
    if (i > text->len)
        i = text->len;
    *part = (struct slice){.at = text->at, .len = i};
    if (i < text->len)
        i++;
    text->at += i;
    text->len -= i;
    return true;
}

bool
slice_word(struct slice *text, struct slice *word)
{
    size_t i = 0;

    *text = slice_trim(*text);
    while (i < text->len && !slice_is_space(text->at[i]))
        i++;
    *word = (struct slice){.at = text->at, .len = i};
    if (i == 0)
        return false;
    text->at += i;
    text->len -= i;
    return true;
}

bool
slice_number(struct slice *text, double *out)
{
    double value = 0;
    double unit = 1;
    size_t digits = 0;
    size_t i = 0;
    bool minus = false;

    if (i < text->len && (text->at[i] == '-' || text->at[i] == '+'))
        minus = text->at[i++] == '-';
    for (; i < text->len && isdigit((unsigned char)text->at[i]); i++) {
        if (digits++ < DIGITS_MAX)
            value = value * 10 + (text->at[i] - '0');
    }
    if (i < text->len && text->at[i] == '.') {
        for (i++; i < text->len && isdigit((unsigned char)text->at[i]); i++) {
            unit /= 10;
            if (digits++ < DIGITS_MAX)
                value += unit * (text->at[i] - '0');
        }
    }
    if (digits == 0)
        return false;
    *out = minus ? -value : value;
    text->at += i;
    text->len -= i;
    return true;
}

/* UTF-8 of a code point; how many bytes. */
static size_t
put_utf8(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | (c >> 6));
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | (c >> 12));
        out[1] = (char)(0x80 | ((c >> 6) & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | ((c >> 18) & 7));
    out[1] = (char)(0x80 | ((c >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((c >> 6) & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The escape behind a backslash at `*i`, which moves behind it. */
static size_t
take_escape(struct slice text, size_t *i, char out[4])
{
    uint32_t c = 0;
    int digits = 0;

    while (*i < text.len && digits < ESCAPE_DIGITS_MAX &&
           isxdigit((unsigned char)text.at[*i])) {
        char digit = (char)tolower((unsigned char)text.at[*i]);

        c = c * 16 + (uint32_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
        digits++;
        (*i)++;
    }
    if (digits == 0) {
        if (*i >= text.len)
            return 0;
        out[0] = text.at[(*i)++];
        return out[0] == '\n' ? 0 : 1;
    }
    if (*i < text.len && slice_is_space(text.at[*i]))
        (*i)++;
    return put_utf8(c == 0 || c > 0x10ffff ? 0xfffd : c, out);
}

void
slice_copy(struct slice text, char *out, size_t size)
{
    size_t len = 0;
    size_t i = 0;

    text = slice_trim(text);
    if (text.len >= 2 && (text.at[0] == '"' || text.at[0] == '\'') &&
        text.at[text.len - 1] == text.at[0]) {
        text.at++;
        text.len -= 2;
    }
    while (i < text.len) {
        char piece[4];
        size_t count = 1;

        piece[0] = text.at[i++];
        if (piece[0] == '\\')
            count = take_escape(text, &i, piece);
        if (len + count + 1 > size)
            break;
        memcpy(out + len, piece, count);
        len += count;
    }
    out[len] = '\0';
}
