/*
 * verify.h - makes everything anew that follows from raw results, and compares
 * it with what is stored.
 *
 * Every row of every table is read; hours are compared with what raw results
 * say, days with their hours, verdicts with votes, incidents and past rows with
 * verdicts, marks with the numbers of results.  Works beside a running collector: no
 * read transaction is held longer than a second or 10 000 rows, and what the
 * collector is still to make anew is counted as pending, not as a difference.
 */
#ifndef COLLECTOR_VERIFY_H
#define COLLECTOR_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "store.h"

struct verify_finding {
    const char *table; /* where the wrong row stands */
    char what[400];    /* which row, and what is wrong with it */
};

/* Not 0 ends the verification with that. */
typedef int verify_found_fn(
    void *ctx, const struct verify_finding *finding, struct err *err);

struct verify_spec {
    struct store *store;    /* borrowed; read only will do */
    int64_t now_unix_ms;    /* what is older than raw cannot be made anew */
    verify_found_fn *found; /* called for each difference */
    bool (*is_ended)(void *ctx); /* asked between turns; NULL: never */
    void *ctx;
};

struct verify_counts {
    uint64_t rows; /* read, of all tables */
    uint64_t results;
    uint64_t hours; /* made anew, as all below */
    uint64_t days;
    uint64_t slots;
    uint64_t incidents;
    uint64_t marks;
    uint64_t past;    /* days of which verdicts and past rows are kept */
    uint64_t pending; /* hours and days that are still to be made */
    uint64_t differences;
};

/*
 * 0: done, whatever was found; -1: could not be done, or `found` or `is_ended`
 * ended it (ERR_TIMEOUT then).
 */
int verify_run(const struct verify_spec *spec, struct verify_counts *counts,
    struct err *err);

#endif
