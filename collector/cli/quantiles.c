#include "quantiles.h"

#include <stdlib.h>
#include <string.h>

#include "hist.h"

void
quantiles_free(struct quantiles *q)
{
    free(q->sorted);
    free(q->hist);
    *q = (struct quantiles){0};
}

/* False: memory is out. */
static bool
go_over_to_hist(struct quantiles *q)
{
    struct hist *hist = calloc(1, sizeof(*hist));

    if (hist == NULL)
        return false;
    for (size_t i = 0; i < q->count; i++)
        hist_add(hist, q->sorted[i]);
    free(q->sorted);
    *q = (struct quantiles){.hist = hist};
    return true;
}

static bool
make_room(struct quantiles *q)
{
    size_t capacity = q->capacity ? q->capacity * 2 : 64;
    int64_t *sorted;

    if (q->count < q->capacity)
        return true;
    sorted = realloc(q->sorted, capacity * sizeof(*sorted));
    if (sorted == NULL)
        return false;
    q->sorted = sorted;
    q->capacity = capacity;
    return true;
}

void
quantiles_add(struct quantiles *q, int64_t us)
{
    size_t lo = 0;
    size_t hi = q->count;

    if (q->hist == NULL && q->count == QUANTILES_EXACT_MAX &&
        !go_over_to_hist(q))
        return;
    if (q->hist != NULL) {
        hist_add(q->hist, us);
        return;
    }
    if (!make_room(q))
        return;
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;

        if (q->sorted[middle] <= us)
            lo = middle + 1;
        else
            hi = middle;
    }
    memmove(q->sorted + lo + 1, q->sorted + lo,
        (q->count - lo) * sizeof(*q->sorted));
    q->sorted[lo] = us;
    q->count++;
}

uint64_t
quantiles_count(const struct quantiles *q)
{
    return q->hist != NULL ? q->hist->n : q->count;
}

static uint64_t
least_count(int percent)
{
    if (percent == 0 || percent == 100)
        return 1;
    if (percent <= 50)
        return 5;
    return percent <= 95 ? 20 : 100;
}

double
quantiles_us(const struct quantiles *q, int percent)
{
    uint64_t n = quantiles_count(q);
    uint64_t rank;

    if (n < least_count(percent))
        return -1.0;
    if (q->hist != NULL && percent == 0)
        return (double)q->hist->min_us;
    if (q->hist != NULL && percent == 100)
        return (double)q->hist->max_us;
    rank = hist_rank(n, (int64_t)percent * 10000);
    if (q->hist != NULL)
        return hist_at_rank_us(q->hist, rank);
    return (double)q->sorted[rank - 1];
}
