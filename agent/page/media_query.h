/*
 * media_query.h - media queries and lengths of CSS, for the phone that page
 * figures are of: 412 x 823 CSS pixels, 1.75 device pixels each, touch, light.
 * Pure.
 *
 * Media Queries 4: lists, not, only, and, or; min-, max- and range features.
 * What is not known does not match.
 */
#ifndef AGENT_MEDIA_QUERY_H
#define AGENT_MEDIA_QUERY_H

#include <stdbool.h>

#include "slice.h"

enum { VIEWPORT_WIDTH_PX = 412, VIEWPORT_HEIGHT_PX = 823 };
#define VIEWPORT_DENSITY 1.75

/* True for an empty one. */
bool media_query_matches(struct slice query);

/* px, em, rem, vw, vh, calc(), min(), max(), clamp(); false: none of these. */
bool media_query_length_px(struct slice text, double *out);

#endif
