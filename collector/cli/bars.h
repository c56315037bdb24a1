/*
 * bars.h - bars of a fraction of a cell: eighths of blocks where the screen
 * has the letters, # where not.  Pure but for bars_put().
 */
#ifndef COLLECTOR_BARS_H
#define COLLECTOR_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paper.h"

enum { BARS_COLUMNS_MAX = 256 };

/* A part of a whole, both in the same unit: [from, to) of [0, whole). */
struct bars_part {
    int64_t from;
    int64_t to;
    int64_t whole;
};

struct bars_cell {
    const char *glyph; /* one column; " " where there is nothing */
    bool inverse;      /* drawn in the background's colour on the bar's */
};

enum bars_letters {
    BARS_ASCII,   /* # and | */
    BARS_BLOCKS,  /* blocks; a beginning within a cell is rounded */
    BARS_INVERSE, /* blocks; the cell of a beginning may be inverse */
    BARS_FAILED   /* shaded blocks, whole cells */
};

/*
 * Fills `columns` cells.  Whatever lasted at all is seen: at least an eighth
 * of a cell.
 */
void bars_draw(const struct bars_part *part, enum bars_letters letters,
    struct bars_cell *cells, size_t columns);

/* Draws it on paper as well as the screen can, without blanks at its end. */
void bars_put(const struct paper *paper, enum paper_style style, bool failed,
    const struct bars_part *part, size_t columns);

/* One letter of eight heights for a value within [0, top]. */
const char *bars_spark(const struct paper *paper, int64_t value, int64_t top);

#endif
