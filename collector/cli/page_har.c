/* HAR 1.2: http://www.softwareishard.com/blog/har-12-spec/ */

#include "page_json.h"
#include "text.h"

static const int64_t us_per_ms = 1000;

static json_t *
ms_json(int64_t us)
{
    return json_real(us < 0 ? -1.0 : (double)us / (double)us_per_ms);
}

static json_t *
when_json(int64_t unix_ms)
{
    char text[TEXT_MOMENT_BYTES];

    text_put_moment(unix_ms, text);
    return json_string(text);
}

/* What a server would call it; the load keeps only the kind. */
static const char *
mime_of(enum page_type type)
{
    switch (type) {
    case PAGE_DOCUMENT:
    case PAGE_FRAME:
        return "text/html";
    case PAGE_STYLESHEET:
        return "text/css";
    case PAGE_SCRIPT:
        return "text/javascript";
    case PAGE_IMAGE:
        return "image/*";
    case PAGE_FONT:
        return "font/*";
    case PAGE_MEDIA:
        return "video/*";
    case PAGE_OTHER:
    case PAGE_TYPE_COUNT:
        break;
    }
    return "application/octet-stream";
}

static json_t *
request_json(const struct page_resource *item)
{
    return json_pack("{s:s, s:s, s:s, s:[], s:[], s:[], s:i, s:i}", "method",
        "GET", "url", item->url, "httpVersion", item->h2 ? "h2" : "HTTP/1.1",
        "cookies", "headers", "queryString", "headersSize", -1, "bodySize", 0);
}

static json_t *
response_json(const struct page_resource *item)
{
    return json_pack("{s:i, s:s, s:s, s:[], s:[], s:{s:I, s:s, s:I}, s:s, s:I, "
                     "s:I, s:s}",
        "status", item->status, "statusText", "", "httpVersion",
        item->h2 ? "h2" : "HTTP/1.1", "cookies", "headers", "content", "size",
        (json_int_t)item->bytes_decoded, "mimeType", mime_of(item->type),
        "compression", (json_int_t)(item->bytes_decoded - item->bytes_encoded),
        "redirectURL", "", "headersSize", (json_int_t)item->bytes_header,
        "bodySize", (json_int_t)item->bytes_encoded, "_error", item->error);
}

/* Of connecting, HAR has TLS as a part. */
static json_t *
timings_json(const struct page_resource *item, int64_t *total_us)
{
    const int64_t *us = item->phase_us;
    int64_t connect_us = us[PHASE_CONNECT];
    int64_t parts_us = 0;
    static const enum phase parts[] = {PHASE_DNS, PHASE_CONNECT, PHASE_TLS,
        PHASE_REQUEST, PHASE_WAIT, PHASE_TRANSFER};
    int64_t blocked_us;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        parts_us += us[parts[i]] > 0 ? us[parts[i]] : 0;
    if (connect_us >= 0 && us[PHASE_TLS] > 0)
        connect_us += us[PHASE_TLS];
    /* What is in no phase was waiting for a connection. */
    blocked_us = item->start_us >= 0 && item->end_us >= 0
                     ? item->end_us - item->start_us - parts_us
                     : 0;
    blocked_us = blocked_us > 0 ? blocked_us : 0;
    *total_us = parts_us + blocked_us;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "blocked",
        ms_json(blocked_us), "dns", ms_json(us[PHASE_DNS]), "connect",
        ms_json(connect_us), "ssl", ms_json(us[PHASE_TLS]), "send",
        ms_json(us[PHASE_REQUEST] > 0 ? us[PHASE_REQUEST] : 0), "wait",
        ms_json(us[PHASE_WAIT] > 0 ? us[PHASE_WAIT] : 0), "receive",
        ms_json(us[PHASE_TRANSFER] > 0 ? us[PHASE_TRANSFER] : 0));
}

static json_t *
entry_json(const struct page_told *told, size_t i)
{
    const struct page_resource *item = &told->report->items[i];
    int64_t start_us = item->start_us > 0 ? item->start_us : 0;
    int64_t total_us;
    json_t *timings = timings_json(item, &total_us);

    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:{}, s:o, s:s, s:s, s:s, s:b, "
                     "s:o, s:o}",
        "pageref", "page", "startedDateTime",
        when_json(told->started_unix_ms + start_us / us_per_ms), "time",
        ms_json(total_us), "request", request_json(item), "response",
        response_json(item), "cache", "timings", timings, "_priority",
        page_priority_name((int)item->priority), "_resourceType",
        page_type_name((int)item->type), "_renderBlocking",
        page_blocking_name((int)item->blocking), "_thirdParty",
        (int)item->third_party, "_modelStart",
        ms_json(told->figures->spans[i].start_us), "_modelEnd",
        ms_json(told->figures->spans[i].end_us));
}

static json_t *
page_entry(const struct page_told *told)
{
    const struct page_figures *figures = told->figures;

    return json_pack("{s:o, s:s, s:s, s:{s:o, s:o, s:o, s:o, s:o}, s:s, s:s}",
        "startedDateTime", when_json(told->started_unix_ms), "id", "page",
        "title", told->target, "pageTimings", "onContentLoad", json_null(),
        "onLoad", ms_json(told->report->fully_loaded_us),
        "_firstContentfulPaint", ms_json(figures->fcp_us),
        "_largestContentfulPaint", ms_json(figures->lcp_us), "_fullyLoaded",
        ms_json(figures->fully_loaded_us), "_profile",
        page_profile_name(figures->profile), "_figures",
        figures->measured ? "measured" : "modelled");
}

json_t *
page_har(const struct page_told *told)
{
    json_t *entries = json_array();

    for (size_t i = 0; i < told->report->count; i++)
        if (!told->report->items[i].from_cache)
            (void)json_array_append_new(entries, entry_json(told, i));
    return json_pack("{s:{s:s, s:{s:s, s:s}, s:[o], s:o}}", "log", "version",
        "1.2", "creator", "name", "leadline", "version", LEADLINE_VERSION,
        "pages", page_entry(told), "entries", entries);
}
