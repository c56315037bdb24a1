#include "page_told.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int64_t
page_item_bytes(const struct page_resource *item)
{
    return item->bytes_header + item->bytes_encoded;
}

static struct page_sum
sum_of(const struct page_report *report, bool third_only)
{
    struct page_sum sum = {0};

    for (size_t i = 0; i < report->count; i++) {
        const struct page_resource *item = &report->items[i];

        if (item->from_cache || (third_only && !item->third_party))
            continue;
        sum.requests++;
        sum.bytes += page_item_bytes(item);
    }
    return sum;
}

struct page_sum
page_sum_all(const struct page_report *report)
{
    return sum_of(report, false);
}

struct page_sum
page_sum_third_party(const struct page_report *report)
{
    return sum_of(report, true);
}

int
page_chain_depth(const struct page_report *report)
{
    int deepest = 0;

    for (size_t i = 0; i < report->count; i++)
        if (report->items[i].level + 1 > deepest)
            deepest = report->items[i].level + 1;
    return deepest;
}

enum page_bar
page_bar_of(const struct page_resource *item)
{
    if (item->error[0] != '\0')
        return PAGE_BAR_FAILED;
    /* The document itself is no news. */
    if (item->blocking == PAGE_BLOCKING && item->type != PAGE_DOCUMENT)
        return PAGE_BAR_BLOCKING;
    if (item->from_cache)
        return PAGE_BAR_CACHED;
    return item->third_party ? PAGE_BAR_THIRD : PAGE_BAR_OWN;
}

const char *
page_bar_name(enum page_bar mark)
{
    static const char *const names[PAGE_BAR_COUNT] = {
        [PAGE_BAR_FAILED] = "failed",
        [PAGE_BAR_BLOCKING] = "blocks the first paint",
        [PAGE_BAR_CACHED] = "no request",
        [PAGE_BAR_THIRD] = "third party",
        [PAGE_BAR_OWN] = "own",
    };

    return names[mark];
}

/* Where the last segments of a path begin; a folder keeps its slash. */
static const char *
last_segments(const char *path, size_t len, int count)
{
    const char *at = path + len;

    for (; count > 0 && at > path; count--) {
        at--;
        while (at > path && at[-1] != '/')
            at--;
    }
    return at;
}

void
page_short_name(const struct page_resource *item, char *out, size_t size)
{
    const char *host = strstr(item->url, "://");
    const char *path;
    const char *name;
    size_t path_len;

    if (strncmp(item->url, "data:", 5) == 0 || host == NULL) {
        (void)snprintf(out, size, "%.24s", item->url);
        return;
    }
    host += 3;
    path = host + strcspn(host, "/?#");
    path_len = strcspn(path, "?#");
    name = last_segments(path, path_len, item->third_party ? 1 : 2);
    path_len = (size_t)(path + path_len - name);
    if (item->third_party)
        (void)snprintf(out, size, "%.*s/%s%.*s", (int)strcspn(host, ":/?#"),
            host, name > path + 1 ? "\342\200\246/" : "", (int)path_len, name);
    else
        (void)snprintf(
            out, size, "%s%.*s", path_len == 0 ? "/" : "", (int)path_len, name);
}

int64_t
page_whole_us(const struct page_told *told)
{
    const struct page_figures *figures = told->figures;
    int64_t whole_us = 1;

    for (size_t i = 0; i < told->report->count; i++)
        if (figures->spans[i].end_us > whole_us)
            whole_us = figures->spans[i].end_us;
    if (figures->lcp_us > whole_us)
        whole_us = figures->lcp_us;
    return whole_us;
}

void
page_put_bytes(int64_t bytes, char *out, size_t size)
{
    if (bytes >= 999500)
        (void)snprintf(out, size, "%.2f MB", (double)bytes / 1e6);
    else if (bytes >= 1000)
        (void)snprintf(out, size, "%.1f kB", (double)bytes / 1e3);
    else
        (void)snprintf(out, size, "%d B", (int)bytes);
}

void
page_put_time(int64_t us, char *out, size_t size)
{
    if (us < 0)
        (void)snprintf(out, size, "-");
    else if (us < 999500)
        (void)snprintf(out, size, "%.0f ms", (double)us / 1e3);
    else
        (void)snprintf(out, size, "%.2f s", (double)us / 1e6);
}

void
page_vitals(const struct page_told *told, struct page_vital out[PAGE_VITALS])
{
    const struct page_figures *figures = told->figures;
    const struct page_vital vitals[PAGE_VITALS] = {
        {"TTFB", VITAL_TTFB, figures->ttfb_us, VITAL_UNKNOWN},
        {"FCP", VITAL_FCP, figures->fcp_us, VITAL_UNKNOWN},
        {"LCP", VITAL_LCP, figures->lcp_us, VITAL_UNKNOWN},
    };

    for (int i = 0; i < PAGE_VITALS; i++) {
        out[i] = vitals[i];
        out[i].grade = vital_grade(vitals[i].vital,
            vitals[i].us < 0 ? (double)NAN : (double)vitals[i].us / 1000);
    }
}
