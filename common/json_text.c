#include "json_text.h"

#include <inttypes.h>
#include <string.h>

struct json_text
json_text(struct buf *out)
{
    return (struct json_text){.out = out};
}

static void
put(struct json_text *json, const char *text, size_t len)
{
    if (!json->failed && buf_append(json->out, text, len, &json->err) != 0)
        json->failed = true;
}

/* How many bytes the character has that begins here; 0: it is none. */
static size_t
character(const uint8_t *at, size_t left)
{
    size_t len = at[0] < 0x80   ? 1
                 : at[0] < 0xc2 ? 0
                 : at[0] < 0xe0 ? 2
                 : at[0] < 0xf0 ? 3
                 : at[0] < 0xf5 ? 4
                                : 0;

    if (len == 0 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    /* Not shorter than it could be, no surrogate, not above U+10FFFF. */
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

static void
put_ascii(struct json_text *json, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4 & 15], digits[c & 15]};

    if (c == '\n') {
        put(json, "\\n", 2);
    } else if (c < 0x20 || c == 0x7f) {
        put(json, escape, sizeof(escape));
    } else {
        if (c == '"' || c == '\\')
            put(json, "\\", 1);
        put(json, (const char *)&c, 1);
    }
}

static void
put_string(struct json_text *json, const char *text, size_t len)
{
    const uint8_t *at = (const uint8_t *)text;

    put(json, "\"", 1);
    while (len > 0) {
        size_t step = character(at, len);

        if (step <= 1)
            put_ascii(json, step == 0 ? '?' : *at);
        else
            put(json, (const char *)at, step);
        step = step == 0 ? 1 : step;
        at += step;
        len -= step;
    }
    put(json, "\"", 1);
}

static void
begin(struct json_text *json, const char *key)
{
    if (json->comma)
        put(json, ",", 1);
    if (key != NULL) {
        put_string(json, key, strlen(key));
        put(json, ":", 1);
    }
    json->comma = true;
}

void
json_open(struct json_text *json, const char *key, char brace)
{
    begin(json, key);
    put(json, &brace, 1);
    json->comma = false;
}

void
json_close(struct json_text *json, char brace)
{
    put(json, &brace, 1);
    json->comma = true;
}

void
json_put_part(
    struct json_text *json, const char *key, const char *text, size_t len)
{
    begin(json, key);
    put_string(json, text, len);
}

void
json_put_text(struct json_text *json, const char *key, const char *text)
{
    json_put_part(json, key, text, strlen(text));
}

void
json_put_int(struct json_text *json, const char *key, int64_t value)
{
    begin(json, key);
    if (!json->failed &&
        buf_printf(json->out, &json->err, "%" PRId64, value) != 0)
        json->failed = true;
}

void
json_put_bool(struct json_text *json, const char *key, bool value)
{
    begin(json, key);
    put(json, value ? "true" : "false", value ? 4 : 5);
}
