#include "http_length.h"

#include <string.h>

#include "http_evidence.h"

/* "123"; false if it is anything else. */
static bool
take_number(const char *text, size_t len, int64_t *out)
{
    int64_t bytes = 0;

    for (size_t i = 0; i < len; i++) {
        int digit = text[i] - '0';

        if (digit < 0 || digit > 9)
            return false;
        bytes =
            bytes > (INT64_MAX - digit) / 10 ? INT64_MAX : bytes * 10 + digit;
    }
    *out = bytes;
    return len > 0;
}

/* How long the text is without the blanks at its end. */
static size_t
trimmed(const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    return len;
}

static int
take_one(
    struct http_length *length, const char *text, size_t len, struct err *err)
{
    int64_t bytes;

    if (!take_number(text, len, &bytes))
        return err_set(err, ERR_PEER, "a Content-Length that is none: \"%.*s\"",
            len < 64 ? (int)len : 64, text);
    if (length->known && length->bytes != bytes)
        return err_set(err, ERR_PEER, "two Content-Lengths, %lld and %lld",
            (long long)length->bytes, (long long)bytes);
    length->known = true;
    length->bytes = bytes;
    return 0;
}

int
http_length_take(
    struct http_length *length, const char *line, size_t len, struct err *err)
{
    size_t left;
    const char *at = http_evidence_value(line, len, "content-length", &left);

    if (at == NULL)
        return 0;
    for (;;) {
        const char *comma = left > 0 ? memchr(at, ',', left) : NULL;
        size_t part = comma == NULL ? left : (size_t)(comma - at);

        if (take_one(length, at, trimmed(at, part), err) != 0)
            return -1;
        if (comma == NULL)
            return 0;
        at += part + 1;
        left -= part + 1;
        while (left > 0 && (*at == ' ' || *at == '\t')) {
            at++;
            left--;
        }
    }
}
