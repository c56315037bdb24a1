#include "cell.h"

#include <stdlib.h>

#define BIT(phase) (1U << (phase))

/*
 * version | flags | statuses | isolated | reasons: how many, then gap and count
 * of each | phases: bits, then count, sum and maximum of each | figures: bits,
 * then unless split the histogram of each.
 */
enum {
    CELL_VERSION = 1,
    FLAG_SPLIT = 1, /* histograms stand in rows of their own */
    FLAGS_KNOWN = FLAG_SPLIT,
    PHASES_ALL = (1 << PHASE_COUNT) - 1
};

static const uint64_t count_max = UINT64_C(1) << 48;
static const uint64_t sum_max = UINT64_C(1) << 62;

/* ---- writing ---- */

static void
put_reasons(const struct cell *cell, struct row_out *out)
{
    uint64_t used = 0;
    int behind = 0;

    for (int r = 0; r < REASON_COUNT; r++)
        used += cell->reasons[r] != 0;
    row_put_uint(out, used);
    for (int r = 0; r < REASON_COUNT; r++) {
        if (cell->reasons[r] == 0)
            continue;
        row_put_uint(out, (uint64_t)(r - behind));
        row_put_uint(out, cell->reasons[r] - 1);
        behind = r + 1;
    }
}

static void
put_phases(const struct cell *cell, struct row_out *out)
{
    unsigned bits = 0;

    for (int p = 0; p < PHASE_COUNT; p++)
        bits |= cell->phases[p].count > 0 ? BIT(p) : 0;
    row_put_uint(out, bits);
    for (int p = 0; p < PHASE_COUNT; p++) {
        if (cell->phases[p].count == 0)
            continue;
        row_put_uint(out, cell->phases[p].count - 1);
        row_put_uint(out, cell->phases[p].sum_us);
        row_put_uint(out, (uint64_t)cell->phases[p].max_us);
    }
}

static void
put_head(const struct cell *cell, uint64_t flags, struct row_out *out)
{
    unsigned figures = 0;

    row_put_uint(out, CELL_VERSION);
    row_put_uint(out, flags);
    for (int s = 0; s < MEASURE_STATUS_COUNT; s++)
        row_put_uint(out, cell->statuses[s]);
    row_put_uint(out, cell->isolated);
    put_reasons(cell, out);
    put_phases(cell, out);
    for (int p = 0; p < PHASE_COUNT; p++)
        figures |= cell->phases[p].hist != NULL ? BIT(p) : 0;
    row_put_uint(out, figures);
}

int
cell_encode(const struct cell *cell, struct buf *buf, struct err *err)
{
    struct row_out out = {.buf = buf, .err = err};

    put_head(cell, 0, &out);
    for (int p = 0; p < PHASE_COUNT; p++) {
        if (cell->phases[p].hist != NULL)
            hist_encode(cell->phases[p].hist, &out);
    }
    return out.failed ? -1 : 0;
}

int
cell_encode_head(const struct cell *cell, struct buf *buf, struct err *err)
{
    struct row_out out = {.buf = buf, .err = err};

    put_head(cell, FLAG_SPLIT, &out);
    return out.failed ? -1 : 0;
}

int
cell_encode_figure(
    const struct cell *cell, enum phase phase, struct buf *buf, struct err *err)
{
    struct row_out out = {.buf = buf, .err = err};

    row_put_uint(&out, CELL_VERSION);
    hist_encode(cell->phases[phase].hist, &out);
    return out.failed ? -1 : 0;
}

/* ---- reading ---- */

static void
take_reasons(struct row_in *in, struct cell *cell)
{
    uint64_t used = row_take_uint(in, REASON_COUNT);
    uint64_t reason = 0;

    for (uint64_t i = 0; i < used && !in->failed; i++) {
        reason += row_take_uint(in, REASON_COUNT);
        if (reason >= REASON_COUNT) {
            in->failed = true;
            return;
        }
        cell->reasons[reason++] = row_take_uint(in, count_max) + 1;
    }
}

static void
take_phases(struct row_in *in, struct cell *cell)
{
    uint64_t bits = row_take_uint(in, PHASES_ALL);

    for (int p = 0; p < PHASE_COUNT; p++) {
        if ((bits & BIT(p)) == 0)
            continue;
        cell->phases[p].count = row_take_uint(in, count_max) + 1;
        cell->phases[p].sum_us = row_take_uint(in, sum_max);
        cell->phases[p].max_us = (int64_t)row_take_uint(in, PHASE_MAX_US);
    }
}

static uint16_t
take_head(struct row_in *in, struct cell *cell, uint64_t *flags)
{
    uint16_t figures;

    if (row_take_uint(in, UINT8_MAX) != CELL_VERSION)
        in->failed = true;
    *flags = row_take_uint(in, FLAGS_KNOWN);
    for (int s = 0; s < MEASURE_STATUS_COUNT; s++)
        cell->statuses[s] = row_take_uint(in, count_max);
    cell->isolated = row_take_uint(in, count_max);
    take_reasons(in, cell);
    take_phases(in, cell);
    figures = (uint16_t)row_take_uint(in, PHASES_ALL);
    for (int p = 0; p < PHASE_COUNT; p++) {
        if ((figures & BIT(p)) != 0 && cell->phases[p].count == 0)
            in->failed = true;
    }
    return figures;
}

/* It counts what its phase counts, and has its maximum. */
static int
take_hist(struct row_in *in, struct cell_phase *phase, struct err *err)
{
    uint64_t n;

    if (in->failed)
        return 0;
    if (phase->hist == NULL)
        phase->hist = calloc(1, sizeof(*phase->hist));
    if (phase->hist == NULL)
        return err_set(err, ERR_NOMEM, "histogram");
    n = hist_decode_add(phase->hist, in);
    if (n != phase->count || phase->hist->max_us != phase->max_us)
        in->failed = true;
    return 0;
}

int
cell_decode(
    struct bytes row, struct cell *cell, uint16_t *missing, struct err *err)
{
    return cell_decode_some(row, PHASES_ALL, cell, missing, err);
}

int
cell_decode_some(struct bytes row, uint16_t wanted, struct cell *cell,
    uint16_t *missing, struct err *err)
{
    struct row_in in = row_in(row);
    uint64_t flags;
    uint16_t figures = take_head(&in, cell, &flags);

    if ((flags & FLAG_SPLIT) != 0 && figures == 0)
        in.failed = true; /* only histograms make a cell too long */
    *missing = (flags & FLAG_SPLIT) != 0 ? figures : 0;
    cell->figures = figures;
    for (int p = 0; p < PHASE_COUNT; p++) {
        if ((figures & ~*missing & BIT(p)) == 0)
            continue;
        if ((wanted & BIT(p)) == 0)
            hist_skip(&in);
        else if (take_hist(&in, &cell->phases[p], err) != 0)
            return -1;
    }
    return row_end(&in, row, "cell", err);
}

int
cell_decode_figure(
    struct bytes row, struct cell *cell, enum phase phase, struct err *err)
{
    struct row_in in = row_in(row);

    if (row_take_uint(&in, UINT8_MAX) != CELL_VERSION ||
        cell->phases[phase].hist != NULL)
        in.failed = true;
    if (take_hist(&in, &cell->phases[phase], err) != 0)
        return -1;
    return row_end(&in, row, "cell's figure", err);
}
