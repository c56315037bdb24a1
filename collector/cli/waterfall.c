#include "waterfall.h"

#include "bars.h"
#include "table.h"

enum {
    LABEL_COLUMNS = 9,
    VALUE_COLUMNS = 8,
    /* "x " before the label, a blank after it, " |" before the bars */
    FRAME_COLUMNS = 2 + LABEL_COLUMNS + 1 + VALUE_COLUMNS + 2,
    BARS_COLUMNS_WANTED = 100
};

/* ---- where each bar lies ---- */

/* A phase of the last hop: what the others have not used. */
static int64_t
rest_us(const struct measure *measure, size_t redirect_count, enum phase phase)
{
    int64_t us = measure->phase_us[phase];
    bool after_failure =
        measure->failed_phase >= 0 && (int)phase >= measure->failed_phase;

    for (size_t i = 0; i < redirect_count && us != PHASE_NOT_REACHED; i++) {
        int64_t hop_us = measure->facts->http->redirects[i].phase_us[phase];

        us -= hop_us > 0 ? hop_us : 0;
    }
    if (us < 0 || (us == 0 && redirect_count > 0 &&
                      (after_failure || phase == PHASE_DNS)))
        return PHASE_NOT_REACHED; /* only the hops before it had it */
    return us;
}

static void
add_bar(struct waterfall_hop *hop, enum phase phase, int64_t span_us)
{
    int64_t start_us = hop->start_us;

    if (hop->bar_count > 0) {
        const struct waterfall_bar *before = &hop->bars[hop->bar_count - 1];

        start_us = before->start_us + before->span_us;
    }
    hop->bars[hop->bar_count++] = (struct waterfall_bar){
        .phase = phase, .start_us = start_us, .span_us = span_us};
}

static int64_t
end_of_bars_us(const struct waterfall_hop *hop)
{
    const struct waterfall_bar *last = hop->bars + hop->bar_count - 1;

    return hop->bar_count == 0 ? hop->start_us : last->start_us + last->span_us;
}

static void
take_redirect(const struct redirect_fact *redirect, struct waterfall *out)
{
    struct waterfall_hop *hop = &out->hops[out->hop_count++];

    *hop = (struct waterfall_hop){.redirect = redirect};
    if (out->hop_count > 1)
        hop->start_us = hop[-1].start_us + hop[-1].span_us;
    for (int phase = 0; phase < PHASE_TOTAL; phase++) {
        if (redirect->phase_us[phase] != PHASE_NOT_REACHED)
            add_bar(hop, (enum phase)phase, redirect->phase_us[phase]);
    }
    hop->span_us = redirect->phase_us[PHASE_TOTAL];
    if (hop->span_us == PHASE_NOT_REACHED)
        hop->span_us = end_of_bars_us(hop) - hop->start_us;
}

/*
 * In the order in which they happen.  A mail server's words before STARTTLS
 * are the phase wait, and come before the handshake.
 */
static const enum phase *
order_of(const struct measure *measure)
{
    static const enum phase http[PHASE_TOTAL] = {PHASE_DNS, PHASE_CONNECT,
        PHASE_TLS, PHASE_REQUEST, PHASE_WAIT, PHASE_TRANSFER};
    static const enum phase other[PHASE_TOTAL] = {PHASE_DNS, PHASE_CONNECT,
        PHASE_REQUEST, PHASE_WAIT, PHASE_TLS, PHASE_TRANSFER};

    return measure->facts != NULL && measure->facts->http != NULL ? http
                                                                  : other;
}

/* Where it failed is marked; the time until the end was waited for that. */
static void
take_last(
    const struct measure *measure, size_t redirect_count, struct waterfall *out)
{
    struct waterfall_hop *hop = &out->hops[out->hop_count++];

    *hop = (struct waterfall_hop){0};
    if (out->hop_count > 1)
        hop->start_us = hop[-1].start_us + hop[-1].span_us;
    for (int i = 0; i < PHASE_TOTAL; i++) {
        enum phase phase = order_of(measure)[i];
        int64_t us = rest_us(measure, redirect_count, phase);
        bool failed = (int)phase == measure->failed_phase;

        if (us == PHASE_NOT_REACHED && failed) {
            us = out->total_us - end_of_bars_us(hop);
            us = us > 0 ? us : 0;
        }
        if (us == PHASE_NOT_REACHED)
            continue;
        add_bar(hop, phase, us);
        hop->bars[hop->bar_count - 1].failed = failed;
    }
    hop->span_us = out->total_us - hop->start_us;
    if (hop->span_us < 0)
        hop->span_us = 0;
}

void
waterfall_take(const struct measure *measure, struct waterfall *out)
{
    const struct facts *facts = measure->facts;
    size_t redirect_count = 0;

    out->hop_count = 0;
    out->total_us = measure->phase_us[PHASE_TOTAL];
    if (out->total_us == PHASE_NOT_REACHED)
        return;
    if (facts != NULL && facts->http != NULL)
        redirect_count = facts->http->redirect_count;
    if (redirect_count > FACTS_REDIRECTS_MAX)
        redirect_count = FACTS_REDIRECTS_MAX;
    for (size_t i = 0; i < redirect_count; i++)
        take_redirect(&facts->http->redirects[i], out);
    take_last(measure, redirect_count, out);
}

