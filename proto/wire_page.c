#include "wire_page.h"

#include <stdlib.h>
#include <string.h>

#include "wire.h"
#include "wire_facts.h"
#include "wire_part.h"

enum { URL_KEPT_BYTES = 256 };

/* Of an item; the numbers are the wire's. */
enum {
    ITEM_REDIRECT = 1 << 0,
    ITEM_H2 = 1 << 1,
    ITEM_TLS = 1 << 2,
    ITEM_THIRD_PARTY = 1 << 3,
    ITEM_LAZY = 1 << 4,
    ITEM_IN_FRAME = 1 << 5,
    ITEM_FROM_CACHE = 1 << 6
};

/* Of the page. */
enum {
    PAGE_FLAG_COMPLETE = 1 << 0,
    PAGE_FLAG_TEXT = 1 << 1,
    PAGE_FLAG_CLIENT_RENDERED = 1 << 2
};

/* Plus one, 0: there is none; what does not fit is left out. */
static uint32_t
plus_one(int64_t value)
{
    return value < 0 || value >= UINT32_MAX ? 0 : (uint32_t)(value + 1);
}

static int
put_text(const char *text, size_t max_bytes, struct wire_arena *arena,
    ProtobufCBinaryData *out)
{
    size_t len = strlen(text);
    char *copy;

    *out = wire_part_of(text, len);
    if (len <= max_bytes)
        return 0;
    copy = wire_arena_take(arena, max_bytes + 1);
    if (copy == NULL)
        return -1;
    text_put_harmless(text, len, copy, max_bytes + 1);
    *out = wire_part_of_text(copy);
    return 0;
}

static uint32_t
item_flags(const struct page_resource *item)
{
    return (item->redirect ? ITEM_REDIRECT : 0U) | (item->h2 ? ITEM_H2 : 0U) |
           (item->tls ? ITEM_TLS : 0U) |
           (item->third_party ? ITEM_THIRD_PARTY : 0U) |
           (item->lazy ? ITEM_LAZY : 0U) |
           (item->in_frame ? ITEM_IN_FRAME : 0U) |
           (item->from_cache ? ITEM_FROM_CACHE : 0U);
}

static int
put_item(const struct page_resource *item, struct wire_arena *arena,
    size_t text_max_bytes, Leadline__PageItem *pb)
{
    size_t url_max_bytes =
        text_max_bytes < URL_KEPT_BYTES ? text_max_bytes : URL_KEPT_BYTES;

    leadline__page_item__init(pb);
    pb->type = (uint32_t)item->type;
    pb->priority = (uint32_t)item->priority;
    pb->blocking = (uint32_t)item->blocking;
    pb->from = plus_one(item->from);
    pb->status = (uint32_t)item->status;
    pb->bytes_encoded = (uint64_t)item->bytes_encoded;
    pb->bytes_header = (uint64_t)item->bytes_header;
    pb->bytes_decoded = (uint64_t)item->bytes_decoded;
    pb->start_us = plus_one(item->start_us);
    pb->end_us = plus_one(item->end_us);
    pb->flags = item_flags(item);
    if (put_text(item->url, url_max_bytes, arena, &pb->url) != 0)
        return -1;
    return put_text(item->error, text_max_bytes, arena, &pb->error);
}

static int
put_items(const struct page_report *report, struct wire_arena *arena,
    size_t text_max_bytes, Leadline__PageFacts *pb)
{
    Leadline__PageItem *items =
        wire_arena_take(arena, (report->count + 1) * sizeof(*items));

    pb->items = wire_arena_take(arena, (report->count + 1) * sizeof(void *));
    if (items == NULL || pb->items == NULL)
        return -1;
    pb->n_items = report->count;
    for (size_t i = 0; i < report->count; i++) {
        pb->items[i] = &items[i];
        if (put_item(&report->items[i], arena, text_max_bytes, &items[i]) != 0)
            return -1;
    }
    return 0;
}

static int
put_errors(const struct page_report *report, struct wire_arena *arena,
    size_t text_max_bytes, Leadline__PageFacts *pb)
{
    pb->errors = wire_arena_take(
        arena, (report->errors.count + 1) * sizeof(pb->errors[0]));
    if (pb->errors == NULL)
        return -1;
    pb->n_errors = report->errors.count;
    for (size_t i = 0; i < report->errors.count; i++) {
        if (put_text(report->errors.items[i], text_max_bytes, arena,
                &pb->errors[i]) != 0)
            return -1;
    }
    return 0;
}

Leadline__PageFacts *
wire_page_put(const struct page_report *report, struct wire_arena *arena,
    size_t text_max_bytes, struct err *err)
{
    Leadline__PageFacts *pb = wire_arena_take(arena, sizeof(*pb));

    if (pb != NULL) {
        leadline__page_facts__init(pb);
        pb->flags = (report->complete ? PAGE_FLAG_COMPLETE : 0U) |
                    (report->has_text ? PAGE_FLAG_TEXT : 0U) |
                    (report->client_rendered ? PAGE_FLAG_CLIENT_RENDERED : 0U);
        pb->lcp_candidate = plus_one(report->lcp_candidate);
        pb->fully_loaded_us = plus_one(report->fully_loaded_us);
        pb->errors_left_out = (uint32_t)report->errors_left_out;
        if (put_items(report, arena, text_max_bytes, pb) == 0 &&
            put_errors(report, arena, text_max_bytes, pb) == 0)
            return pb;
    }
    err_set(err, ERR_LIMIT, "facts do not fit");
    return NULL;
}

