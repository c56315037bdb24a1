#include "cell.h"

#include <stdlib.h>

#define BIT(phase) (1U << (phase))

void
cell_init(struct cell *cell)
{
    *cell = (struct cell){0};
}

void
cell_free(struct cell *cell)
{
    for (int p = 0; p < PHASE_COUNT; p++)
        free(cell->phases[p].hist);
    cell_init(cell);
}

uint16_t
cell_figures(enum check_kind kind)
{
    static const uint16_t figures[CHECK_KIND_COUNT] = {
        [CHECK_DNS] = BIT(PHASE_DNS),
        [CHECK_TCP] = BIT(PHASE_CONNECT),
        [CHECK_TLS] = BIT(PHASE_CONNECT) | BIT(PHASE_TLS),
        [CHECK_HTTP] = BIT(PHASE_DNS) | BIT(PHASE_CONNECT) | BIT(PHASE_TLS) |
                       BIT(PHASE_WAIT),
        [CHECK_PAGE] = BIT(PHASE_TTFB) | BIT(PHASE_FCP) | BIT(PHASE_LCP) |
                       BIT(PHASE_FULLY_LOADED),
        [CHECK_MAIL] = BIT(PHASE_CONNECT),
        [CHECK_FORM] = BIT(PHASE_MAIL_DELAY),
    };

    return (uint16_t)(figures[kind] | BIT(PHASE_TOTAL));
}

static int
need_hist(struct cell_phase *phase, struct err *err)
{
    if (phase->hist == NULL)
        phase->hist = calloc(1, sizeof(*phase->hist));
    return phase->hist != NULL ? 0 : err_set(err, ERR_NOMEM, "histogram");
}

static int
add_phases(struct cell *cell, uint16_t figures, const struct measure *m,
    struct err *err)
{
    for (int p = 0; p < PHASE_COUNT; p++) {
        struct cell_phase *phase = &cell->phases[p];
        int64_t us = m->phase_us[p];

        if (us == PHASE_NOT_REACHED)
            continue;
        phase->count++;
        phase->sum_us += (uint64_t)us;
        if (us > phase->max_us)
            phase->max_us = us;
        if ((figures & BIT(p)) == 0)
            continue;
        if (need_hist(phase, err) != 0)
            return -1;
        hist_add(phase->hist, us);
    }
    return 0;
}

int
cell_add_leg(
    struct cell *cell, uint16_t figures, const struct leg *leg, struct err *err)
{
    if (leg->isolated) {
        cell->isolated++;
        return 0;
    }
    cell->statuses[leg->last->status]++;
    if (leg_is_failed(leg))
        cell->reasons[leg->last->reason]++;
    return leg_is_served(leg) ? add_phases(cell, figures, leg->last, err) : 0;
}

/*
 * A histogram must count all that its phase counts: one that only a part of
 * the hours has (the check changed its kind) says nothing and goes.
 */
static int
merge_hist(
    struct cell_phase *to, const struct cell_phase *from, struct err *err)
{
    if (from->count == 0)
        return 0;
    if (from->hist == NULL || (to->count > 0 && to->hist == NULL)) {
        free(to->hist);
        to->hist = NULL;
        return 0;
    }
    if (need_hist(to, err) != 0)
        return -1;
    hist_merge(to->hist, from->hist);
    return 0;
}

int
cell_merge(struct cell *to, const struct cell *from, struct err *err)
{
    for (int s = 0; s < MEASURE_STATUS_COUNT; s++)
        to->statuses[s] += from->statuses[s];
    to->isolated += from->isolated;
    for (int r = 0; r < REASON_COUNT; r++)
        to->reasons[r] += from->reasons[r];
    for (int p = 0; p < PHASE_COUNT; p++) {
        struct cell_phase *phase = &to->phases[p];

        if (merge_hist(phase, &from->phases[p], err) != 0)
            return -1;
        phase->count += from->phases[p].count;
        phase->sum_us += from->phases[p].sum_us;
        if (from->phases[p].max_us > phase->max_us)
            phase->max_us = from->phases[p].max_us;
    }
    return 0;
}
