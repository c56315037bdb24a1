#include "hist.h"

#include <assert.h>

#include "measure.h"

static const struct {
    int64_t bound_ns;
    int64_t estimate_fs;
} table[HIST_BUCKETS] = {
#include "hist_table.inc"
};

/* Of one bucket: far more than ever comes, far less than could overflow. */
static const uint64_t count_max = UINT64_C(1) << 42;

void
hist_init(struct hist *hist)
{
    *hist = (struct hist){0};
}

int64_t
hist_bound_ns(int k)
{
    return table[k].bound_ns;
}

int
hist_bucket(int64_t us)
{
    int64_t ns = us * 1000;
    int low = 0;
    int high = HIST_BUCKETS;

    while (low < high) {
        int middle = (low + high) / 2;

        if (table[middle].bound_ns < ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void
widen(struct hist *hist, int64_t min_us, int64_t max_us)
{
    if (hist->n == 0 || min_us < hist->min_us)
        hist->min_us = min_us;
    if (hist->n == 0 || max_us > hist->max_us)
        hist->max_us = max_us;
}

void
hist_add(struct hist *hist, int64_t us)
{
    assert(us >= 0 && us <= PHASE_MAX_US);
    widen(hist, us, us);
    hist->counts[hist_bucket(us)]++;
    hist->n++;
}

void
hist_merge(struct hist *to, const struct hist *from)
{
    if (from->n == 0)
        return;
    widen(to, from->min_us, from->max_us);
    for (int k = 0; k < HIST_COUNTERS; k++)
        to->counts[k] += from->counts[k];
    to->n += from->n;
}

uint64_t
hist_rank(uint64_t n, int64_t quantile_millionths)
{
    uint64_t rank;

    assert(n < UINT64_C(1) << 43);
    assert(quantile_millionths >= 0 && quantile_millionths <= 1000000);
    rank = (n * (uint64_t)quantile_millionths + 999999) / 1000000;
    return rank == 0 && n > 0 ? 1 : rank;
}

double
hist_at_rank_us(const struct hist *hist, uint64_t rank)
{
    uint64_t seen = 0;
    double estimate_us;
    int k = 0;

    assert(rank >= 1 && rank <= hist->n);
    while (seen + hist->counts[k] < rank)
        seen += hist->counts[k++];
    if (k == HIST_OVERFLOW)
        return (double)hist->max_us;
    estimate_us = (double)table[k].estimate_fs / 1e9;
    if (estimate_us < (double)hist->min_us)
        return (double)hist->min_us;
    if (estimate_us > (double)hist->max_us)
        return (double)hist->max_us;
    return estimate_us;
}

void
hist_encode(const struct hist *hist, struct row_out *out)
{
    int behind = 0;
    uint64_t used = 0;

    for (int k = 0; k < HIST_COUNTERS; k++)
        used += hist->counts[k] != 0;
    row_put_uint(out, used);
    if (used == 0)
        return;
    row_put_uint(out, (uint64_t)hist->min_us);
    row_put_uint(out, (uint64_t)(hist->max_us - hist->min_us));
    for (int k = 0; k < HIST_COUNTERS; k++) {
        if (hist->counts[k] == 0)
            continue;
        row_put_uint(out, (uint64_t)(k - behind));
        row_put_uint(out, hist->counts[k] - 1);
        behind = k + 1;
    }
}

uint64_t
hist_decode_add(struct hist *hist, struct row_in *in)
{
    uint64_t used = row_take_uint(in, HIST_COUNTERS);
    uint64_t n = 0;
    int64_t min_us;
    int64_t max_us;
    int k = -1;

    if (used == 0)
        return 0;
    min_us = (int64_t)row_take_uint(in, PHASE_MAX_US);
    max_us = min_us + (int64_t)row_take_uint(in, PHASE_MAX_US);
    if (max_us > PHASE_MAX_US)
        in->failed = true;
    for (uint64_t i = 0; i < used && !in->failed; i++) {
        uint64_t count;

        if (k == HIST_OVERFLOW) { /* nothing comes behind the last */
            in->failed = true;
            break;
        }
        k += 1 + (int)row_take_uint(in, (uint64_t)(HIST_COUNTERS - 2 - k));
        count = row_take_uint(in, count_max - 1) + 1;
        if (in->failed || (i == 0 && k != hist_bucket(min_us)) ||
            (i == used - 1 && k != hist_bucket(max_us)) ||
            hist->counts[k] > count_max - count) {
            in->failed = true;
            return 0;
        }
        hist->counts[k] += count;
        n += count;
    }
    if (in->failed || (n == 1 && min_us != max_us)) {
        in->failed = true;
        return 0;
    }
    widen(hist, min_us, max_us);
    hist->n += n;
    return n;
}

/* The last byte of a number is the one without the upper bit. */
static void
skip_numbers(struct row_in *in, uint64_t count)
{
    while (count > 0 && in->at < in->end)
        count -= (*in->at++ & 0x80) == 0;
    if (count > 0)
        in->failed = true;
}

void
hist_skip(struct row_in *in)
{
    uint64_t used = row_take_uint(in, HIST_COUNTERS);

    if (used > 0 && !in->failed)
        skip_numbers(in, 2 + 2 * used);
}
