#include "probe_live.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bars.h"
#include "cli.h"
#include "clock.h"
#include "cols.h"
#include "probe_print.h"
#include "probe_tally.h"
#include "table.h"
#include "text.h"

enum { LEGS_MAX = 2, BAR_COLUMNS = 24, LINE_BYTES = 1024 };

struct probe_live {
    struct probe_live_spec spec;
    struct paper paper; /* spec.paper; its size is that of now */
    struct probe_tally tallies[LEGS_MAX];
    size_t leg_count; /* 0 until the first shot */
    int64_t full_us;  /* what a whole bar stands for; 0: not chosen yet */
    bool has_status;  /* the status line stands, the cursor in it */
};

struct probe_live *
probe_live_new(const struct probe_live_spec *spec, struct err *err)
{
    struct probe_live *live = calloc(1, sizeof(*live));

    if (live == NULL) {
        err_set(err, ERR_NOMEM, "tally of probes");
        return NULL;
    }
    live->spec = *spec;
    live->paper = *spec->paper;
    live->spec.paper = &live->paper;
    return live;
}

void
probe_live_free(struct probe_live *live)
{
    if (live == NULL)
        return;
    for (size_t i = 0; i < LEGS_MAX; i++)
        probe_tally_free(&live->tallies[i]);
    free(live);
}

/* A window may have changed its size meanwhile. */
static void
erase_status(struct probe_live *live)
{
    if (live->has_status)
        (void)fputs("\r\033[K", live->paper.out);
    live->has_status = false;
    screen_resize(&live->paper.screen, fileno(live->paper.out));
}

void
probe_live_begin(struct probe_live *live)
{
    const struct paper *paper = live->spec.paper;
    char interval[32];
    char text[LINE_BYTES];
    char cut[LINE_BYTES];
    size_t used = cols_of(live->spec.target);
    size_t room = (size_t)paper->screen.columns;

    if (live->spec.quiet || !paper->screen.terminal)
        return;
    text_put_span(live->spec.interval_ms, interval, sizeof(interval));
    (void)snprintf(text, sizeof(text), "  %s every %s; Ctrl-C ends and sums up",
        check_kind_name((int)live->spec.check->kind), interval);
    cols_cut(text, used < room ? room - used : 0, cut, sizeof(cut));
    paper_put(paper, PAPER_BOLD, "%s", live->spec.target);
    paper_put(paper, PAPER_DIM, "%s", cut);
    paper_end(paper);
    (void)fflush(paper->out);
}

/* ---- a line for each ---- */

/* 1, 2 or 5 times a power of ten, twice the value or more. */
static int64_t
nice_full_us(int64_t us)
{
    static const int steps[] = {1, 2, 5};
    int64_t power = 1;

    for (;;) {
        for (size_t i = 0; i < 3; i++) {
            if (steps[i] * power >= 2 * us)
                return steps[i] * power;
        }
        power *= 10;
    }
}

/* The scale stays until a bar does not fit; then it is said. */
static void
choose_scale(struct probe_live *live, int64_t us)
{
    char full[32];

    if (us <= live->full_us)
        return;
    live->full_us = nice_full_us(us);
    table_put_us((double)live->full_us, full, sizeof(full));
    paper_put(live->spec.paper, PAPER_DIM, "      a whole bar is %s", full);
    paper_end(live->spec.paper);
}

static void
put_phases(const struct measure *measure, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (int phase = 0; phase < PHASE_TOTAL && used < size; phase++) {
        char text[32];

        if (measure->phase_us[phase] == PHASE_NOT_REACHED)
            continue;
        table_put_us((double)measure->phase_us[phase], text, sizeof(text));
        used += (size_t)snprintf(out + used, size - used, "%s%s %s",
            used > 0 ? "  " : "", phase_name(phase), text);
    }
}

/* The reason where there is one, then the phases; as much as fits. */
static void
put_rest(
    const struct probe_live *live, const struct measure *measure, int columns)
{
    const struct paper *paper = live->spec.paper;
    const struct facts *facts = measure->facts;
    char text[LINE_BYTES];
    char cut[LINE_BYTES];

    if (measure->reason != REASON_NONE)
        (void)snprintf(text, sizeof(text), "%s%s%s",
            measure_reason_name((int)measure->reason),
            facts != NULL && facts->detail[0] != '\0' ? ": " : "",
            facts != NULL ? facts->detail : "");
    else
        put_phases(measure, text, sizeof(text));
    if (columns > 0)
        cols_cut(text, (size_t)columns, cut, sizeof(cut));
    else
        (void)snprintf(cut, sizeof(cut), "%s", text);
    paper_put(paper,
        measure->reason != REASON_NONE ? probe_status_style(measure->status)
                                       : PAPER_DIM,
        "%s", cut);
}

static void
print_line(struct probe_live *live, int64_t number,
    const struct measure *measure, bool with_family)
{
    const struct paper *paper = live->spec.paper;
    enum paper_style style = probe_status_style(measure->status);
    int64_t total_us = measure->phase_us[PHASE_TOTAL];
    int columns = paper->screen.columns - 22;
    char value[32];

    if (paper->screen.terminal && measure_votes_up(measure))
        choose_scale(live, total_us);
    table_put_us((double)total_us, value, sizeof(value));
    paper_put(paper, PAPER_DIM, "%4" PRId64 "  ", number);
    if (with_family) {
        paper_put(paper, PAPER_DIM, "v%d  ", measure->family);
        columns -= 4;
    }
    paper_put(paper, style, "%-5s", probe_status_word(measure->status));
    paper_spaces(paper, cols_of(value) < 9 ? 9 - cols_of(value) : 0);
    paper_put(paper, PAPER_BOLD, "%s", value);
    paper_spaces(paper, 2);
    if (!paper->screen.terminal) {
        put_rest(live, measure, 0);
    } else if (measure_votes_up(measure)) {
        const struct bars_part bar = {.to = total_us, .whole = live->full_us};

        bars_put(paper, style, false, &bar,
            (size_t)(columns < BAR_COLUMNS ? columns : BAR_COLUMNS));
        /* bars end where they end: go to the column of what follows */
        if (columns > BAR_COLUMNS + 20 && paper->screen.live) {
            (void)fprintf(paper->out, "\033[%dG",
                paper->screen.columns - columns + BAR_COLUMNS + 2);
            put_rest(live, measure, columns - BAR_COLUMNS - 2);
        }
    } else {
        put_rest(live, measure, columns);
    }
    paper_end(paper);
}

