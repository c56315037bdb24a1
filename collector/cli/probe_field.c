#include "probe_field.h"

#include <stdarg.h>

enum { NAME_COLUMNS = 9 };

void
probe_field_begin(const struct paper *paper, const char *name)
{
    paper_put(paper, PAPER_DIM, "  %-*s ", NAME_COLUMNS, name);
}

void
probe_field(const struct paper *paper, const char *name, enum paper_style style,
    const char *fmt, ...)
{
    char text[PAPER_TEXT_BYTES];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    probe_field_begin(paper, name);
    paper_put(paper, style, "%s", text);
    paper_end(paper);
}
