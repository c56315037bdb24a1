#include "page_print.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bars.h"
#include "cols.h"

enum {
    NAME_COLUMNS_MIN = 14,
    NAME_COLUMNS_MAX = 44,
    BYTES_COLUMNS = 8,
    TIME_COLUMNS = 8,
    NARROW_COLUMNS = 60, /* below it bars are worth more than bytes */
    FRAME_COLUMNS = 10,  /* marks, blanks, the bars' frame, a column free */
    TEXT_BYTES = 512
};

/* One letter a mark, and its colour. */
static const struct {
    char letter;
    enum paper_style style;
} marks[PAGE_BAR_COUNT] = {
    [PAGE_BAR_FAILED] = {'!', PAPER_BAD},
    [PAGE_BAR_BLOCKING] = {'B', PAPER_WARN},
    [PAGE_BAR_CACHED] = {'c', PAPER_DIM},
    [PAGE_BAR_THIRD] = {'3', PAPER_TLS},
    [PAGE_BAR_OWN] = {' ', PAPER_TRANSFER},
};

/* ---- figures ---- */

static enum paper_style
style_of(enum vital_grade grade)
{
    switch (grade) {
    case VITAL_GOOD:
        return PAPER_GOOD;
    case VITAL_FAIR:
        return PAPER_WARN;
    case VITAL_POOR:
        return PAPER_BAD;
    case VITAL_UNKNOWN:
        break;
    }
    return PAPER_DIM;
}

static void
print_vitals(const struct paper *paper, const struct page_told *told)
{
    struct page_vital vitals[PAGE_VITALS];
    char text[32];

    page_vitals(told, vitals);
    for (int i = 0; i < PAGE_VITALS; i++) {
        page_put_time(vitals[i].us, text, sizeof(text));
        paper_put(paper, PAPER_BOLD, "  %-8s", vitals[i].name);
        paper_put(paper, PAPER_PLAIN, "%*s  ", TIME_COLUMNS, text);
        paper_put(paper, style_of(vitals[i].grade), "%s",
            vital_grade_name(vitals[i].grade));
        paper_end(paper);
    }
    page_put_time(told->figures->fully_loaded_us, text, sizeof(text));
    paper_put(paper, PAPER_BOLD, "  %-8s", "loaded");
    paper_line(paper, "%*s", TIME_COLUMNS, text);
    if (!isnan(told->figures->cls)) {
        enum vital_grade grade = vital_grade(VITAL_CLS, told->figures->cls);

        paper_put(paper, PAPER_BOLD, "  %-8s", "CLS");
        paper_put(
            paper, PAPER_PLAIN, "%*.3f  ", TIME_COLUMNS, told->figures->cls);
        paper_put(paper, style_of(grade), "%s", vital_grade_name(grade));
        paper_end(paper);
    }
    if (told->figures->score.known)
        paper_line(paper, "  score   %.0f\342\200\223%.0f of 100%s",
            told->figures->score.low * 100, told->figures->score.high * 100,
            isnan(told->figures->cls) ? ", as shifts and long tasks are not "
                                        "known without a browser"
                                      : "");
}

static void
print_sums(const struct paper *paper, const struct page_told *told)
{
    struct page_sum all = page_sum_all(told->report);
    struct page_sum third = page_sum_third_party(told->report);
    char bytes[32];
    char other[32];

    page_put_bytes(all.bytes, bytes, sizeof(bytes));
    paper_line(paper, "  %d request%s, %s, %d deep", all.requests,
        all.requests == 1 ? "" : "s", bytes, page_chain_depth(told->report));
    page_put_bytes(third.bytes, bytes, sizeof(bytes));
    page_put_bytes(told->report->blocking_bytes, other, sizeof(other));
    paper_line(paper,
        "  %d of them from third parties (%s), %d before anything is "
        "painted (%s)",
        third.requests, bytes, told->report->blocking_requests, other);
}

static void
print_head(const struct paper *paper, const struct page_told *told)
{
    paper_put(paper, PAPER_DIM, "  %s on %s, %s engine",
        told->figures->measured ? "measured" : "modelled",
        page_profile_name(told->figures->profile), told->engine);
    paper_end(paper);
    if (told->report->client_rendered && !told->figures->measured)
        paper_line(paper, "  its scripts make what is seen: first and largest "
                          "paint need the browser engine");
}

/* ---- waterfall ---- */

struct frame {
    size_t name_columns;
    size_t bytes_columns; /* 0: none */
    size_t bar_columns;   /* 0: no bars */
    int64_t whole_us;
};

static struct frame
measure_frame(const struct paper *paper, const struct page_told *told)
{
    struct frame frame = {.whole_us = page_whole_us(told)};
    size_t widest = NAME_COLUMNS_MIN;
    size_t columns = (size_t)paper->screen.columns;
    char name[TEXT_BYTES];

    for (size_t i = 0; i < told->report->count; i++) {
        page_short_name(&told->report->items[i], name, sizeof(name));
        if (cols_of(name) > widest)
            widest = cols_of(name);
    }
    if (widest > columns / 3)
        widest = columns / 3;
    frame.name_columns = widest > NAME_COLUMNS_MAX ? NAME_COLUMNS_MAX : widest;
    if (columns >= NARROW_COLUMNS)
        frame.bytes_columns = BYTES_COLUMNS + 1;
    if (paper->screen.terminal)
        frame.bar_columns = columns - frame.name_columns - frame.bytes_columns -
                            TIME_COLUMNS - FRAME_COLUMNS;
    return frame;
}

