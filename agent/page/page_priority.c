#include "page_priority.h"

/* The first images are not known to be small before layout. */
enum { EARLY_IMAGES = 5 };

static enum page_priority
script_priority(const struct page_place *place)
{
    if (place->preload)
        return place->wish < 0 ? PAGE_LOW : PAGE_HIGH;
    if (place->script == PAGE_SCRIPT_LATER)
        return place->wish > 0 ? PAGE_HIGH : PAGE_LOW;
    if (place->wish != 0)
        return place->wish > 0 ? PAGE_HIGH : PAGE_LOW;
    /* behind an image it counts as late */
    if (place->script == PAGE_SCRIPT_PLAIN && place->in_body &&
        place->images_before > 0)
        return PAGE_MEDIUM;
    return PAGE_HIGH;
}

static enum page_priority
image_priority(const struct page_place *place)
{
    if (place->wish != 0)
        return place->wish > 0 ? PAGE_HIGH : PAGE_LOW;
    if (place->by_css || place->preload)
        return PAGE_LOW;
    return place->images_before < EARLY_IMAGES ? PAGE_MEDIUM : PAGE_LOW;
}

enum page_priority
page_priority_of(const struct page_place *place)
{
    switch (place->type) {
    case PAGE_DOCUMENT:
    case PAGE_FRAME:
        return PAGE_VERY_HIGH;
    case PAGE_STYLESHEET:
        if (place->unmatched)
            return PAGE_VERY_LOW;
        return place->wish < 0 ? PAGE_HIGH : PAGE_VERY_HIGH;
    case PAGE_SCRIPT:
        return script_priority(place);
    case PAGE_IMAGE:
        return image_priority(place);
    case PAGE_FONT:
        return place->preload ? PAGE_HIGH : PAGE_VERY_HIGH;
    case PAGE_MEDIA:
        return PAGE_LOW;
    case PAGE_OTHER:
    case PAGE_TYPE_COUNT:
        return PAGE_HIGH;
    }
    return PAGE_LOW;
}

enum page_blocking
page_blocking_of(const struct page_place *place)
{
    if (place->preload || place->unmatched)
        return PAGE_NON_BLOCKING;
    if (place->type == PAGE_DOCUMENT)
        return PAGE_BLOCKING;
    if (place->type == PAGE_STYLESHEET)
        return place->in_body ? PAGE_IN_BODY_PARSER_BLOCKING : PAGE_BLOCKING;
    if (place->type == PAGE_SCRIPT && place->script == PAGE_SCRIPT_PLAIN)
        return place->in_body ? PAGE_IN_BODY_PARSER_BLOCKING : PAGE_BLOCKING;
    return PAGE_NON_BLOCKING;
}
