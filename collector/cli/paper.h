/*
 * paper.h - text for people.  Whatever is put on paper is made harmless first:
 * sites, certificates and zones write much of what we print, and none of them
 * may write to the terminal.  Colour, and letters beyond ASCII, come out only
 * where the screen has them.
 */
#ifndef COLLECTOR_PAPER_H
#define COLLECTOR_PAPER_H

#include <stdio.h>

#include "screen.h"

struct paper {
    FILE *out; /* borrowed */
    struct screen screen;
};

enum paper_style {
    PAPER_PLAIN,
    PAPER_GOOD, /* green */
    PAPER_WARN, /* yellow */
    PAPER_BAD,  /* red */
    PAPER_OURS, /* magenta: this machine's trouble, not the site's */
    PAPER_DIM,
    PAPER_BOLD,
    PAPER_DNS, /* phases: each its own, none of good, warn and bad */
    PAPER_CONNECT,
    PAPER_TLS,
    PAPER_TRANSFER
};

/*
 * Puts a text of at most PAPER_TEXT_BYTES; what is longer is cut.  Control
 * characters, newlines among them, come out as '?': lines end with paper_end().
 */
enum { PAPER_TEXT_BYTES = 4096 };
void paper_put(const struct paper *paper, enum paper_style style,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void paper_end(const struct paper *paper);

/* Both, for a whole line in the plain style. */
void paper_line(const struct paper *paper, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void paper_spaces(const struct paper *paper, size_t count);

/*
 * The text as this paper shows it: harmless, and without letters beyond ASCII
 * where the screen has none.  Each letter keeps its columns.
 */
void paper_letters(
    const struct paper *paper, const char *text, char *out, size_t size);

/* The codes around styled text; "" without colour. */
const char *paper_code(const struct paper *paper, enum paper_style style);
const char *paper_plain_code(const struct paper *paper);

#endif
