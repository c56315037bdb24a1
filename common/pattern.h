/*
 * pattern.h - a text that should be found in foreign bytes: a PCRE2 pattern.
 *
 * A pattern is compiled where it is used, and not kept: that takes 0.6 to 3 us
 * for what people write and 0.2 ms for the most that 4096 characters can be,
 * in a probe of a thousand; kept, 2000 checks would hold up to 2000 of them.
 * Matching is bounded in steps, memory and time: PCRE2's own limits hold for
 * one place where a match may begin, and a body has as many as bytes, so the
 * time is looked at too.  A pattern that does not come to an end costs a
 * result, never the loop.
 */
#ifndef COMMON_PATTERN_H
#define COMMON_PATTERN_H

#include "buf.h"
#include "err.h"

struct pattern;

/*
 * UTF-8, so that "." is a character; the bytes may be of any encoding.  Fails
 * with ERR_PARSE, and where in the pattern, or with ERR_NOMEM.
 */
struct pattern *pattern_new(const char *text, struct err *err);

/* NULL is allowed. */
void pattern_free(struct pattern *pattern);

/*
 * 1 if it is found, 0 if not.  -1: ERR_LIMIT, it was not known after 50 ms of
 * CPU (or the steps and the memory that this takes); or ERR_NOMEM.
 */
int pattern_find(
    const struct pattern *pattern, struct bytes body, struct err *err);

#endif