static void
print_name(
    const struct paper *paper, const struct page_resource *item, size_t columns)
{
    char name[TEXT_BYTES];
    char cut[TEXT_BYTES];
    enum page_bar mark = page_bar_of(item);

    page_short_name(item, name, sizeof(name));
    cols_cut(name, columns, cut, sizeof(cut));
    paper_put(paper, marks[mark].style, "  %c", marks[mark].letter);
    paper_put(paper, PAPER_DIM, "%c ",
        mark != PAGE_BAR_THIRD && item->third_party ? '3' : ' ');
    paper_put(
        paper, mark == PAGE_BAR_FAILED ? PAPER_BAD : PAPER_PLAIN, "%s", cut);
    paper_spaces(paper, columns - cols_of(cut));
}

static void
print_row(const struct paper *paper, const struct page_told *told,
    const struct frame *frame, size_t i)
{
    const struct page_resource *item = &told->report->items[i];
    struct page_span span = told->figures->spans[i];
    enum page_bar mark = page_bar_of(item);
    char bytes[32];
    char end[32];

    print_name(paper, item, frame->name_columns);
    page_put_bytes(page_item_bytes(item), bytes, sizeof(bytes));
    page_put_time(span.end_us, end, sizeof(end));
    if (frame->bytes_columns > 0)
        paper_put(paper, PAPER_PLAIN, " %*s", BYTES_COLUMNS, bytes);
    if (frame->bar_columns > 0) {
        struct bars_part part = {span.start_us, span.end_us, frame->whole_us};

        paper_put(paper, PAPER_PLAIN, " %*s", TIME_COLUMNS, end);
        paper_put(paper, PAPER_DIM, " \342\224\202");
        if (span.start_us >= 0)
            bars_put(paper, marks[mark].style, mark == PAGE_BAR_FAILED, &part,
                frame->bar_columns);
    } else {
        char start[32];

        page_put_time(span.start_us, start, sizeof(start));
        paper_put(paper, PAPER_PLAIN, " %*s %*s  %s, %s", TIME_COLUMNS, start,
            TIME_COLUMNS, end, page_type_name((int)item->type),
            page_bar_name(mark));
    }
    paper_end(paper);
}

/* Under the bars: where the figures lie.  What would stand on the name of a
 * later one is left out. */
static void
print_scale(const struct paper *paper, const struct page_told *told,
    const struct frame *frame)
{
    struct page_vital vitals[PAGE_VITALS];
    size_t at[PAGE_VITALS];
    size_t end = frame->bar_columns;
    size_t used = 0;

    page_vitals(told, vitals);
    for (int i = PAGE_VITALS - 1; i >= 0; i--) {
        size_t len = strlen(vitals[i].name) + 1;

        at[i] = SIZE_MAX;
        if (vitals[i].us < 0 || len > end)
            continue;
        at[i] = (size_t)(vitals[i].us * (int64_t)frame->bar_columns /
                         frame->whole_us);
        if (at[i] + len > end)
            at[i] = end == frame->bar_columns ? end - len : SIZE_MAX;
        if (at[i] != SIZE_MAX)
            end = at[i];
    }
    paper_spaces(
        paper, frame->name_columns + frame->bytes_columns + TIME_COLUMNS + 6);
    paper_put(paper, PAPER_DIM, " \342\224\202");
    for (int i = 0; i < PAGE_VITALS; i++) {
        if (at[i] == SIZE_MAX)
            continue;
        paper_spaces(paper, at[i] - used);
        paper_put(paper, style_of(vitals[i].grade), "^%s", vitals[i].name);
        used = at[i] + strlen(vitals[i].name) + 1;
    }
    paper_end(paper);
}

static void
print_waterfall(const struct paper *paper, const struct page_told *told)
{
    struct frame frame = measure_frame(paper, told);

    for (size_t i = 0; i < told->report->count; i++)
        print_row(paper, told, &frame, i);
    if (frame.bar_columns == 0)
        return;
    print_scale(paper, told, &frame);
    paper_put(paper, PAPER_DIM, "  B blocks paint  3 third party");
    if (frame.bytes_columns == 0)
        paper_end(paper);
    paper_put(paper, PAPER_DIM, "  c no request  ! failed");
    paper_end(paper);
}

static void
print_errors(const struct paper *paper, const struct page_report *report)
{
    for (size_t i = 0; i < report->errors.count; i++) {
        paper_put(paper, PAPER_BAD, "  ! ");
        paper_line(paper, "%s", report->errors.items[i]);
    }
    if (report->errors_left_out > 0)
        paper_line(paper, "  ! and %zu more", report->errors_left_out);
}

void
page_print(const struct paper *paper, const struct page_told *told)
{
    print_head(paper, told);
    print_vitals(paper, told);
    print_sums(paper, told);
    paper_end(paper);
    print_waterfall(paper, told);
    print_errors(paper, told->report);
}
