/*
 * json_text.h - JSON written piece by piece, where a whole library for it
 * would be more than is needed.  Pure.
 *
 * The first thing that goes wrong is remembered and nothing is written after
 * it, so that writing is a list of calls with one question at its end.  Commas
 * come by themselves; braces must match.
 */
#ifndef COMMON_JSON_TEXT_H
#define COMMON_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

struct json_text {
    struct buf *out; /* borrowed */
    bool comma;      /* before the next value */
    bool failed;
    struct err err; /* why, if it failed */
};

struct json_text json_text(struct buf *out);

/* `key` NULL: an item of a list, or the whole. */
void json_open(struct json_text *json, const char *key, char brace);
void json_close(struct json_text *json, char brace);
/* Bytes that are not UTF-8 become '?'. */
void json_put_text(struct json_text *json, const char *key, const char *text);
void json_put_part(
    struct json_text *json, const char *key, const char *text, size_t len);
void json_put_int(struct json_text *json, const char *key, int64_t value);
void json_put_bool(struct json_text *json, const char *key, bool value);

#endif
