/*
 * bench_page_model PROFILE < LINES: the model alone, over requests that
 * something else has seen.  A line is: url type priority blocking from level
 * h2 status encoded header decoded server_us render_font swaps.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "page_model.h"

static int
take(struct page_report *report, const char *line)
{
    char url[2048];
    int type, priority, blocking, from, level, h2, status, render, swaps;
    int64_t encoded, header, decoded, server_us;
    struct page_resource *item;
    int at;

    if (sscanf(line,
            "%2047s %d %d %d %d %d %d %d %" SCNd64 " %" SCNd64 " %" SCNd64
            " %" SCNd64 " %d %d",
            url, &type, &priority, &blocking, &from, &level, &h2, &status,
            &encoded, &header, &decoded, &server_us, &render, &swaps) != 14)
        return -1;
    at = page_report_add(report, url);
    if (at < 0)
        return -1;
    item = &report->items[at];
    (void)snprintf(item->origin, sizeof(item->origin), "%.*s",
        (int)(strcspn(url + 8, "/") + 8), url);
    item->type = (enum page_type)type;
    item->priority = (enum page_priority)priority;
    item->blocking = (enum page_blocking)blocking;
    item->from = from;
    item->level = (uint8_t)level;
    item->h2 = h2 != 0;
    item->tls = true;
    item->status = status;
    item->bytes_encoded = encoded;
    item->bytes_header = header;
    item->bytes_decoded = decoded;
    item->server_us = server_us;
    item->render_font = render != 0;
    item->font_swaps = swaps != 0;
    return 0;
}

int
main(int argc, char **argv)
{
    static struct page_figures figures;
    struct page_report report;
    enum page_profile profile = PAGE_SLOW_4G;
    char line[4096];
    struct err err;

    if (argc > 1 && !page_profile_of(argv[1], &profile))
        return 2;
    page_report_init(&report);
    while (fgets(line, sizeof(line), stdin) != NULL)
        if (take(&report, line) != 0)
            return 2;
    if (page_model_run(&report, profile, &figures, &err) != 0) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return 3;
    }
    (void)printf("{\"ttfb_us\":%" PRId64 ",\"fcp_us\":%" PRId64
                 ",\"lcp_us\":%" PRId64 ",\"fully_loaded_us\":%" PRId64 "}\n",
        figures.ttfb_us, figures.fcp_us, figures.lcp_us,
        figures.fully_loaded_us);
    for (size_t i = 0; argc > 2 && i < report.count; i++)
        (void)fprintf(stderr, "%6" PRId64 " %6" PRId64 " %s %s\n",
            figures.spans[i].start_us / 1000, figures.spans[i].end_us / 1000,
            page_priority_name((int)report.items[i].priority),
            report.items[i].url);
    page_report_free(&report);
    return 0;
}
