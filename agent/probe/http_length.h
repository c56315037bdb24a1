/*
 * http_length.h - whether the Content-Length fields of one answer agree.
 *
 * RFC 9110 8.6 and RFC 9112 6.3: the same length told again is fine, in further
 * fields or as a list in one; different lengths, or what is no length, make the
 * answer unreadable, because where it ends depends on who reads it.  libcurl
 * takes the last field and of a list the first number, so this is ours to look
 * at.  Pure.
 */
#ifndef AGENT_PROBE_HTTP_LENGTH_H
#define AGENT_PROBE_HTTP_LENGTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* All zero: no field has come yet. */
struct http_length {
    bool known;
    int64_t bytes; /* INT64_MAX stands for all that is longer, too */
};

/*
 * One header line as it came, of whatever field.  Fails with ERR_PEER and words
 * that hold what the server said, which may be harmful.
 */
int http_length_take(
    struct http_length *length, const char *line, size_t len, struct err *err);

#endif