const struct waterfall_bar *
waterfall_longest(const struct waterfall *fall)
{
    const struct waterfall_bar *longest = NULL;

    for (size_t i = 0; i < fall->hop_count; i++) {
        const struct waterfall_hop *hop = &fall->hops[i];

        for (size_t b = 0; b < hop->bar_count; b++) {
            if (longest == NULL || hop->bars[b].span_us > longest->span_us)
                longest = &hop->bars[b];
        }
    }
    return longest;
}

const struct waterfall_bar *
waterfall_failed(const struct waterfall *fall)
{
    const struct waterfall_hop *hop;

    if (fall->hop_count == 0)
        return NULL;
    hop = &fall->hops[fall->hop_count - 1];
    for (size_t b = 0; b < hop->bar_count; b++) {
        if (hop->bars[b].failed)
            return &hop->bars[b];
    }
    return NULL;
}

/* ---- drawn ---- */

static enum paper_style
style_of(const struct waterfall_bar *bar)
{
    if (bar->failed)
        return PAPER_BAD;
    switch (bar->phase) {
    case PHASE_DNS:
        return PAPER_DNS;
    case PHASE_CONNECT:
        return PAPER_CONNECT;
    case PHASE_TLS:
        return PAPER_TLS;
    case PHASE_TRANSFER:
        return PAPER_TRANSFER;
    case PHASE_REQUEST:
    case PHASE_WAIT:
    case PHASE_TOTAL:
    case PHASE_TTFB:
    case PHASE_FCP:
    case PHASE_LCP:
    case PHASE_FULLY_LOADED:
    case PHASE_MAIL_DELAY:
    case PHASE_COUNT:
        return PAPER_PLAIN; /* the site's own work */
    }
    return PAPER_PLAIN;
}

static size_t
bars_columns(const struct paper *paper)
{
    int columns = paper->screen.columns - FRAME_COLUMNS - 1;

    return columns > BARS_COLUMNS_WANTED ? BARS_COLUMNS_WANTED
                                         : (size_t)columns;
}

static void
put_value(const struct paper *paper, enum paper_style style, const char *label,
    int64_t us)
{
    char text[32];
    char shown[32];

    table_put_us((double)us, text, sizeof(text));
    /* "µ" is two bytes and one column, which printf() does not know. */
    paper_letters(paper, text, shown, sizeof(shown));
    paper_put(paper, style, "%-*s", LABEL_COLUMNS, label);
    paper_put(paper, PAPER_PLAIN, " %*s",
        VALUE_COLUMNS + (paper->screen.utf8 && us < 1000 ? 1 : 0), shown);
}

static void
print_bar(const struct paper *paper, const struct waterfall_bar *bar,
    int64_t whole_us)
{
    const struct bars_part part = {.from = bar->start_us,
        .to = bar->start_us + bar->span_us,
        .whole = whole_us};

    paper_put(paper, PAPER_BAD, "%s", bar->failed ? "\342\234\227 " : "  ");
    put_value(paper, bar->failed ? PAPER_BAD : PAPER_PLAIN,
        phase_name((int)bar->phase), bar->span_us);
    if (paper->screen.terminal) {
        paper_put(paper, PAPER_DIM, " \342\224\202");
        bars_put(paper, style_of(bar), bar->failed, &part, bars_columns(paper));
    } else if (bar->failed) {
        paper_put(paper, PAPER_PLAIN, "  failed");
    }
    paper_end(paper);
}

static void
print_hop_head(
    const struct paper *paper, const struct waterfall_hop *hop, size_t number)
{
    paper_put(paper, PAPER_BOLD, "  hop %zu  ", number);
    if (hop->redirect != NULL)
        paper_put(paper, PAPER_PLAIN, "%d  %s \342\206\222 %s",
            (int)hop->redirect->status, hop->redirect->from, hop->redirect->to);
    else
        paper_put(paper, PAPER_PLAIN, "%s", hop[-1].redirect->to);
    paper_end(paper);
}

/* Where the whole ends, under the bars. */
static void
print_total(const struct paper *paper, const struct waterfall *fall)
{
    char line[3 * BARS_COLUMNS_WANTED + 1] = "";
    size_t columns = bars_columns(paper);
    size_t used = 0;

    paper_spaces(paper, 2);
    put_value(paper, PAPER_BOLD, "total", fall->total_us);
    if (paper->screen.terminal) {
        for (size_t i = 1; i < columns && used + 4 < sizeof(line); i++)
            used += (size_t)snprintf(
                line + used, sizeof(line) - used, "\342\224\200");
        paper_put(paper, PAPER_DIM, " \342\224\234%s\342\224\244", line);
    }
    paper_end(paper);
}

void
waterfall_print(const struct paper *paper, const struct waterfall *fall)
{
    for (size_t i = 0; i < fall->hop_count; i++) {
        const struct waterfall_hop *hop = &fall->hops[i];

        if (fall->hop_count > 1)
            print_hop_head(paper, hop, i + 1);
        for (size_t b = 0; b < hop->bar_count; b++)
            print_bar(paper, &hop->bars[b], fall->total_us);
        if (fall->hop_count > 1 && hop->redirect != NULL) {
            paper_spaces(paper, 2);
            put_value(paper, PAPER_DIM, "hop", hop->span_us);
            paper_end(paper);
        }
    }
    if (fall->hop_count > 0)
        print_total(paper, fall);
}
