/*
 * css_select.h - whether a selector matches an element.  Pure.
 */
#ifndef AGENT_CSS_SELECT_H
#define AGENT_CSS_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "html_tree.h"
#include "slice.h"

enum css_part { CSS_ELEMENT, CSS_BEFORE, CSS_AFTER, CSS_PART_COUNT };

/* What a selector is, beside its text. */
struct css_select {
    struct slice text;    /* without ::before and ::after */
    uint32_t key;         /* of its last part: css_select_key(); 0: any */
    uint32_t specificity; /* ids, classes, types: ten bits each */
    enum css_part part;
};

/* One selector, no list; false: it can never match. */
bool css_select_take(struct slice text, struct css_select *out);

/* kind: '#', '.' or 't'. */
uint32_t css_select_key(char kind, const char *name, size_t len);

bool css_select_matches(struct slice text, const struct html_node *node);

#endif
