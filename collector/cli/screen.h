/*
 * screen.h - what stdout can show: whether a person looks at it, how wide it
 * is, whether it has colour, letters beyond ASCII, lines that can be rewritten.
 */
#ifndef COLLECTOR_SCREEN_H
#define COLLECTOR_SCREEN_H

#include <stdbool.h>

enum {
    SCREEN_COLUMNS_DEFAULT = 80,
    SCREEN_COLUMNS_MIN = 40,
    SCREEN_COLUMNS_MAX = 300
};

struct screen {
    bool terminal; /* a person looks at it: bars may be drawn */
    bool live;     /* a line can be rewritten: a terminal that is not dumb */
    bool color;    /* SGR is understood and wanted */
    bool utf8;
    int columns;
};

/* What the decision rests on; texts are NULL where not set.  Borrowed. */
struct screen_env {
    bool terminal;
    int columns;             /* what the terminal says; 0: nothing */
    const char *term;        /* TERM */
    const char *no_color;    /* NO_COLOR: any text but the empty one counts */
    const char *columns_var; /* COLUMNS */
    const char *lc_all;      /* the first of these that is not empty counts */
    const char *lc_ctype;
    const char *lang;
};

/* Pure. */
void screen_decide(const struct screen_env *env, struct screen *screen);

/* The same for a descriptor of this process and its environment. */
void screen_look(int fd, struct screen *screen);

/* A live one's width, which may have changed since. */
void screen_resize(struct screen *screen, int fd);

#endif