static int
check_item(
    const Leadline__PageItem *pb, size_t index, size_t count, struct err *err)
{
    if (wire_part_range(pb->type, 0, PAGE_TYPE_COUNT - 1, "type", err) != 0 ||
        wire_part_range(
            pb->priority, 0, PAGE_PRIORITY_COUNT - 1, "priority", err) != 0 ||
        wire_part_range(
            pb->blocking, 0, PAGE_BLOCKING_COUNT - 1, "blocking", err) != 0 ||
        wire_part_range(pb->status, 0, WIRE_HTTP_STATUS_MAX, "status", err) !=
            0)
        return -1;
    if (pb->from > count || (pb->from == 0) != (index == 0) ||
        pb->from == index + 1)
        return err_set(err, ERR_PARSE, "item %zu is asked for by none", index);
    if (pb->bytes_encoded > INT64_MAX || pb->bytes_header > INT64_MAX ||
        pb->bytes_decoded > INT64_MAX)
        return err_set(err, ERR_PARSE, "item %zu is too large", index);
    return 0;
}

static int
take_item(
    const Leadline__PageItem *pb, struct page_report *report, struct err *err)
{
    char url[URL_KEPT_BYTES + 1];
    struct page_resource *item;
    int index;

    if (wire_part_text(pb->url, url, sizeof(url), "url", err) != 0)
        return -1;
    index = page_report_add(report, url);
    if (index < 0)
        return err_set(err, ERR_NOMEM, "page");
    item = &report->items[index];
    item->type = (enum page_type)pb->type;
    item->priority = (enum page_priority)pb->priority;
    item->blocking = (enum page_blocking)pb->blocking;
    item->from = (int)pb->from - 1;
    item->status = (int32_t)pb->status;
    item->bytes_encoded = (int64_t)pb->bytes_encoded;
    item->bytes_header = (int64_t)pb->bytes_header;
    item->bytes_decoded = (int64_t)pb->bytes_decoded;
    item->start_us = (int64_t)pb->start_us - 1;
    item->end_us = (int64_t)pb->end_us - 1;
    item->redirect = (pb->flags & ITEM_REDIRECT) != 0;
    item->h2 = (pb->flags & ITEM_H2) != 0;
    item->tls = (pb->flags & ITEM_TLS) != 0;
    item->third_party = (pb->flags & ITEM_THIRD_PARTY) != 0;
    item->lazy = (pb->flags & ITEM_LAZY) != 0;
    item->in_frame = (pb->flags & ITEM_IN_FRAME) != 0;
    item->from_cache = (pb->flags & ITEM_FROM_CACHE) != 0;
    return wire_part_text(
        pb->error, item->error, sizeof(item->error), "error", err);
}

static int
take_errors(
    const Leadline__PageFacts *pb, struct page_report *report, struct err *err)
{
    char words[PAGE_ERROR_BYTES];

    for (size_t i = 0; i < pb->n_errors; i++) {
        if (wire_part_text(pb->errors[i], words, sizeof(words), "error", err) !=
            0)
            return -1;
        if (strlist_add(&report->errors, words) != 0)
            return err_set(err, ERR_NOMEM, "page");
    }
    report->errors_left_out = pb->errors_left_out;
    return 0;
}

static int
take_report(
    const Leadline__PageFacts *pb, struct page_report *report, struct err *err)
{
    if (wire_part_range((int64_t)pb->n_items, 0, PAGE_REQUESTS_MAX,
            "number of items", err) != 0 ||
        wire_part_range((int64_t)pb->n_errors, 0, PAGE_ERRORS_MAX,
            "number of errors", err) != 0 ||
        wire_part_range(pb->lcp_candidate, 0, (int64_t)pb->n_items,
            "largest item", err) != 0)
        return -1;
    report->complete = (pb->flags & PAGE_FLAG_COMPLETE) != 0;
    report->has_text = (pb->flags & PAGE_FLAG_TEXT) != 0;
    report->client_rendered = (pb->flags & PAGE_FLAG_CLIENT_RENDERED) != 0;
    report->lcp_candidate = (int)pb->lcp_candidate - 1;
    report->fully_loaded_us = (int64_t)pb->fully_loaded_us - 1;
    for (size_t i = 0; i < pb->n_items; i++) {
        if (check_item(pb->items[i], i, pb->n_items, err) != 0 ||
            take_item(pb->items[i], report, err) != 0)
            return -1;
    }
    return take_errors(pb, report, err);
}

struct page_report *
wire_page_take(const Leadline__PageFacts *pb, struct err *err)
{
    struct page_report *report = malloc(sizeof(*report));

    if (report == NULL) {
        err_set(err, ERR_NOMEM, "page");
        return NULL;
    }
    page_report_init(report);
    if (take_report(pb, report, err) == 0)
        return report;
    page_report_free(report);
    free(report);
    return NULL;
}
