/*
 * style_scan.h - what a document asks for once its style sheets are there:
 * fonts that text is written in, images behind elements that are shown, lazy
 * images near the first screen.  Pure.
 *
 * Where things stand is only estimated: text fills the phone's width line by
 * line, images have the size their attributes give.
 */
#ifndef AGENT_STYLE_SCAN_H
#define AGENT_STYLE_SCAN_H

#include <stdbool.h>

#include "html_tree.h"
#include "page.h"
#include "slice.h"

/* A sheet that applies, imports before what imported them. */
struct style_sheet {
    struct slice text; /* comments gone; borrowed */
    const char *base;  /* its URLs stand relative to it; borrowed */
    int item;          /* of the report; PAGE_NOWHERE: in the document */
};

struct style_want {
    const char *url;     /* absolute; good only during the call */
    enum page_type type; /* IMAGE, FONT or FRAME */
    size_t sheet;        /* whose it is; the count of sheets: the element's */
    bool lazy;
    bool in_viewport;
    bool swaps;     /* font-display shows text before the font is there */
    double area_px; /* of an image: how much of the first screen */
    const struct html_node *node;
};

typedef void style_want_fn(void *ctx, const struct style_want *want);

struct style_found {
    bool has_text;        /* shown */
    bool has_image;       /* shown, in the document or behind it */
    double text_area_px;  /* the largest piece of text on the first screen */
    double image_area_px; /* the largest image there */
    const struct html_node *image; /* an img element; NULL: none */
};

/* `base` is the document's.  -1: memory is out. */
int style_scan(struct html_tree *tree, const char *base,
    const struct style_sheet *sheets, size_t sheet_count, style_want_fn *fn,
    void *ctx, struct style_found *found);

#endif
