#include "cols.h"

#include <stdio.h>
#include <string.h>

struct range {
    uint32_t first;
    uint32_t last;
};

/* Marks that combine, joiners, variation selectors (Unicode 15). */
static const struct range none[] = {
    {0x0300, 0x036f},
    {0x0483, 0x0489},
    {0x0591, 0x05bd},
    {0x0610, 0x061a},
    {0x064b, 0x065f},
    {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e},
    {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},
    {0x200b, 0x200f},
    {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f},
};

/* East_Asian_Width W and F (UAX 11), and the emoji that are drawn so. */
static const struct range two[] = {
    {0x1100, 0x115f},
    {0x2e80, 0x303e},
    {0x3041, 0xa4cf},
    {0xa960, 0xa97c},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},
    {0xff00, 0xff60},
    {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff},
    {0x1f900, 0x1f9ff},
    {0x20000, 0x3fffd},
};

static int
is_within(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last)
            return 1;
    }
    return 0;
}

size_t
cols_next(const char *text, uint32_t *code)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t len = 1;

    *code = at[0];
    if (at[0] >= 0xf0)
        len = 4;
    else if (at[0] >= 0xe0)
        len = 3;
    else if (at[0] >= 0xc0)
        len = 2;
    if (len == 1)
        return 1;
    *code = at[0] & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 1;
        *code = *code << 6 | (at[i] & 0x3fU);
    }
    return len;
}

size_t
cols_of_code(uint32_t code)
{
    if (code < 0x300)
        return 1;
    if (is_within(code, none, sizeof(none) / sizeof(none[0])))
        return 0;
    return is_within(code, two, sizeof(two) / sizeof(two[0])) ? 2 : 1;
}

size_t
cols_of(const char *text)
{
    size_t columns = 0;
    uint32_t code;

    while (*text != '\0') {
        text += cols_next(text, &code);
        columns += cols_of_code(code);
    }
    return columns;
}

void
cols_cut(const char *text, size_t columns, char *out, size_t size)
{
    static const char more[] = "\342\200\246"; /* … */
    size_t used = 0;
    size_t wide = 0;
    uint32_t code;

    if (cols_of(text) <= columns && strlen(text) < size) {
        (void)snprintf(out, size, "%s", text);
        return;
    }
    while (*text != '\0') {
        size_t len = cols_next(text, &code);

        wide += cols_of_code(code);
        if (wide + 1 > columns || used + len + sizeof(more) > size)
            break;
        memcpy(out + used, text, len);
        used += len;
        text += len;
    }
    (void)snprintf(out + used, size - used, "%s", columns > 0 ? more : "");
}

size_t
cols_line(const char *text, size_t columns)
{
    size_t wide = 0;
    size_t blank = 0;
    size_t at = 0;
    uint32_t code;

    while (text[at] != '\0') {
        if (text[at] == ' ')
            blank = at;
        at += cols_next(text + at, &code);
        wide += cols_of_code(code);
        if (wide > columns && blank > 0)
            return blank;
    }
    return at;
}
