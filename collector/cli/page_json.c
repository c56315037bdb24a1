#include "page_json.h"

#include <math.h>

static json_t *
us_or_null(int64_t us)
{
    return us < 0 ? json_null() : json_integer(us);
}

static json_t *
number_or_null(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *
list_json(const struct strlist *list)
{
    json_t *made = json_array();

    for (size_t i = 0; i < list->count; i++)
        (void)json_array_append_new(made, json_string(list->items[i]));
    return made;
}

static json_t *
resource_json(const struct page_told *told, size_t i)
{
    const struct page_resource *item = &told->report->items[i];
    struct page_span span = told->figures->spans[i];

    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:b, s:o, s:o, s:o, s:o, "
                     "s:o, s:o}",
        "url", item->url, "type", page_type_name((int)item->type), "priority",
        page_priority_name((int)item->priority), "blocking",
        page_blocking_name((int)item->blocking), "status",
        item->status != 0 ? json_integer(item->status) : json_null(), "bytes",
        (json_int_t)page_item_bytes(item), "third_party",
        (int)item->third_party, "start_us", us_or_null(item->start_us),
        "end_us", us_or_null(item->end_us), "model_start_us",
        told->figures->measured ? json_null() : us_or_null(span.start_us),
        "model_end_us",
        told->figures->measured ? json_null() : us_or_null(span.end_us), "from",
        item->from >= 0 ? json_integer(item->from) : json_null(), "error",
        item->error[0] != '\0' ? json_string(item->error) : json_null());
}

static json_t *
resources_json(const struct page_told *told)
{
    json_t *made = json_array();

    for (size_t i = 0; i < told->report->count; i++)
        (void)json_array_append_new(made, resource_json(told, i));
    return made;
}

static json_t *
score_json(const struct vital_range *score)
{
    return score->known
               ? json_pack("{s:f, s:f}", "low", score->low, "high", score->high)
               : json_null();
}

json_t *
page_json(const struct page_told *told)
{
    const struct page_report *report = told->report;
    const struct page_figures *figures = told->figures;
    struct page_sum all = page_sum_all(report);
    struct page_sum third = page_sum_third_party(report);

    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, "
                     "s:I, s:i, s:{s:i, s:I, s:o}, s:{s:i, s:I}, s:b, s:o, "
                     "s:{s:o, s:o}, s:o}",
        "engine", told->engine, "profile", page_profile_name(figures->profile),
        "figures", figures->measured ? "measured" : "modelled", "ttfb_us",
        us_or_null(figures->ttfb_us), "fcp_us", us_or_null(figures->fcp_us),
        "lcp_us", us_or_null(figures->lcp_us), "fully_loaded_us",
        us_or_null(figures->fully_loaded_us), "cls",
        number_or_null(figures->cls), "tbt_us", us_or_null(figures->tbt_us),
        "score", score_json(&figures->score), "requests", all.requests, "bytes",
        (json_int_t)all.bytes, "chain_depth", page_chain_depth(report),
        "third_party", "requests", third.requests, "bytes",
        (json_int_t)third.bytes, "domains", list_json(&report->third_parties),
        "blocking", "requests", report->blocking_requests, "bytes",
        (json_int_t)report->blocking_bytes, "client_rendered",
        (int)report->client_rendered, "errors", list_json(&report->errors),
        "unthrottled", "ttfb_us", us_or_null(report->ttfb_us),
        "fully_loaded_us", us_or_null(report->fully_loaded_us), "resources",
        resources_json(told));
}
