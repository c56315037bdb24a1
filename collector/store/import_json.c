#include "import_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

enum { SHA256_DIGITS = 64 };

static const int64_t year_1_ms = INT64_C(-62135596800000);
static const int64_t year_2100_ms = INT64_C(4102444800000);
static const int64_t year_10000_ms = INT64_C(253402300800000);

/* The value, or NULL where there is none to speak of. */
static const json_t *
value_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_null(value) ? NULL : value;
}

int
import_take_int(const json_t *object, const char *key,
    struct import_range range, int64_t *out, struct err *err)
{
    const json_t *value = value_of(object, key);
    int64_t number;

    if (value == NULL)
        return 0;
    if (!json_is_integer(value))
        return err_set(err, ERR_PARSE, "%s: not a whole number", key);
    number = json_integer_value(value);
    if (number < range.min || number > range.max)
        return err_set(err, ERR_PARSE,
            "%s: %" PRId64 " is out of range (%" PRId64 " to %" PRId64 ")", key,
            number, range.min, range.max);
    *out = number;
    return 1;
}

int
import_take_bool(
    const json_t *object, const char *key, bool *out, struct err *err)
{
    const json_t *value = value_of(object, key);

    if (value == NULL)
        return 0;
    if (!json_is_boolean(value))
        return err_set(err, ERR_PARSE, "%s: neither true nor false", key);
    *out = json_is_true(value);
    return 1;
}

int
import_take_text(
    const json_t *object, const char *key, const char **out, struct err *err)
{
    const json_t *value = value_of(object, key);

    if (value == NULL)
        return 0;
    if (!json_is_string(value))
        return err_set(err, ERR_PARSE, "%s: not a text", key);
    *out = json_string_value(value);
    return 1;
}

int
import_take_cut(const json_t *object, const char *key, char *out, size_t size,
    struct err *err)
{
    const char *text;
    int rc = import_take_text(object, key, &text, err);

    if (rc == 1)
        text_put_harmless(text, strlen(text), out, size);
    return rc;
}

int
import_take_moment(
    const json_t *object, const char *key, int64_t *out, struct err *err)
{
    static const struct import_range range = {.min = 0, .max = INT64_MAX};
    const json_t *value = value_of(object, key);
    const char *text;
    int64_t moment_ms;

    if (value == NULL)
        return 0;
    if (json_is_string(value)) {
        text = json_string_value(value);
        /* Spans and dates are for people at a prompt. */
        if (strchr(text, 'T') == NULL && strchr(text, 't') == NULL)
            return err_set(err, ERR_PARSE,
                "%s: \"%.40s\" is neither like 2026-11-28T22:00:00Z nor a "
                "number of ms since 1970",
                key, text);
        if (text_take_moment(text, 0, &moment_ms, err) != 0)
            return err_wrap(err, "%s", key);
    } else if (import_take_int(object, key, range, &moment_ms, err) != 1) {
        return -1;
    }
    if (moment_ms < 0 || moment_ms >= year_2100_ms)
        return err_set(err, ERR_PARSE,
            "%s: not between 1970 and 2100 (give ms since 1970)", key);
    *out = moment_ms;
    return 1;
}

int
import_take_date(
    const json_t *object, const char *key, int64_t *out, struct err *err)
{
    const char *text;
    int64_t moment_ms;
    int rc = import_take_text(object, key, &text, err);

    if (rc != 1)
        return rc;
    if (strchr(text, 'T') == NULL || text_take_date(text, &moment_ms) != 0 ||
        moment_ms < year_1_ms || moment_ms >= year_10000_ms)
        return err_set(err, ERR_PARSE,
            "%s: \"%.40s\" is not a date like 2026-11-28T22:00:00Z", key, text);
    *out = moment_ms;
    return 1;
}

int
import_take_sha256(const json_t *object, const char *key, char *out,
    size_t size, struct err *err)
{
    const char *text;
    int rc = import_take_text(object, key, &text, err);

    if (rc != 1)
        return rc;
    if (*text != '\0' && (strlen(text) != SHA256_DIGITS ||
                             strspn(text, "0123456789abcdef") != SHA256_DIGITS))
        return err_set(err, ERR_PARSE,
            "%s: \"%.64s\" is not a SHA-256 of 64 lower-case hex digits", key,
            text);
    (void)snprintf(out, size, "%s", text);
    return 1;
}

int
import_take_name(const json_t *object, const char *key, import_from_fn *from,
    int *out, struct err *err)
{
    const char *text;
    int number;
    int rc = import_take_text(object, key, &text, err);

    if (rc != 1)
        return rc;
    number = from(text);
    if (number < 0)
        return err_set(
            err, ERR_PARSE, "%s: \"%.40s\" is no %s", key, text, key);
    *out = number;
    return 1;
}

int
import_take_object(
    const json_t *object, const char *key, const json_t **out, struct err *err)
{
    const json_t *value = value_of(object, key);

    if (value == NULL)
        return 0;
    if (!json_is_object(value))
        return err_set(err, ERR_PARSE, "%s: not an object", key);
    *out = value;
    return 1;
}

int
import_take_array(
    const json_t *object, const char *key, const json_t **out, struct err *err)
{
    const json_t *value = value_of(object, key);

    if (value == NULL)
        return 0;
    if (!json_is_array(value))
        return err_set(err, ERR_PARSE, "%s: not a list", key);
    *out = value;
    return 1;
}
