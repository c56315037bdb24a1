#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[PAGE_TYPE_COUNT] = {
    [PAGE_DOCUMENT] = "document",
    [PAGE_STYLESHEET] = "stylesheet",
    [PAGE_SCRIPT] = "script",
    [PAGE_IMAGE] = "image",
    [PAGE_FONT] = "font",
    [PAGE_MEDIA] = "media",
    [PAGE_FRAME] = "frame",
    [PAGE_OTHER] = "other",
};

static const char *const priority_names[PAGE_PRIORITY_COUNT] = {
    [PAGE_VERY_HIGH] = "VeryHigh",
    [PAGE_HIGH] = "High",
    [PAGE_MEDIUM] = "Medium",
    [PAGE_LOW] = "Low",
    [PAGE_VERY_LOW] = "VeryLow",
};

static const char *const blocking_names[PAGE_BLOCKING_COUNT] = {
    [PAGE_NON_BLOCKING] = "NonBlocking",
    [PAGE_BLOCKING] = "Blocking",
    [PAGE_IN_BODY_PARSER_BLOCKING] = "InBodyParserBlocking",
};

void
page_report_init(struct page_report *report)
{
    *report = (struct page_report){
        .lcp_candidate = PAGE_NOWHERE,
        .ttfb_us = PHASE_NOT_REACHED,
        .fully_loaded_us = PHASE_NOT_REACHED,
    };
}

void
page_report_free(struct page_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        free(report->items[i].url);
    free(report->items);
    strlist_free(&report->third_parties);
    strlist_free(&report->errors);
    page_report_init(report);
}

int
page_report_add(struct page_report *report, const char *url)
{
    struct page_resource *items;
    struct page_resource *item;
    char *copy;

    if (report->count >= PAGE_REQUESTS_MAX)
        return -1;
    items = realloc(report->items, (report->count + 1) * sizeof(*items));
    if (items == NULL)
        return -1;
    report->items = items;
    copy = strdup(url);
    if (copy == NULL)
        return -1;
    item = &items[report->count];
    *item = (struct page_resource){
        .url = copy,
        .from = PAGE_NOWHERE,
        .start_us = PHASE_NOT_REACHED,
        .end_us = PHASE_NOT_REACHED,
        .server_us = PHASE_NOT_REACHED,
    };
    for (int i = 0; i < PHASE_COUNT; i++)
        item->phase_us[i] = PHASE_NOT_REACHED;
    return (int)report->count++;
}

void
page_report_say(struct page_report *report, const char *fmt, ...)
{
    char words[2 * PAGE_ERROR_BYTES];
    char harmless[PAGE_ERROR_BYTES];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    text_put_harmless(words, strlen(words), harmless, sizeof(harmless));
    if (report->errors.count >= PAGE_ERRORS_MAX ||
        strlist_add(&report->errors, harmless) != 0)
        report->errors_left_out++;
}

static const char *
name_of(const char *const *names, int count, int i)
{
    return i >= 0 && i < count ? names[i] : NULL;
}

const char *
page_type_name(int type)
{
    return name_of(type_names, PAGE_TYPE_COUNT, type);
}

const char *
page_priority_name(int priority)
{
    return name_of(priority_names, PAGE_PRIORITY_COUNT, priority);
}

const char *
page_blocking_name(int blocking)
{
    return name_of(blocking_names, PAGE_BLOCKING_COUNT, blocking);
}
