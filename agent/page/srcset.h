/*
 * srcset.h - which of an image's candidates a phone takes: srcset and sizes of
 * HTML ("4.8.4.3 Images", selecting an image source).  Pure.
 */
#ifndef AGENT_SRCSET_H
#define AGENT_SRCSET_H

#include <stdbool.h>

#include "slice.h"

enum { SRCSET_CANDIDATES_MAX = 64 };

/*
 * The URL to load for VIEWPORT_DENSITY, a piece of one of the texts; empty if
 * there is none.  `sizes` empty: 100vw.  `src` may be empty; it is a candidate
 * of 1x where srcset has none of that and no widths.
 */
struct slice srcset_choose(
    struct slice srcset, struct slice sizes, struct slice src);

/* The width that `sizes` says, in CSS pixels. */
double srcset_size_px(struct slice sizes);

#endif
