#include "tiny_page.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"

struct page_resource *
tiny_page_add(struct page_report *report, const char *url, enum page_type type,
    enum page_priority priority, int64_t bytes)
{
    int at = page_report_add(report, url);
    struct page_resource *item;

    assert_true(at >= 0);
    item = &report->items[at];
    (void)snprintf(item->origin, sizeof(item->origin), "%.*s",
        (int)(8 + strcspn(url + 8, "/")), url);
    item->type = type;
    item->priority = priority;
    item->from = at > 0 ? TINY_DOCUMENT : PAGE_NOWHERE;
    item->level = at > 0;
    item->order = at;
    item->tls = true;
    item->status = 200;
    item->bytes_header = 300;
    item->bytes_encoded = bytes;
    item->bytes_decoded =
        type == PAGE_IMAGE || type == PAGE_FONT ? bytes : 3 * bytes;
    item->server_us = 90000;
    item->start_us = at > 0 ? 120000 : 0;
    item->end_us = item->start_us + 100000 + (int64_t)at * 1000;
    item->phase_us[PHASE_CONNECT] = at == 0 ? 20000 : -1;
    return item;
}

void
tiny_page(struct page_report *report)
{
    page_report_init(report);
    (void)tiny_page_add(
        report, "https://acme.example/", PAGE_DOCUMENT, PAGE_VERY_HIGH, 9000);
    tiny_page_add(report, "https://acme.example/css/styles.css",
        PAGE_STYLESHEET, PAGE_VERY_HIGH, 30000)
        ->blocking = PAGE_BLOCKING;
    (void)tiny_page_add(report, "https://acme.example/js/late.js", PAGE_SCRIPT,
        PAGE_LOW, 20000);
    (void)tiny_page_add(report, "https://acme.example/img/hero.jpg", PAGE_IMAGE,
        PAGE_MEDIUM, 80000);
    (void)tiny_page_add(report, "https://acme.example/img/below.jpg",
        PAGE_IMAGE, PAGE_LOW, 60000);
    (void)tiny_page_add(report, "https://acme.example/fonts/text.woff2",
        PAGE_FONT, PAGE_VERY_HIGH, 20000);
    report->items[TINY_FONT].from = TINY_STYLE;
    report->items[TINY_FONT].level = 2;
    report->items[TINY_FONT].render_font = true;
    report->items[TINY_FONT].start_us = 250000;
    report->items[TINY_FONT].end_us = 360000;
    tiny_page_add(report, "https://cdn.tracker.example/t.js", PAGE_SCRIPT,
        PAGE_LOW, 15000)
        ->third_party = true;
    report->has_text = report->complete = true;
    report->ttfb_us = 150000;
    report->fully_loaded_us = 360000;
    report->blocking_requests = 1;
    report->blocking_bytes = 30300;
}
