#include "probe_sum.h"

#include <inttypes.h>

#include "probe_print.h"
#include "table.h"

static void
print_counts(const struct paper *paper, const struct probe_tally *tally,
    const struct probe_end *end)
{
    int64_t jitter_us = probe_tally_jitter_us(tally);
    const char *separator = ": ";
    char text[32];

    paper_put(paper, PAPER_PLAIN, "%" PRIu64 " probe%s in %.1f s", tally->seen,
        tally->seen == 1 ? "" : "s", (double)end->elapsed_ns / 1e9);
    for (int status = 0; status < MEASURE_STATUS_COUNT; status++) {
        if (tally->of_status[status] == 0)
            continue;
        paper_put(paper, PAPER_PLAIN, "%s", separator);
        paper_put(paper, probe_status_style(status), "%" PRIu64 " %s",
            tally->of_status[status], measure_status_name(status));
        separator = ", ";
    }
    probe_tally_put_loss(tally, text, sizeof(text));
    paper_end(paper);
    paper_put(paper, PAPER_PLAIN, "loss %s", text);
    if (jitter_us >= 0) {
        table_put_us((double)jitter_us, text, sizeof(text));
        paper_put(paper, PAPER_PLAIN, ", jitter %s from one to the next", text);
    }
    if (end->under_way > 0)
        paper_put(paper, PAPER_WARN, "; %zu still under way, not counted",
            end->under_way);
    paper_end(paper);
    for (int reason = 0; reason < REASON_COUNT; reason++) {
        if (tally->of_reason[reason] == 0)
            continue;
        paper_put(paper, PAPER_PLAIN, "  %" PRIu64 " \303\227 %s: %s",
            tally->of_reason[reason], measure_reason_name(reason),
            measure_reason_words((enum measure_reason)reason));
        paper_end(paper);
    }
}

static void
print_phases(const struct paper *paper, const struct probe_tally *tally)
{
    static const char *const columns[] = {
        "PHASE", ">N", ">MIN", ">P50", ">P95", ">MAX"};
    static const int percents[] = {0, 50, 95, 100};
    struct table *table = table_new(columns, 6);

    for (int phase = 0; phase <= PHASE_TOTAL && table != NULL; phase++) {
        const struct quantiles *q = &tally->phases[phase];

        if (quantiles_count(q) == 0)
            continue;
        table_row(table);
        table_cell(table, phase == PHASE_TOTAL ? PAPER_BOLD : PAPER_PLAIN, "%s",
            phase_name(phase));
        table_cell(table, PAPER_PLAIN, "%" PRIu64, quantiles_count(q));
        for (size_t i = 0; i < 4; i++) {
            char text[32];

            table_put_us(quantiles_us(q, percents[i]), text, sizeof(text));
            table_cell(table, PAPER_PLAIN, "%s", text);
        }
    }
    if (table != NULL)
        table_print(table, paper);
    table_free(table);
}

/* Why a figure is missing. */
static void
print_notes(const struct paper *paper, const struct probe_tally *tally)
{
    const struct quantiles *total = &tally->phases[PHASE_TOTAL];

    if (quantiles_count(total) > 0 && quantiles_count(total) < 20) {
        paper_put(paper, PAPER_DIM, "p50 from 5 served probes, p95 from 20");
        paper_end(paper);
    }
}

void
probe_sum_print(const struct paper *paper, const struct probe_tally *tally,
    const struct probe_end *end)
{
    print_counts(paper, tally, end);
    print_phases(paper, tally);
    print_notes(paper, tally);
}
