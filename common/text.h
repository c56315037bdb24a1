/*
 * text.h - between values and the text people write and read: spans of time,
 * moments, numbers, and text from strangers made harmless.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* A list of strings, all owned. */
struct strlist {
    char **items; /* owned */
    size_t count;
};

/* Appends a copy; -1 when memory is out, the list is then as it was. */
int strlist_add(struct strlist *list, const char *item);
int strlist_copy(struct strlist *to, const struct strlist *from);
bool strlist_has(const struct strlist *list, const char *item);
void strlist_free(struct strlist *list);

/* "30s", "1m30s", "250ms", "2.5s", "24h", "30d" -> ms; a bare number: error. */
int text_take_span_ms(const char *text, int64_t *out_ms, struct err *err);

/* The same spans, shortest form that loses nothing: 90000 -> "1m30s". */
void text_put_span(int64_t span_ms, char *out, size_t size);

/*
 * RFC 3339 ("2026-11-28T22:00:00Z", offsets too, ms too), or a date (its
 * midnight UTC); of the years 0 to 9999, so possibly below 0.  -1: neither.
 */
int text_take_date(const char *text, int64_t *out_unix_ms);

/*
 * A moment from 1970 on: as text_take_date(), or seconds since 1970, or
 * relative to `now_unix_ms` ("-24h", "now").
 */
int text_take_moment(const char *text, int64_t now_unix_ms,
    int64_t *out_unix_ms, struct err *err);

enum { TEXT_MOMENT_BYTES = 32 };

/* RFC 3339 UTC with milliseconds: "2026-11-28T22:00:00.000Z". */
void text_put_moment(int64_t unix_ms, char out[TEXT_MOMENT_BYTES]);

/* A whole decimal number within [min, max]; nothing before or after it. */
int text_take_int(
    const char *text, int64_t min, int64_t max, int64_t *out, struct err *err);

/*
 * A decimal as millionths, exactly: "99.9" with scale 1000000 -> 99900000.
 * Digits past the sixth decimal are an error, never rounded.
 */
int text_take_decimal_millionths(
    const char *text, int64_t *out, struct err *err);

/*
 * Copies at most `size - 1` bytes of text that a stranger wrote: control
 * characters, what turns the direction of writing or hides, and invalid UTF-8
 * become '?', and it ends on a whole character.
 */
void text_put_harmless(const char *text, size_t len, char *out, size_t size);

/*
 * True for names of sites, checks, regions, agents:
 * [A-Za-z0-9][A-Za-z0-9._-]{0,63}.  They differ by case.
 */
bool text_is_name(const char *text);

/* Like strcmp() == 0, and NULL equals NULL only. */
bool text_same(const char *a, const char *b);

/* The closest of `count` words, if close enough to be a slip; else NULL. */
const char *text_closest(
    const char *word, const char *const *words, size_t count);

#endif
