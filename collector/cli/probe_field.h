/*
 * probe_field.h - the lines "  name      value" of which `probe` tells its
 * facts.
 */
#ifndef COLLECTOR_PROBE_FIELD_H
#define COLLECTOR_PROBE_FIELD_H

#include "paper.h"

/* The name and the blanks after it; the value follows, then paper_end(). */
void probe_field_begin(const struct paper *paper, const char *name);

/* The whole line. */
void probe_field(const struct paper *paper, const char *name,
    enum paper_style style, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
