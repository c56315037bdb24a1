/*
 * html_scan.h - what a document asks for by its elements, in its order, as a
 * browser's preload scanner and parser would.  Pure.
 *
 * What style sheets make it ask for (fonts, backgrounds) and what depends on
 * where things are (lazy images) comes with style_scan.h.
 */
#ifndef AGENT_HTML_SCAN_H
#define AGENT_HTML_SCAN_H

#include <stdbool.h>

#include "html_tree.h"
#include "page_priority.h"
#include "slice.h"

struct html_want {
    const char *url; /* absolute; good only during the call */
    struct page_place place;
    bool anonymous;
    bool in_head;
    bool is_sheet; /* applies to the document (not only preloaded) */
    const struct html_node *node;
};

struct html_events {
    /* A request; data: and the like are left out. */
    void (*want)(void *ctx, const struct html_want *want);
    /* A style element whose media fits; its text is its node's. */
    void (*inline_sheet)(void *ctx, const struct html_node *node);
};

struct html_found {
    bool has_scripts; /* any, inline ones too */
    int unsized_images;
};

/* `url` is the document's own.  `base` is filled, to be freed; NULL: url. */
void html_scan(struct html_tree *tree, const char *url,
    const struct html_events *events, void *ctx, struct html_found *found,
    char **base);

/* What an img, with its picture, takes; false: nothing. */
bool html_scan_image(const struct html_node *img, struct slice *url);

/* Whether an element is left to lazy loading. */
bool html_scan_is_lazy(const struct html_node *node);

#endif
