#include "bars.h"

#include <string.h>

enum { EIGHTHS = 8 };

/* From the left, one to eight eighths (U+258F to U+2588). */
static const char *const left_blocks[] = {" ", "\342\226\217", "\342\226\216",
    "\342\226\215", "\342\226\214", "\342\226\213", "\342\226\212",
    "\342\226\211", "\342\226\210"};
static const char right_half[] = "\342\226\220";
static const char right_eighth[] = "\342\226\225";
static const char thin_middle[] = "\342\224\202";
static const char thick_middle[] = "\342\224\203";
static const char shade[] = "\342\226\222";

/* Rounded; in 128 bits no product is too large. */
static int64_t
scale(int64_t value, int64_t whole, int64_t units)
{
    __extension__ __int128 product = value;

    if (whole <= 0 || value <= 0)
        return 0;
    product = (product * units + whole / 2) / whole;
    return product > units ? units : (int64_t)product;
}

/* At least one unit wide, and within [0, units]. */
static void
place(const struct bars_part *part, int64_t units, int64_t *from, int64_t *to)
{
    *from = scale(part->from, part->whole, units);
    *to = scale(part->to, part->whole, units);
    if (*from >= units)
        *from = units - 1;
    if (*to <= *from)
        *to = *from + 1;
}

/* A cell of which the eighths [from, to) belong to the bar. */
static struct bars_cell
block(int from, int to, bool inverse)
{
    int middle = from + to; /* in halves of eighths */

    if (from == 0)
        return (struct bars_cell){.glyph = left_blocks[to]};
    if (to == EIGHTHS && inverse)
        return (struct bars_cell){.glyph = left_blocks[from], .inverse = true};
    if (to == EIGHTHS) {
        if (from == 1)
            return (struct bars_cell){.glyph = left_blocks[EIGHTHS]};
        return (struct bars_cell){
            .glyph = from > 5 ? right_eighth : right_half};
    }
    /* Within the cell: the letter that lies nearest. */
    if (middle <= 4)
        return (struct bars_cell){.glyph = left_blocks[to - from]};
    if (middle >= 12)
        return (struct bars_cell){.glyph = right_eighth};
    return (struct bars_cell){
        .glyph = to - from == 1 ? thin_middle : thick_middle};
}

static void
draw_blocks(const struct bars_part *part, bool inverse, struct bars_cell *cells,
    size_t columns)
{
    int64_t from;
    int64_t to;

    place(part, (int64_t)columns * EIGHTHS, &from, &to);
    for (size_t i = 0; i < columns; i++) {
        int64_t begin = (int64_t)i * EIGHTHS;
        int64_t lo = from > begin ? from - begin : 0;
        int64_t hi = to - begin < EIGHTHS ? to - begin : EIGHTHS;

        if (lo < hi)
            cells[i] = block((int)lo, (int)hi, inverse);
    }
}

static void
draw_whole(const struct bars_part *part, const char *glyph, const char *thin,
    struct bars_cell *cells, size_t columns)
{
    int64_t half = part->whole / (int64_t)columns / 2;
    int64_t from;
    int64_t to;

    place(part, (int64_t)columns, &from, &to);
    if (part->to - part->from <= half)
        glyph = thin;
    for (int64_t i = from; i < to; i++)
        cells[i].glyph = glyph;
}

void
bars_draw(const struct bars_part *part, enum bars_letters letters,
    struct bars_cell *cells, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        cells[i] = (struct bars_cell){.glyph = " "};
    if (columns == 0)
        return;
    switch (letters) {
    case BARS_ASCII:
        draw_whole(part, "#", "|", cells, columns);
        return;
    case BARS_BLOCKS:
        draw_blocks(part, false, cells, columns);
        return;
    case BARS_INVERSE:
        draw_blocks(part, true, cells, columns);
        return;
    case BARS_FAILED:
        draw_whole(part, shade, shade, cells, columns);
        return;
    }
}

static enum bars_letters
letters_of(const struct paper *paper, bool failed)
{
    if (!paper->screen.utf8)
        return BARS_ASCII;
    if (failed)
        return BARS_FAILED;
    return paper->screen.color ? BARS_INVERSE : BARS_BLOCKS;
}

void
bars_put(const struct paper *paper, enum paper_style style, bool failed,
    const struct bars_part *part, size_t columns)
{
    struct bars_cell cells[BARS_COLUMNS_MAX];
    size_t end = 0;

    if (columns > BARS_COLUMNS_MAX)
        columns = BARS_COLUMNS_MAX;
    bars_draw(part, letters_of(paper, failed), cells, columns);
    for (size_t i = 0; i < columns; i++) {
        if (cells[i].glyph[0] != ' ')
            end = i + 1;
    }
    (void)fputs(paper_code(paper, style), paper->out);
    for (size_t i = 0; i < end; i++) {
        const char *glyph = cells[i].glyph;

        if (failed && glyph[0] == '#')
            glyph = "x";
        if (cells[i].inverse)
            (void)fprintf(paper->out, "\033[7m%s\033[27m", glyph);
        else
            (void)fputs(glyph, paper->out);
    }
    (void)fputs(paper_plain_code(paper), paper->out);
}

const char *
bars_spark(const struct paper *paper, int64_t value, int64_t top)
{
    static const char *const sparks[] = {"\342\226\201", "\342\226\202",
        "\342\226\203", "\342\226\204", "\342\226\205", "\342\226\206",
        "\342\226\207", "\342\226\210"};
    static const char *const ascii[] = {"_", "_", ".", ".", "-", "-", "^", "^"};
    int64_t height = scale(value, top, EIGHTHS - 1);

    return paper->screen.utf8 ? sparks[height] : ascii[height];
}
