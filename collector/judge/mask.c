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

/* By one window, in any of its regions. */
static bool
touches(const struct conf_window *window, const struct conf_check *check,
    int64_t from_unix_ms, int64_t to_unix_ms)
{
    if (!may_touch(window, from_unix_ms, to_unix_ms))
        return false;
    if (window->regions.count == 0)
        return conf_window_covers(
            window, check->check.name, NULL, from_unix_ms, to_unix_ms);
    return conf_window_covers(window, check->check.name,
        window->regions.items[0], from_unix_ms, to_unix_ms);
}

bool
mask_may_touch(const struct config *newest, const struct conf_check *check,
    int64_t from_unix_ms, int64_t to_unix_ms)
{
    if (check->check.paused)
        return true;
    for (size_t i = 0; i < newest->window_count; i++) {
        if (touches(&newest->windows[i], check, from_unix_ms, to_unix_ms))
            return true;
    }
    return false;
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

    if (page->slots == 0 ||
        !mask_may_touch(newest, page->segment->check, page->first_unix_ms,
            page_slot_end(page, page->slots - 1)))
        return;
    if (page->segment->check->check.paused) {
        for (size_t slot = 0; slot < page->slots; slot++)
            page->masks[slot] = UINT64_MAX;
        return;
    }
    for (size_t i = 0; i < newest->window_count; i++) {
        const struct conf_window *window = &newest->windows[i];

        if (!touches(window, page->segment->check, page->first_unix_ms,
                page_slot_end(page, page->slots - 1)))
            continue;
        for (size_t region = 0; region < regions; region++)
            mask_region(page, window, region);
    }
}
