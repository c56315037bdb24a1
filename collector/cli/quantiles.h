/*
 * quantiles.h - the spread of durations: exact while there are at most
 * QUANTILES_EXACT_MAX of them, then by the histogram of semantics.md, within
 * HIST_ERROR.  Smallest and largest are always exact.
 */
#ifndef COLLECTOR_QUANTILES_H
#define COLLECTOR_QUANTILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hist;

enum { QUANTILES_EXACT_MAX = 10000 };

/* All zero is empty. */
struct quantiles {
    int64_t *sorted; /* owned */
    size_t count;    /* of them; all of the values while hist is NULL */
    size_t capacity;
    struct hist *hist; /* owned; NULL while exact */
};

void quantiles_free(struct quantiles *q);

/* A value is left out where memory is out. */
void quantiles_add(struct quantiles *q, int64_t us);

uint64_t quantiles_count(const struct quantiles *q);

/*
 * The value of rank ceil(percent / 100 * n).  Negative where there are too few
 * for it to mean something: p50 from 5, p95 from 20, p99 from 100; 0 (the
 * smallest) and 100 (the largest) from 1.
 */
double quantiles_us(const struct quantiles *q, int percent);

#endif
