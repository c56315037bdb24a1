/*
 * import_json.h - takes values out of a JSON object that a stranger wrote, and
 * says of each mistake which key has it: pure.
 *
 * A key that is not there, or null, is left as it was: 0.  One that is there
 * and right: 1.  A wrong one: -1, ERR_PARSE.
 */
#ifndef COLLECTOR_IMPORT_JSON_H
#define COLLECTOR_IMPORT_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct import_range {
    int64_t min;
    int64_t max;
};

int import_take_int(const json_t *object, const char *key,
    struct import_range range, int64_t *out, struct err *err);
int import_take_bool(
    const json_t *object, const char *key, bool *out, struct err *err);

/* Points into the object. */
int import_take_text(
    const json_t *object, const char *key, const char **out, struct err *err);
/* What is too long is cut, control characters are made harmless. */
int import_take_cut(const json_t *object, const char *key, char *out,
    size_t size, struct err *err);

/* RFC 3339, or whole milliseconds since 1970; from 0 to the year 2100. */
int import_take_moment(
    const json_t *object, const char *key, int64_t *out, struct err *err);

/*
 * A certificate's date: RFC 3339, of the years 1 to 9999.  Private authorities
 * like "no end" (9999-12-31), and roots last beyond 2100.
 */
int import_take_date(
    const json_t *object, const char *key, int64_t *out, struct err *err);

/* A SHA-256 as 64 lower-case hex digits, or "". */
int import_take_sha256(const json_t *object, const char *key, char *out,
    size_t size, struct err *err);

/* One of a closed list, by its name. */
typedef int import_from_fn(const char *name);
int import_take_name(const json_t *object, const char *key,
    import_from_fn *from, int *out, struct err *err);

/* A part that is an object or a list. */
int import_take_object(
    const json_t *object, const char *key, const json_t **out, struct err *err);
int import_take_array(
    const json_t *object, const char *key, const json_t **out, struct err *err);

#endif
