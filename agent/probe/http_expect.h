/*
 * http_expect.h - the text that a body should have: a PCRE2 pattern.
 *
 * A pattern is compiled for each probe: that takes microseconds, where the
 * probe takes a millisecond of CPU.  Matching is bounded, so a pattern that
 * backtracks without end costs a result, not the loop.
 */
#ifndef AGENT_PROBE_HTTP_EXPECT_H
#define AGENT_PROBE_HTTP_EXPECT_H

#include "buf.h"
#include "err.h"

enum http_expect_outcome {
    HTTP_EXPECT_FOUND,
    HTTP_EXPECT_MISSING,
    HTTP_EXPECT_GAVE_UP, /* the limits of matching were met */
    HTTP_EXPECT_UNUSABLE /* the pattern is none, or memory is out */
};

/* The body may be of any encoding; the error tells of all but FOUND. */
enum http_expect_outcome http_expect_body(
    const char *pattern, struct bytes body, struct err *err);

#endif
