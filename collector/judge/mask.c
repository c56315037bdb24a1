#include "mask.h"

/* Quick refusal of most windows, before any time zone is asked. */
static bool
may_touch(
    const struct conf_window *window, int64_t from_unix_ms, int64_t to_unix_ms)
{
    bool is_span = window->from_unix_ms != 0 || window->to_unix_ms != 0;

    return !is_span || (window->from_unix_ms < to_unix_ms &&
                           window->to_unix_ms > from_unix_ms);
}

static void
mask_region(struct page *page, const struct conf_window *window, size_t region)
{
    const struct conf_check *check = page->segment->check;
    const char *name = check->regions.names[region];

    if (!conf_window_covers(window, check->check.name, name,
            page->first_unix_ms, page_slot_end(page, page->slots - 1)))
        return;
    for (size_t slot = 0; slot < page->slots; slot++) {
        if (conf_window_covers(window, check->check.name, name,
                page_slot_start(page, slot), page_slot_end(page, slot)))
            page->masks[slot] |= UINT64_C(1) << region;
    }
}

void
mask_page(struct page *page, const struct config *newest)
{
    size_t regions = page->scopes - 1;

    if (page->slots == 0)
        return;
    if (page->segment->check->check.paused) {
        for (size_t slot = 0; slot < page->slots; slot++)
            page->masks[slot] = UINT64_MAX;
        return;
    }
    for (size_t i = 0; i < newest->window_count; i++) {
        const struct conf_window *window = &newest->windows[i];

        if (!may_touch(window, page->first_unix_ms,
                page_slot_end(page, page->slots - 1)))
            continue;
        for (size_t region = 0; region < regions; region++)
            mask_region(page, window, region);
    }
}
