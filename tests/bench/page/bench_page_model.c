/*
 * bench_page_model PROFILE < LINES: the model alone, over requests that
 * something else has seen.  A line is: url type priority blocking from level
 * h2 status encoded header decoded server_us render_font swaps.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page_model.h"

/* The words after the URL, in their order. */
enum word {
    TYPE,
    PRIORITY,
    BLOCKING,
    FROM,
    LEVEL,
    H2,
    STATUS,
    ENCODED,
    HEADER,
    DECODED,
    SERVER_US,
    RENDER_FONT,
    SWAPS,
    WORDS
};

static int
take_words(const char *at, int64_t words[WORDS])
{
    for (int i = 0; i < WORDS; i++) {
        char *end;

        words[i] = strtoll(at, &end, 10);
        if (end == at)
            return -1;
        at = end;
    }
    return 0;
}

static int
take(struct page_report *report, char *line)
{
    char *rest = strchr(line, ' ');
    struct page_resource *item;
    int64_t words[WORDS];
    int at;

    if (rest == NULL)
        return -1;
    *rest++ = '\0';
    if (take_words(rest, words) != 0)
        return -1;
    at = page_report_add(report, line);
    if (at < 0)
        return -1;
    item = &report->items[at];
    (void)snprintf(item->origin, sizeof(item->origin), "%.*s",
        (int)(strcspn(item->url + 8, "/") + 8), item->url);
    item->type = (enum page_type)words[TYPE];
    item->priority = (enum page_priority)words[PRIORITY];
    item->blocking = (enum page_blocking)words[BLOCKING];
    item->from = (int)words[FROM];
    item->level = (uint8_t)words[LEVEL];
    item->h2 = words[H2] != 0;
    item->tls = true;
    item->status = (int32_t)words[STATUS];
    item->bytes_encoded = words[ENCODED];
    item->bytes_header = words[HEADER];
    item->bytes_decoded = words[DECODED];
    item->server_us = words[SERVER_US];
    item->render_font = words[RENDER_FONT] != 0;
    item->font_swaps = words[SWAPS] != 0;
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
