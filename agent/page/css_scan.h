/*
 * css_scan.h - what stands in a style sheet: imports, fonts, rules.  Pure.
 *
 * CSS Syntax 3 as far as finding requests needs it: at-rules whose condition
 * the phone of media_query.h does not meet are left out, @supports, @layer and
 * @container are taken as met.  Nothing is copied: what is told are pieces of
 * the text.
 */
#ifndef AGENT_CSS_SCAN_H
#define AGENT_CSS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* Takes the comments out, in place; the new length. */
size_t css_strip(char *text, size_t len);

struct css_events {
    void (*import)(void *ctx, struct slice url); /* may be NULL, as all */
    void (*face)(void *ctx, struct slice body);
    void (*rule)(void *ctx, struct slice selectors, struct slice body);
};

/* Comments must be gone. */
void css_scan(struct slice text, const struct css_events *events, void *ctx);

struct css_decl {
    struct slice name;
    struct slice value; /* without !important */
    bool important;
};

/* Cuts one declaration off a rule's body; false: there is none left. */
bool css_next_decl(struct slice *body, struct css_decl *out);

/*
 * Cuts off a value up to and with its next url(), and tells what is in it;
 * quotes are taken off.  image-set("a.png" 1x) counts too.
 */
bool css_next_url(struct slice *value, struct slice *url);

/* The URL that a browser takes of a src of @font-face; false: none. */
bool css_face_url(struct slice src, struct slice *url);

#endif
