/*
 * font_face.h - the fonts that style sheets offer, and which of them a browser
 * asks for to write a text (CSS Fonts 4, "5.2 Matching font styles").  Pure.
 */
#ifndef AGENT_FONT_FACE_H
#define AGENT_FONT_FACE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "slice.h"

enum { FONT_FAMILY_BYTES = 96, FONT_FACES_MAX = 512 };

struct font_face {
    char family[FONT_FAMILY_BYTES];
    int weight_low;
    int weight_high;
    bool italic;
    bool swaps; /* font-display: swap, fallback, optional */
    bool used;
    struct slice ranges; /* unicode-range; empty: all */
    struct slice url;
    size_t sheet;
};

struct font_faces {
    struct font_face *items; /* owned */
    size_t count;
};

/* Takes the body of an @font-face; what cannot be used is left out. */
void font_faces_add(struct font_faces *faces, size_t sheet, struct slice body);
void font_faces_free(struct font_faces *faces);

/* Sets `used` of what the text (UTF-8) is written in. */
void font_faces_use(struct font_faces *faces, struct slice families, int weight,
    bool italic, struct bytes text);

#endif
