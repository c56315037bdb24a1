/*
 * probe_field.h - the lines "  name      value" of which `probe` tells its
 * facts.
 */
#ifndef COLLECTOR_PROBE_FIELD_H
#define COLLECTOR_PROBE_FIELD_H

#include "paper.h"

/* The name and the blanks after it; the value follows, then paper_end(). */
void probe_field_begin(const struct paper *paper, const char *name);

enum { PROBE_FIELD_COLUMNS = 12 }; /* where values begin */

/*
 * Goes on with a value that has reached the column `used`, and returns which it
 * reached.  On a terminal what does not fit goes on below, between words, where
 * values begin.
 */
size_t probe_field_more(const struct paper *paper, enum paper_style style,
    size_t used, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The whole line, or lines. */
void probe_field(const struct paper *paper, const char *name,
    enum paper_style style, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
