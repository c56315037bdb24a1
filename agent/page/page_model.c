#include "page_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "load_model.h"

/*
 * What the main thread does, as it takes on the machine where a page is
 * measured: a phone is slower by the network's factor.  Medians over the
 * pages of tests/bench/page; a script's cost is that of compiling and running
 * it once.  Lantern, too, leaves out tasks below ten milliseconds.
 */
static const double parse_task_us = 20000;
static const double paint_task_us = 20000;
static const double script_us_a_byte = 0.045;
static const double least_task_us = 10000;

/* Where the time of an unthrottled load says nothing about the order on a
 * slow line: each step of the chain later, each item a little. */
static const double level_us = 60000;
static const double item_us = 500;

enum {
    ITEMS = PAGE_REQUESTS_MAX,
    PARSE = ITEMS,       /* the document's own task */
    PAINT = ITEMS + 1,   /* the first layout and paint */
    SCRIPTS = ITEMS + 2, /* that of script i */
    NODES = SCRIPTS + ITEMS,
    EDGES = 6 * ITEMS
};

static const struct load_net nets[PAGE_PROFILE_COUNT] = {
    [PAGE_SLOW_4G] = {150, 1.6 * 1024 * 1024, 4, 2},
    [PAGE_REGULAR_3G] = {300, 700 * 1024, 4, 2},
};

struct page_graph {
    const struct page_report *report; /* borrowed */
    size_t document;                  /* after redirects */
    struct load_node nodes[NODES];
    struct load_edge edges[EDGES];
    size_t edge_count;
    struct load_origin origins[ITEMS];
    size_t origin_first[ITEMS]; /* the item that names it */
    size_t origin_count;
    bool needed[NODES]; /* by what is asked for at the moment */
    struct load_time times[NODES];
};

/* ---- origins ---- */

