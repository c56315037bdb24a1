/*
 * html_tree.h - an HTML document as a tree, as browsers build it.
 *
 * Gumbo stands behind it, and nobody else sees gumbo.  All of its memory comes
 * from one arena with a limit, and a document that takes too long (parsers of
 * HTML5 have inputs of quadratic cost) is given up: both are errors.
 */
#ifndef AGENT_HTML_TREE_H
#define AGENT_HTML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"

enum {
    HTML_TREE_TEXT_MAX_BYTES = 2 << 20, /* of a document */
    HTML_TREE_DEPTH_MAX = 512           /* deeper elements are left out */
};

struct html_tree;

/* An element. */
struct html_node {
    const char *tag;          /* lower case; "" of unknown ones */
    const char *id;           /* NULL: none */
    const char *classes;      /* the attribute; NULL: none */
    struct html_node *parent; /* NULL: the root */
    struct html_node *child;  /* the first */
    struct html_node *next;   /* sibling */
    struct html_node *prev;   /* sibling */
    bool has_text;            /* text of its own that is more than spaces */
    const void *inner;        /* gumbo's */
    void *mark;               /* the user's; NULL at first */
};

/* The text is copied where needed; NULL: err says why. */
struct html_tree *html_tree_parse(struct bytes text, struct err *err);

/* NULL is allowed. */
void html_tree_free(struct html_tree *tree);

/* The element html; NULL of an empty document. */
struct html_node *html_tree_root(struct html_tree *tree);

/* How many elements there are. */
size_t html_tree_count(const struct html_tree *tree);

/* The next element in document order, within `root`; NULL after the last. */
struct html_node *html_node_walk(
    const struct html_node *root, const struct html_node *node);

/* The same, without what is inside `node`. */
struct html_node *html_node_skip(
    const struct html_node *root, const struct html_node *node);

/* The value of an attribute (name in lower case); NULL: it has none. */
const char *html_node_attr(const struct html_node *node, const char *name);

bool html_node_is(const struct html_node *node, const char *tag);

/* Appends the text directly inside (of style, script, title). */
int html_node_text(
    const struct html_node *node, struct buf *out, struct err *err);

#endif
