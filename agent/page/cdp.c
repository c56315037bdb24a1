#include "cdp.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void
cdp_in_init(struct cdp_in *in)
{
    buf_init(&in->buf, (size_t)CDP_MESSAGE_BYTES_MAX + CDP_READ_BYTES_MAX);
    in->taken = 0;
    in->searched = 0;
}

void
cdp_in_free(struct cdp_in *in)
{
    buf_free(&in->buf);
    cdp_in_init(in);
}

int
cdp_in_add(struct cdp_in *in, const void *data, size_t len, struct err *err)
{
    /* Once a read, not once a message: many small ones move nothing. */
    if (in->taken > 0)
        buf_consume(&in->buf, in->taken);
    in->searched -= in->taken;
    in->taken = 0;
    if (in->buf.len > CDP_MESSAGE_BYTES_MAX || len > CDP_READ_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a message of more than %d bytes",
            CDP_MESSAGE_BYTES_MAX);
    return buf_append(&in->buf, data, len, err);
}

static int
malformed(struct err *err, const char *what)
{
    return err_set(err, ERR_PARSE, "no message of the protocol: %s", what);
}

/* The object at `key`; NULL where there is none. */
static const json_t *
object_at(const json_t *root, const char *key)
{
    const json_t *value = json_object_get(root, key);

    return json_is_object(value) ? value : NULL;
}

static int
read_reply(struct cdp_message *message, struct err *err)
{
    const json_t *id = json_object_get(message->root, "id");
    const json_t *error = json_object_get(message->root, "error");
    json_int_t value = json_integer_value(id);

    if (!json_is_integer(id) || value < 1 || value > INT_MAX)
        return malformed(err, "its id");
    message->id = (int)value;
    message->body = object_at(message->root, "result");
    if (error == NULL) {
        message->kind = CDP_ANSWER;
        return message->body != NULL ? 0 : malformed(err, "no result");
    }
    message->kind = CDP_REFUSAL;
    message->body = NULL;
    message->text = json_string_value(json_object_get(error, "message"));
    return message->text != NULL ? 0 : malformed(err, "an error without text");
}

static int
read_message(struct cdp_message *message, struct err *err)
{
    const json_t *root = message->root;
    const json_t *session = json_object_get(root, "sessionId");

    if (!json_is_object(root))
        return malformed(err, "not an object");
    if (session != NULL && !json_is_string(session))
        return malformed(err, "its session");
    message->session = json_string_value(session);
    if (json_object_get(root, "id") != NULL)
        return read_reply(message, err);
    message->kind = CDP_EVENT;
    message->text = json_string_value(json_object_get(root, "method"));
    message->body = object_at(root, "params");
    return message->text != NULL ? 0 : malformed(err, "neither id nor method");
}

/* The code unit of a \uXXXX that begins at `at`; -1: none there. */
static long
escaped_unit(const char *at, const char *end)
{
    char digits[5] = "";

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    memcpy(digits, at + 2, 4);
    return strspn(digits, "0123456789abcdefABCDEF") == 4
               ? strtol(digits, NULL, 16)
               : -1;
}

static bool
is_high(long unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
is_low(long unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/*
 * Chromium sends half a surrogate pair as the page made it, and a JSON reader
 * takes nothing of a message with one: U+FFFD stands in its place.
 */
static void
replace_lone_surrogates(char *at, const char *end)
{
    while (
        (at = memchr(at, '\\', (size_t)(end - at))) != NULL && end - at >= 2) {
        long unit = escaped_unit(at, end);

        if (is_high(unit) && is_low(escaped_unit(at + 6, end))) {
            at += 12;
            continue;
        }
        if (is_high(unit) || is_low(unit))
            memcpy(at + 2, "fffd", 4);
        at += unit < 0 ? 2 : 6;
    }
}

int
cdp_in_next(struct cdp_in *in, struct cdp_message *message, struct err *err)
{
    char *data = (char *)in->buf.data;
    char *begin, *nul;
    json_error_t where;

    memset(message, 0, sizeof *message);
    if (in->searched == in->buf.len)
        return 0;
    nul = memchr(data + in->searched, '\0', in->buf.len - in->searched);
    if (nul == NULL) {
        in->searched = in->buf.len;
        return 0;
    }
    begin = data + in->taken;
    in->taken = in->searched = (size_t)(nul - data) + 1;
    replace_lone_surrogates(begin, nul);
    /* Pages may log strings with a NUL in them. */
    message->root =
        json_loadb(begin, (size_t)(nul - begin), JSON_ALLOW_NUL, &where);
    if (message->root == NULL)
        return malformed(err, where.text);
    if (read_message(message, err) == 0)
        return 1;
    cdp_message_free(message);
    return -1;
}

void
cdp_message_free(struct cdp_message *message)
{
    json_decref(message->root);
    memset(message, 0, sizeof *message);
}

/* The command as text; the caller frees it.  NULL: memory, or no UTF-8. */
static char *
command_text(
    int id, const char *session, const char *method, const json_t *params)
{
    /* "O" takes a reference of its own, and leaves the object as it is. */
    json_t *root = json_pack("{s:i, s:s, s:s*, s:O*}", "id", id, "method",
        method, "sessionId", session, "params", params);
    char *text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);

    json_decref(root);
    return text;
}

int
cdp_command(struct buf *out, int id, const char *session, const char *method,
    const json_t *params, struct err *err)
{
    char *text = command_text(id, session, method, params);
    int done;

    if (text == NULL)
        return err_set(
            err, ERR_NOMEM, "command %s: no memory, or no UTF-8", method);
    done = buf_append(out, text, strlen(text) + 1, err); /* with its NUL */
    free(text);
    return done;
}
