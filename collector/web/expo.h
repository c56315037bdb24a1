/*
 * expo.h - the Prometheus text exposition format 0.0.4, written into a buf.
 *
 * Families come one after the other, each with its HELP and TYPE and all of
 * its samples; label values are escaped here.  The first failure is kept and
 * the rest is not written: look at `failed` once, at the end.
 * Format: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#ifndef COLLECTOR_EXPO_H
#define COLLECTOR_EXPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum expo_type { EXPO_COUNTER, EXPO_GAUGE, EXPO_HISTOGRAM };

struct expo {
    struct buf *out;  /* borrowed */
    const char *name; /* of the family that is being written; borrowed */
    bool failed;
    struct err err; /* why */
};

struct expo_label {
    const char *name;
    const char *value; /* borrowed; any text */
};

/* The labels of a sample; {.count = 0} for none. */
struct expo_labels {
    struct expo_label items[6];
    size_t count;
};

void expo_init(struct expo *expo, struct buf *out);

/* Begins a family.  `name` stays with the caller until the next begins. */
void expo_family(
    struct expo *expo, const char *name, enum expo_type type, const char *help);

void expo_put(
    struct expo *expo, const struct expo_labels *labels, double value);
/* Exactly, where a double would not be. */
void expo_put_count(
    struct expo *expo, const struct expo_labels *labels, uint64_t value);

/* What a histogram says; counts are of single buckets, not summed up. */
struct expo_buckets {
    const double *bounds_s;
    const uint64_t *counts; /* count + 1: the last is of what is longer */
    size_t count;
    double sum_s;
};

/* _bucket (summed up, le="+Inf" at the end), _sum and _count. */
void expo_put_buckets(struct expo *expo, const struct expo_labels *labels,
    const struct expo_buckets *buckets);

#endif
