/*
 * css_cascade.h - which declarations reach which element, as far as it decides
 * about requests: whether it is shown, what it is written in, which images
 * stand behind it.  Pure.
 *
 * CSS Cascade and Selectors 4 in their everyday part: types, classes, ids,
 * attributes, all combinators, :root, :first-child and its kin, :nth-child(),
 * :not(), :is(), :where(), ::before and ::after; what a person would have to
 * do first (:hover, :focus) does not match, nor does what is not known.
 * Custom properties are followed to where they are set.
 */
#ifndef AGENT_CSS_CASCADE_H
#define AGENT_CSS_CASCADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "css_select.h"
#include "html_tree.h"
#include "slice.h"

enum {
    CSS_RULES_MAX = 40000, /* selectors with a declaration of interest */
    CSS_BACKGROUNDS_MAX = 4
};

struct css_cascade;

struct css_cascade *css_cascade_new(void);          /* NULL: memory is out */
void css_cascade_free(struct css_cascade *cascade); /* NULL is allowed */

/*
 * Adds the rules of a sheet, in the order of the document; `sheet` comes back
 * with what the rules said, to know whose URLs they are.  The text is borrowed
 * until the cascade is freed, and its comments are gone.
 */
void css_cascade_add_rule(struct css_cascade *cascade, int sheet,
    struct slice selectors, struct slice body);

struct css_image {
    struct slice value; /* of the property; var() undone where it was whole */
    int sheet;          /* -1: the element's own style attribute */
};

/* What an element came to; the inherited parts begin with its parent's. */
struct css_style {
    bool hidden;    /* display: none here or above */
    bool invisible; /* visibility: hidden */
    bool italic;
    bool has_content; /* of ::before and ::after: there is one */
    int weight;       /* 400 normal */
    double min_height_px;
    struct slice family;
    struct slice content;
    struct css_image images[CSS_BACKGROUNDS_MAX]; /* background, list-style,
                                                     border, mask */
};

/*
 * `parent` NULL: the root.  For the pseudo-elements `parent` is the style of
 * the element itself.
 */
void css_cascade_style(const struct css_cascade *cascade,
    const struct html_node *node, enum css_part part,
    const struct css_style *parent, struct css_style *out);

#endif
