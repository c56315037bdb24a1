#include "probe_field.h"

#include <stdarg.h>
#include <string.h>

#include "cols.h"

enum { NAME_COLUMNS = PROBE_FIELD_COLUMNS - 3 };

void
probe_field_begin(const struct paper *paper, const char *name)
{
    paper_put(paper, PAPER_DIM, "  %-*s ", NAME_COLUMNS, name);
}

static size_t
next_line(const struct paper *paper)
{
    paper_end(paper);
    paper_spaces(paper, PROBE_FIELD_COLUMNS);
    return PROBE_FIELD_COLUMNS;
}

static size_t
put_lines(const struct paper *paper, enum paper_style style, size_t used,
    const char *text)
{
    size_t columns = (size_t)paper->screen.columns;
    char line[PAPER_TEXT_BYTES];

    for (;;) {
        size_t len = cols_line(text, used < columns ? columns - used : 1);

        (void)snprintf(line, sizeof(line), "%.*s", (int)len, text);
        if (used > PROBE_FIELD_COLUMNS && used + cols_of(line) > columns &&
            text[0] != ' ')
            used = next_line(paper);
        paper_put(paper, style, "%s", line);
        used += cols_of(line);
        text += len;
        text += strspn(text, " ");
        if (*text == '\0')
            return used;
        used = next_line(paper);
    }
}

static size_t
put_value(const struct paper *paper, enum paper_style style, size_t used,
    const char *text)
{
    char letters[PAPER_TEXT_BYTES];

    paper_letters(paper, text, letters, sizeof(letters));
    if (paper->screen.terminal)
        return put_lines(paper, style, used, letters);
    paper_put(paper, style, "%s", letters);
    return used + cols_of(letters);
}

size_t
probe_field_more(const struct paper *paper, enum paper_style style, size_t used,
    const char *fmt, ...)
{
    char text[PAPER_TEXT_BYTES];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return put_value(paper, style, used, text);
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
    (void)put_value(paper, style, PROBE_FIELD_COLUMNS, text);
    paper_end(paper);
}
