/*
 * p95.h - quantiles of a check's phases over any span, with how many values
 * they rest on.
 *
 * Whole hours and days come from their cells, the edges, the last hours, what
 * maintenance touches and single agents from raw results.  Either way the
 * answer is the same: cells are exact sums of what raw results say.  Slots
 * that begin in [from, to) count; those in maintenance do not, and among the
 * regions together a region counts where the version in force then lists it.
 *
 * Where raw is not kept any more (retention.h), an edge inside of an hour is
 * moved out to the hour's, inside of a day to the day's where hours are not
 * kept either; maintenance is that which was known when raw was deleted; and an
 * hour, later a day, counts by the version that was in force when it began.
 */
#ifndef COLLECTOR_P95_H
#define COLLECTOR_P95_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "measure.h"
#include "registry.h"
#include "store.h"

enum p95_by { P95_BY_NOTHING, P95_BY_REGION, P95_BY_AGENT };

enum {
    P95_PHASES_ALL = (1 << PHASE_COUNT) - 1, /* those that have values */
    P95_QUANTILE_DEFAULT = 950000,
    P95_GROUPS_MAX = 20000
};

struct p95_spec {
    uint32_t check;
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    uint16_t phases; /* bit (1 << enum phase); 0: total */
    enum p95_by by;
    int64_t quantile_millionths; /* 0..1000000 */
    bool strict;                 /* failures count as infinite */
    int64_t now_unix_ms;
};

struct p95_row {
    char region[CONF_NAME_BYTES];    /* "": all that count, merged */
    char agent[REGISTRY_NAME_BYTES]; /* "" unless by agent */
    enum phase phase;
    uint64_t n; /* with the failures if strict */
    bool has_value;
    double value_us;
    int64_t max_us; /* of the served; -1: there were none */
    char note[32];  /* "n<20", "infinite", or "" */
};

struct p95 {
    char check[CHECK_NAME_BYTES];
    int64_t from_unix_ms; /* as it was answered */
    int64_t to_unix_ms;
    int64_t quantile_millionths;
    struct p95_row *rows; /* owned */
    size_t count;
};

/*
 * Rows by region or agent come in the order of the configuration, then of
 * names.  ERR_PARSE where the check is not known.
 */
int p95_query(struct store_txn *txn, const struct conf_history *conf,
    const struct p95_spec *spec, struct p95 *out, struct err *err);
void p95_free(struct p95 *p95);

/* How many values a quantile needs before it is shown. */
uint64_t p95_needs(int64_t quantile_millionths);

#endif