static size_t
origin_of(struct page_graph *g, size_t item)
{
    const struct page_resource *items = g->report->items;
    size_t i = 0;

    while (i < g->origin_count &&
           strcmp(items[g->origin_first[i]].origin, items[item].origin) != 0)
        i++;
    if (i == g->origin_count)
        g->origin_first[g->origin_count++] = item;
    return i;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median of how long that origin's server took, 0 if it never answered. */
static double
server_ms(const struct page_graph *g, size_t origin)
{
    double values[ITEMS];
    size_t count = 0;

    for (size_t i = 0; i < g->report->count; i++)
        if (g->nodes[i].kind == LOAD_REQUEST && g->nodes[i].origin == origin &&
            g->report->items[i].server_us >= 0)
            values[count++] = (double)g->report->items[i].server_us / 1000;
    if (count == 0)
        return 0.0;
    qsort(values, count, sizeof(values[0]), by_value);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* The shortest way there and back, INFINITY where nothing was connected. */
static double
rtt_ms(const struct page_graph *g, size_t origin)
{
    double least = INFINITY;

    for (size_t i = 0; i < g->report->count; i++) {
        int64_t us = g->report->items[i].phase_us[PHASE_CONNECT];

        if (g->nodes[i].origin == origin && us > 0)
            least = fmin(least, (double)us / 1000);
    }
    return least;
}

static void
judge_origins(struct page_graph *g)
{
    double nearest = INFINITY;

    for (size_t i = 0; i < g->origin_count; i++)
        nearest = fmin(nearest, rtt_ms(g, i));
    for (size_t i = 0; i < g->origin_count; i++) {
        double own = rtt_ms(g, i);

        g->origins[i].server_ms = server_ms(g, i);
        g->origins[i].extra_rtt_ms = isfinite(own) ? own - nearest : 0.0;
    }
}

/* ---- the graph ---- */

/*
 * An image that layout finds on the first screen is asked for urgently, though
 * it was not when it was found, a background for one.
 */
static enum page_priority
priority_of(const struct page_report *report, size_t i)
{
    const struct page_resource *item = &report->items[i];

    if (report->lcp_candidate == (int)i && item->type == PAGE_IMAGE &&
        item->priority > PAGE_MEDIUM)
        return PAGE_HIGH;
    return item->priority;
}

/*
 * What the first paint waits for.  As in Lantern a script of high priority is
 * taken to, wherever it stands: it is so urgent because it came before what is
 * seen.
 */
static bool
holds_first_paint(const struct page_resource *item)
{
    return item->blocking == PAGE_BLOCKING ||
           (item->type == PAGE_SCRIPT && item->priority <= PAGE_HIGH &&
               item->blocking == PAGE_IN_BODY_PARSER_BLOCKING);
}

/* Films are streamed and frames' own things not waited for. */
static bool
takes_part(const struct page_resource *item)
{
    return item->type != PAGE_MEDIA && item->status != 0;
}

static void
add_edge(struct page_graph *g, size_t from, size_t to)
{
    if (g->edge_count < EDGES)
        g->edges[g->edge_count++] = (struct load_edge){from, to};
}

static void
add_item(struct page_graph *g, size_t i)
{
    static const enum load_priority priorities[PAGE_PRIORITY_COUNT] = {
        [PAGE_VERY_HIGH] = LOAD_VERY_HIGH,
        [PAGE_HIGH] = LOAD_HIGH,
        [PAGE_MEDIUM] = LOAD_MEDIUM,
        [PAGE_LOW] = LOAD_LOW,
        [PAGE_VERY_LOW] = LOAD_VERY_LOW,
    };
    const struct page_resource *item = &g->report->items[i];
    size_t origin = origin_of(g, i);

    g->nodes[i] = (struct load_node){
        .kind = item->from_cache ? LOAD_INLINE : LOAD_REQUEST,
        .start_us = (double)item->level * level_us + (double)i * item_us,
        .priority = priorities[priority_of(g->report, i)],
        .origin = origin,
        .host = origin,
        .tls = item->tls,
        .h2 = item->h2,
        .asked_ms = (double)i, /* all but the first find a connection */
        .bytes = (double)(item->bytes_encoded + item->bytes_header),
        .decoded_bytes = (double)item->bytes_decoded};
    if (i > 0)
        add_edge(g,
            item->from >= 0 && (size_t)item->from < i ? (size_t)item->from : 0,
            i);
    if (item->redirect && item->from == (int)g->document)
        g->document = i;
}

static void
add_task(struct page_graph *g, size_t node, size_t after, double us)
{
    g->nodes[node] = (struct load_node){.kind = LOAD_TASK,
        .start_us = g->nodes[after].start_us + 1,
        .task_us = us};
    add_edge(g, after, node);
}

static void
add_tasks(struct page_graph *g)
{
    const struct page_report *report = g->report;

    add_task(g, PARSE, g->document, parse_task_us);
    add_task(g, PAINT, PARSE, paint_task_us);
    g->nodes[PAINT].layout = true;
    for (size_t i = 0; i < report->count; i++) {
        const struct page_resource *item = &report->items[i];
        double us = (double)item->bytes_decoded * script_us_a_byte;

        if (holds_first_paint(item) && takes_part(item))
            add_edge(g, i, PAINT);
        if (item->type != PAGE_SCRIPT || us < least_task_us)
            continue;
        add_task(g, SCRIPTS + i, i, us);
        add_edge(g, PARSE, SCRIPTS + i);
        if (holds_first_paint(item))
            add_edge(g, SCRIPTS + i, PAINT);
    }
}

static struct page_graph *
graph_new(const struct page_report *report, struct err *err)
{
    struct page_graph *g;

    if (report->count == 0 || report->count > ITEMS) {
        err_set(err, ERR_LIMIT, "a page of %zu requests", report->count);
        return NULL;
    }
    g = calloc(1, sizeof(*g));
    if (g == NULL) {
        err_set(err, ERR_NOMEM, "model of %zu requests", report->count);
        return NULL;
    }
    g->report = report;
    for (size_t i = 0; i < NODES; i++)
        g->nodes[i].kind = LOAD_TASK;
    for (size_t i = 0; i < report->count; i++)
        add_item(g, i);
    judge_origins(g);
    add_tasks(g);
    return g;
}

/* ---- what a figure waits for ---- */

/* With all they wait for; then how long that takes. */
static int
run(struct page_graph *g, enum page_profile profile, double *total_ms,
    struct err *err)
{
    struct load_graph graph = {g->nodes, NODES, g->edges, g->edge_count,
        g->origins, g->origin_count, g->origin_count};

    load_graph_add_needs(&graph, g->needed);
    return load_model_run(
        &graph, &nets[profile], g->needed, g->times, total_ms, err);
}

/* A font that text waits for holds up the first paint of a page that is
 * text; where it swaps, the text is there before it. */
static void
need_first_paint(struct page_graph *g, bool pessimistic)
{
    memset(g->needed, 0, sizeof(g->needed));
    g->needed[PARSE] = g->needed[PAINT] = true;
    for (size_t i = 0; i < g->report->count; i++) {
        const struct page_resource *item = &g->report->items[i];

        if (takes_part(item) && item->type == PAGE_FONT && item->render_font)
            g->needed[i] = pessimistic || !item->font_swaps;
    }
}

static bool
is_low_image(const struct page_report *report, size_t i)
{
    return report->items[i].type == PAGE_IMAGE &&
           priority_of(report, i) >= PAGE_LOW;
}

static void
need_largest_paint(struct page_graph *g, bool pessimistic)
{
    memset(g->needed, 0, sizeof(g->needed));
    g->needed[PARSE] = g->needed[PAINT] = true;
    for (size_t i = 0; i < g->report->count; i++) {
        const struct page_resource *item = &g->report->items[i];

        if (!takes_part(item) || (is_low_image(g->report, i) && !pessimistic))
            continue;
        g->needed[i] = true;
        if (g->nodes[SCRIPTS + i].task_us > 0)
            g->needed[SCRIPTS + i] = true;
    }
}

/* Images of low priority are rarely on the first screen. */
static double
end_of_largest_ms(const struct page_graph *g)
{
    double end_ms = 0.0;

    for (size_t i = 0; i < NODES; i++) {
        if (!g->times[i].ran ||
            (i < g->report->count && is_low_image(g->report, i)))
            continue;
        end_ms = fmax(end_ms, g->times[i].end_ms);
    }
    return end_ms;
}

/* ---- figures ---- */

static int64_t
us_of(double ms)
{
    return (int64_t)llround(ms * 1000);
}

static int
model_ttfb(struct page_graph *g, struct page_figures *figures, struct err *err)
{
    double bytes = g->nodes[g->document].bytes;
    double total_ms;
    int rc;

    memset(g->needed, 0, sizeof(g->needed));
    g->needed[g->document] = true;
    g->nodes[g->document].bytes = 1;
    rc = run(g, figures->profile, &total_ms, err);
    g->nodes[g->document].bytes = bytes;
    figures->ttfb_us = us_of(total_ms);
    return rc;
}

static int
model_paints(
    struct page_graph *g, struct page_figures *figures, struct err *err)
{
    double first_ms = 0.0;
    double largest_ms = 0.0;

    for (int pessimistic = 0; pessimistic <= 1; pessimistic++) {
        double total_ms;

        need_first_paint(g, pessimistic);
        if (run(g, figures->profile, &total_ms, err) != 0)
            return -1;
        first_ms += 0.5 * total_ms;
        need_largest_paint(g, pessimistic);
        if (run(g, figures->profile, &total_ms, err) != 0)
            return -1;
        largest_ms += 0.5 * end_of_largest_ms(g);
    }
    figures->fcp_us = us_of(first_ms);
    figures->lcp_us = us_of(fmax(first_ms, largest_ms));
    return 0;
}

/* Leaves the waterfall of the whole page. */
static int
model_all(struct page_graph *g, struct page_figures *figures, struct err *err)
{
    double total_ms;

    need_largest_paint(g, true);
    if (run(g, figures->profile, &total_ms, err) != 0)
        return -1;
    figures->fully_loaded_us = us_of(total_ms);
    for (size_t i = 0; i < g->report->count; i++)
        if (g->times[i].ran)
            figures->spans[i] = (struct page_span){
                us_of(g->times[i].start_ms), us_of(g->times[i].end_ms)};
    return 0;
}

/* The line as it is: what has been seen, and the first paint's own work. */
static void
take_as_loaded(const struct page_graph *g, struct page_figures *figures)
{
    const struct page_report *report = g->report;
    int64_t first_us = 0;
    int64_t largest_us = 0;

    figures->ttfb_us = report->ttfb_us;
    figures->fully_loaded_us = report->fully_loaded_us;
    for (size_t i = 0; i < report->count; i++) {
        const struct page_resource *item = &report->items[i];

        figures->spans[i] = (struct page_span){item->start_us, item->end_us};
        if (!takes_part(item))
            continue;
        if (i == g->document || holds_first_paint(item))
            first_us = item->end_us > first_us ? item->end_us : first_us;
        if (!is_low_image(report, i) && item->end_us > largest_us)
            largest_us = item->end_us;
    }
    first_us += (int64_t)(parse_task_us + paint_task_us);
    figures->fcp_us = first_us;
    figures->lcp_us = largest_us > first_us ? largest_us : first_us;
}

void
page_figures_init(struct page_figures *figures)
{
    *figures = (struct page_figures){.ttfb_us = PAGE_NO_FIGURE,
        .fcp_us = PAGE_NO_FIGURE,
        .lcp_us = PAGE_NO_FIGURE,
        .fully_loaded_us = PAGE_NO_FIGURE,
        .tbt_us = PAGE_NO_FIGURE,
        .cls = (double)NAN};
    for (size_t i = 0; i < ITEMS; i++)
        figures->spans[i] = (struct page_span){PAGE_NO_FIGURE, PAGE_NO_FIGURE};
}

static double
ms_or_nan(int64_t us)
{
    return us == PAGE_NO_FIGURE ? (double)NAN : (double)us / 1000;
}

void
page_figures_score(struct page_figures *figures)
{
    figures->score = vital_performance(
        &(struct vital_figures){.fcp_ms = ms_or_nan(figures->fcp_us),
            .lcp_ms = ms_or_nan(figures->lcp_us),
            .si_ms = (double)NAN,
            .tbt_ms = ms_or_nan(figures->tbt_us),
            .cls = figures->cls});
}

int
page_model_run(const struct page_report *report, enum page_profile profile,
    struct page_figures *figures, struct err *err)
{
    struct page_graph *g = graph_new(report, err);
    int rc = 0;

    page_figures_init(figures);
    figures->profile = profile;
    if (g == NULL)
        return -1;
    /* Where the document never came there is nothing to tell. */
    if (report->items[g->document].status == 0)
        goto out;
    if (profile == PAGE_AS_LOADED)
        take_as_loaded(g, figures);
    else if (model_ttfb(g, figures, err) != 0 ||
             model_paints(g, figures, err) != 0 ||
             model_all(g, figures, err) != 0)
        rc = -1;
    if (report->client_rendered)
        figures->fcp_us = figures->lcp_us = PAGE_NO_FIGURE;
    page_figures_score(figures);
out:
    free(g);
    return rc;
}

/* ---- names ---- */

static const char *const names[PAGE_PROFILE_COUNT] = {
    [PAGE_SLOW_4G] = "slow-4g",
    [PAGE_REGULAR_3G] = "regular-3g",
    [PAGE_AS_LOADED] = "none",
};

const char *
page_profile_name(enum page_profile profile)
{
    return names[profile];
}

bool
page_profile_of(const char *name, enum page_profile *profile)
{
    for (int i = 0; i < PAGE_PROFILE_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *profile = (enum page_profile)i;
            return true;
        }
    return false;
}