void
probe_live_add(struct probe_live *live, int64_t number,
    const struct measure *legs, size_t leg_count)
{
    live->leg_count = leg_count;
    for (size_t i = 0; i < leg_count && i < LEGS_MAX; i++) {
        probe_tally_add(&live->tallies[i], &legs[i]);
        if (live->spec.quiet)
            continue;
        erase_status(live);
        print_line(live, number, &legs[i], leg_count > 1);
    }
    if (!live->spec.quiet)
        (void)fflush(live->spec.paper->out);
}

/* ---- the line that is rewritten ---- */

static size_t
put_figures(const struct probe_tally *tally, char *out, size_t size)
{
    static const struct {
        const char *name;
        int percent;
    } figures[] = {{"p50", 50}, {"p95", 95}, {"max", 100}};
    char text[32];
    size_t used;

    probe_tally_put_loss(tally, text, sizeof(text));
    used = (size_t)snprintf(
        out, size, "n %" PRIu64 "  loss %s", tally->seen, text);
    for (size_t i = 0; i < 3 && used < size; i++) {
        table_put_us(
            quantiles_us(&tally->phases[PHASE_TOTAL], figures[i].percent), text,
            sizeof(text));
        used += (size_t)snprintf(
            out + used, size - used, "  %s %s", figures[i].name, text);
    }
    table_put_us((double)probe_tally_jitter_us(tally), text, sizeof(text));
    if (used < size)
        used += (size_t)snprintf(out + used, size - used, "  jitter %s", text);
    return used < size ? used : size - 1;
}

/* Of the last ones, newest at the right. */
static void
put_sparks(const struct probe_live *live, const struct probe_tally *tally,
    size_t columns)
{
    const struct paper *paper = live->spec.paper;
    int64_t top_us = probe_tally_top_us(tally);
    uint64_t count = tally->seen;

    if (count > PROBE_TALLY_SPARKS)
        count = PROBE_TALLY_SPARKS;
    if (count > columns)
        count = columns;
    for (uint64_t i = tally->seen - count; i < tally->seen; i++) {
        int64_t us = tally->last_us[i % PROBE_TALLY_SPARKS];

        if (us < 0)
            paper_put(paper, PAPER_BAD, "\342\234\227");
        else
            (void)fputs(bars_spark(paper, us, top_us), paper->out);
    }
}

/* Of each leg, where there are two. */
static size_t
put_legs(const struct probe_live *live, char *out, size_t size)
{
    size_t used = 0;

    if (live->leg_count < 2)
        return put_figures(&live->tallies[0], out, size);
    for (size_t i = 0; i < LEGS_MAX; i++) {
        used += (size_t)snprintf(
            out + used, size - used, i == 0 ? "v4 " : "   v6 ");
        used += put_figures(&live->tallies[i], out + used, size - used);
    }
    return used;
}

void
probe_live_status(struct probe_live *live, size_t under_way, int64_t waited_ns)
{
    const struct paper *paper = live->spec.paper;
    char text[LINE_BYTES];
    char cut[LINE_BYTES];
    size_t room;
    size_t used;

    if (live->spec.quiet || !paper->screen.live)
        return;
    erase_status(live);
    room = (size_t)paper->screen.columns - 1; /* the last one wraps */
    used = put_legs(live, text, sizeof(text));
    if (waited_ns >= NS_PER_SEC)
        (void)snprintf(text + used, sizeof(text) - used,
            "  waiting %.1f s for %zu", (double)waited_ns / 1e9, under_way);
    cols_cut(text, room, cut, sizeof(cut));
    paper_put(paper, PAPER_PLAIN, "%s", cut);
    used = cols_of(cut);
    if (used + 4 < room && live->leg_count < 2) {
        paper_spaces(paper, 2);
        put_sparks(live, &live->tallies[0], room - used - 2);
    }
    live->has_status = true;
    (void)fflush(paper->out);
}

/* ---- the end ---- */

void
probe_live_end(struct probe_live *live, const struct probe_end *end)
{
    const struct paper *paper = live->spec.paper;

    if (live->spec.quiet)
        return;
    erase_status(live);
    for (size_t i = 0; i < live->leg_count || i == 0; i++) {
        paper_end(paper);
        if (live->leg_count > 1) {
            paper_put(paper, PAPER_BOLD, "IPv%d", i == 0 ? 4 : 6);
            paper_end(paper);
        }
        probe_sum_print(paper, &live->tallies[i], end);
    }
    (void)fflush(paper->out);
}

int
probe_live_code(const struct probe_live *live)
{
    uint64_t served = 0;

    for (size_t i = 0; i < LEGS_MAX; i++) {
        const uint64_t *of = live->tallies[i].of_status;

        if (of[MEASURE_DOWN] > 0)
            return CLI_BAD;
        served += of[MEASURE_UP] + of[MEASURE_SLOW];
    }
    return served > 0 ? CLI_DONE : CLI_FAILED;
}
