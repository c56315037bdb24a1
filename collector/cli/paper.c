#include "paper.h"

#include <stdarg.h>
#include <string.h>

#include "cols.h"
#include "text.h"

static const char *const codes[] = {
    [PAPER_PLAIN] = "",
    [PAPER_GOOD] = "\033[32m",
    [PAPER_WARN] = "\033[33m",
    [PAPER_BAD] = "\033[31m",
    [PAPER_OURS] = "\033[35m",
    [PAPER_DIM] = "\033[2m",
    [PAPER_BOLD] = "\033[1m",
    [PAPER_DNS] = "\033[36m",
    [PAPER_CONNECT] = "\033[94m",
    [PAPER_TLS] = "\033[35m",
    [PAPER_TRANSFER] = "\033[34m",
};

/* Letters that we write ourselves, and what stands for them in ASCII. */
static const struct {
    uint32_t code;
    char ascii;
} plain_letters[] = {
    {0x00b5, 'u'}, /* µ */
    {0x00b1, '~'}, /* ± */
    {0x00b7, '-'}, /* · */
    {0x00d7, 'x'}, /* × */
    {0x2013, '-'}, /* – */
    {0x2026, '~'}, /* … */
    {0x2192, '>'}, /* → */
    {0x2500, '-'}, /* ─ */
    {0x2502, '|'}, /* │ */
    {0x251c, '|'}, /* ├ */
    {0x2524, '|'}, /* ┤ */
    {0x2588, '#'}, /* █ */
    {0x2717, 'x'}, /* ✗ */
    {0x2265, '>'}, /* ≥ */
};

static char
ascii_of(uint32_t code)
{
    for (size_t i = 0; i < sizeof(plain_letters) / sizeof(plain_letters[0]);
         i++) {
        if (plain_letters[i].code == code)
            return plain_letters[i].ascii;
    }
    return '?';
}

void
paper_letters(
    const struct paper *paper, const char *text, char *out, size_t size)
{
    char *from = out;
    char *to = out;

    text_put_harmless(text, strlen(text), out, size);
    if (paper->screen.utf8)
        return;
    /* Two columns were three bytes or more: what is written never overtakes. */
    while (*from != '\0') {
        uint32_t code;
        size_t len = cols_next(from, &code);
        size_t columns = cols_of_code(code);
        char letter = code < 0x80 ? *from : ascii_of(code);

        from += len;
        for (size_t i = 0; i < columns; i++)
            *to++ = letter;
    }
    *to = '\0';
}

const char *
paper_code(const struct paper *paper, enum paper_style style)
{
    return paper->screen.color ? codes[style] : "";
}

const char *
paper_plain_code(const struct paper *paper)
{
    return paper->screen.color ? "\033[0m" : "";
}

void
paper_put(
    const struct paper *paper, enum paper_style style, const char *fmt, ...)
{
    char raw[PAPER_TEXT_BYTES];
    char text[PAPER_TEXT_BYTES];
    const char *code = paper_code(paper, style);
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(raw, sizeof(raw), fmt, ap);
    va_end(ap);
    paper_letters(paper, raw, text, sizeof(text));
    (void)fprintf(paper->out, "%s%s%s", code, text,
        code[0] != '\0' ? paper_plain_code(paper) : "");
}

void
paper_end(const struct paper *paper)
{
    (void)fputc('\n', paper->out);
}

void
paper_spaces(const struct paper *paper, size_t count)
{
    (void)fprintf(paper->out, "%*s", (int)count, "");
}

void
paper_line(const struct paper *paper, const char *fmt, ...)
{
    char text[PAPER_TEXT_BYTES];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    paper_put(paper, PAPER_PLAIN, "%s", text);
    paper_end(paper);
}
