#include "p95.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell_row.h"
#include "ladder.h"
#include "leg_mask.h"
#include "leg_walk.h"
#include "p95_groups.h"
#include "retention.h"

struct query {
    struct store_txn *txn;           /* borrowed */
    const struct conf_history *conf; /* borrowed */
    struct p95_spec spec;
    struct p95_groups groups;
    int64_t first_slot_unix_ms; /* INT64_MAX: there never was a result */
};

/* ---- from raw results ---- */

static int
add_leg(void *ctx, const struct leg *leg, struct err *err)
{
    struct query *q = ctx;
    const struct p95_region *region =
        p95_groups_region(&q->groups, leg->region, err);

    if (region == NULL)
        return -1;
    if (leg_mask_covers(
            q->conf, q->spec.check, region->name, leg->slot_unix_ms))
        return 0;
    return p95_groups_add_leg(&q->groups, leg, err);
}

static int
add_raw(
    struct query *q, int64_t from_unix_ms, int64_t to_unix_ms, struct err *err)
{
    struct leg_span span = {.check = q->spec.check,
        .from_unix_ms = from_unix_ms,
        .to_unix_ms = to_unix_ms};

    if (from_unix_ms >= to_unix_ms)
        return 0;
    return leg_walk(q->txn, q->conf, &span, add_leg, q, err);
}

/* ---- from cells ---- */

/* Whether cells hold what is asked for. */
struct look {
    uint16_t phases;
    size_t cells;
    bool lacks; /* a histogram that is asked for */
};

static int
look_at(void *ctx, uint16_t region, const struct cell *cell, struct err *err)
{
    struct look *look = ctx;

    (void)region;
    (void)err;
    look->cells++;
    for (int p = 0; p < PHASE_COUNT; p++) {
        if ((look->phases & 1U << p) != 0 && cell->phases[p].count > 0 &&
            (cell->figures & 1U << p) == 0)
            look->lacks = true;
    }
    return 0;
}

static int
stop_at(void *ctx, const struct raw_result *result, struct err *err)
{
    bool *found = ctx;

    (void)result;
    *found = true;
    return err_set(err, ERR_STATE, "there is one");
}

/* 1: there are hour cells of that day, 0: there are none, -1: err. */
static int
has_hours(struct query *q, const struct cell_place *day, struct err *err)
{
    struct cell_place hour = {.tier = CELL_HOUR, .check = day->check};
    int64_t end_unix_ms = day->start_unix_ms + CELL_DAY_MS;
    size_t rows = 0;

    hour.start_unix_ms = day->start_unix_ms;
    for (; hour.start_unix_ms < end_unix_ms && rows == 0;
         hour.start_unix_ms += CELL_HOUR_MS) {
        if (cell_count_rows(q->txn, &hour, &rows, err) != 0)
            return -1;
    }
    return rows > 0;
}

/* 1: what the cells of that place were made of is still there, 0, -1. */
static int
has_below(struct query *q, const struct cell_place *place, struct err *err)
{
    bool found = false;
    int rc = place->tier == CELL_DAY ? has_hours(q, place, err) : 0;

    if (rc != 0)
        return rc;
    rc = raw_each(q->txn, place->check, place->start_unix_ms,
        place->start_unix_ms + cell_tier_ms(place->tier), stop_at, &found, err);
    return found ? 1 : rc;
}

/* Whether its cells hold what does not count, or may. */
static bool
is_mixed(const struct query *q, const struct cell_place *place)
{
    int64_t end_unix_ms = place->start_unix_ms + cell_tier_ms(place->tier);

    return leg_mask_touches(
               q->conf, place->check, place->start_unix_ms, end_unix_ms) ||
           (q->spec.by == P95_BY_NOTHING &&
               p95_regions_change(
                   q->conf, place->check, place->start_unix_ms, end_unix_ms));
}

/* 1: the cells there answer for this hour or day, 0: they do not. */
static int
is_usable(struct query *q, const struct cell_place *place, struct err *err)
{
    int64_t end_unix_ms = place->start_unix_ms + cell_tier_ms(place->tier);
    bool has_raw = end_unix_ms > q->spec.now_unix_ms - RETENTION_RAW_MS;
    struct look look = {.phases = q->spec.phases};
    int rc = 0;

    if (q->spec.by == P95_BY_AGENT)
        return 0;
    if (is_mixed(q, place))
        rc = has_below(q, place, err);
    if (rc == 0)
        rc = ladder_is_marked(q->txn, place, err);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (cell_each_some(q->txn, place, 0, look_at, &look, err) != 0)
        return -1;
    return look.cells > 0 && (!look.lacks || !has_raw);
}

struct adding {
    struct query *q;
    int64_t start_unix_ms;
};

static int
add_cell(void *ctx, uint16_t region, const struct cell *cell, struct err *err)
{
    struct adding *adding = ctx;

    return p95_groups_add_cell(
        &adding->q->groups, region, adding->start_unix_ms, cell, err);
}

/* 1: a whole hour or day from `at` on was added from cells; *end is behind. */
static int
add_cells(struct query *q, int64_t at, int64_t *end, struct err *err)
{
    static const enum cell_tier tiers[] = {CELL_DAY, CELL_HOUR};

    for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {
        struct cell_place place = {
            .tier = tiers[i], .start_unix_ms = at, .check = q->spec.check};
        int rc;

        *end = at + cell_tier_ms(place.tier);
        if (at % cell_tier_ms(place.tier) != 0 || *end > q->spec.to_unix_ms)
            continue;
        rc = is_usable(q, &place, err);
        if (rc < 0)
            return -1;
        if (rc == 1)
            return cell_each_some(q->txn, &place, q->spec.phases, add_cell,
                       &(struct adding){.q = q, .start_unix_ms = at}, err) == 0
                       ? 1
                       : -1;
    }
    return 0;
}

/*
 * Nothing is before the check's first slot, nor further ahead than clocks are
 * believed: a range of centuries is walked no longer than what there is.
 */
static void
clip(struct query *q)
{
    int64_t first_unix_ms = q->first_slot_unix_ms;
    int64_t last_unix_ms = q->spec.now_unix_ms + 2 * CELL_DAY_MS;

    if (first_unix_ms > q->spec.from_unix_ms)
        q->spec.from_unix_ms =
            first_unix_ms > last_unix_ms
                ? last_unix_ms
                : first_unix_ms - first_unix_ms % CELL_DAY_MS;
    if (q->spec.to_unix_ms > last_unix_ms)
        q->spec.to_unix_ms = last_unix_ms;
}

/* What no cells answer for is gathered into spans as long as may be. */
static int
gather(struct query *q, struct err *err)
{
    int64_t raw_from;
    int64_t at;

    clip(q);
    raw_from = q->spec.from_unix_ms;
    at = raw_from;
    while (at < q->spec.to_unix_ms) {
        int64_t end;
        int rc = add_cells(q, at, &end, err);

        if (rc < 0)
            return -1;
        if (rc == 1) {
            if (add_raw(q, raw_from, at, err) != 0)
                return -1;
            raw_from = end;
        } else {
            end = at - at % CELL_HOUR_MS + CELL_HOUR_MS;
        }
        at = end;
    }
    return add_raw(q, raw_from, q->spec.to_unix_ms, err);
}

/* ---- rows ---- */

uint64_t
p95_needs(int64_t quantile_millionths)
{
    int64_t above = 1000000 - quantile_millionths;
    uint64_t needs;

    if (above == 0)
        return 1; /* the maximum is known from the first */
    needs = (uint64_t)((1000000 + above - 1) / above);
    return needs < 5 ? 5 : needs;
}

static struct p95_row
make_row(const struct query *q, const struct p95_group *group, enum phase phase)
{
    const struct hist *hist = group->hists[phase];
    uint64_t served = hist != NULL ? hist->n : 0;
    uint64_t needs = p95_needs(q->spec.quantile_millionths);
    struct p95_row row = {.phase = phase,
        .n = served + (q->spec.strict ? group->failed : 0),
        .max_us = hist != NULL ? hist->max_us : -1};
    uint64_t rank = hist_rank(row.n, q->spec.quantile_millionths);

    (void)strcpy(row.region, group->region_name);
    (void)strcpy(row.agent, group->agent_name);
    if (row.n < needs) {
        (void)snprintf(row.note, sizeof(row.note), "n<%" PRIu64, needs);
    } else if (rank > served) {
        (void)strcpy(row.note, "infinite");
    } else {
        row.has_value = true;
        row.value_us = hist_at_rank_us(hist, rank);
    }
    return row;
}

/* A phase that nobody reached is shown only where it was named. */
static bool
is_shown(const struct query *q, const struct p95_group *group, int phase,
    bool all_phases)
{
    if ((q->spec.phases & 1U << phase) == 0)
        return false;
    return !all_phases || phase == PHASE_TOTAL || group->hists[phase] != NULL;
}

static int
make_rows(
    const struct query *q, bool all_phases, struct p95 *out, struct err *err)
{
    const struct p95_groups *groups = &q->groups;

    out->rows = calloc(groups->count * PHASE_COUNT + 1, sizeof(*out->rows));
    if (out->rows == NULL)
        return err_set(err, ERR_NOMEM, "rows");
    for (size_t i = 0; i < groups->count; i++) {
        for (int p = 0; p < PHASE_COUNT; p++) {
            if (is_shown(q, &groups->items[i], p, all_phases))
                out->rows[out->count++] =
                    make_row(q, &groups->items[i], (enum phase)p);
        }
    }
    return 0;
}

/* ---- the whole ---- */

/* What is left of results of that moment: cells of that length; 0: all. */
static int64_t
grain_ms(const struct query *q, int64_t unix_ms)
{
    int64_t age_ms = q->spec.now_unix_ms - unix_ms;

    if (age_ms <= RETENTION_RAW_MS || q->spec.by == P95_BY_AGENT)
        return 0;
    return age_ms <= RETENTION_ROWS_MS ? CELL_HOUR_MS : CELL_DAY_MS;
}

/* Moves edges out to where the cells are cut. */
static void
widen(struct query *q)
{
    int64_t from_ms = grain_ms(q, q->spec.from_unix_ms);
    int64_t to_ms = grain_ms(q, q->spec.to_unix_ms);

    if (from_ms != 0)
        q->spec.from_unix_ms -= q->spec.from_unix_ms % from_ms;
    if (to_ms != 0 && q->spec.to_unix_ms % to_ms != 0)
        q->spec.to_unix_ms += to_ms - q->spec.to_unix_ms % to_ms;
}

static int
name_check(struct query *q, struct p95 *out, struct err *err)
{
    struct check_row row;
    int rc = check_row_get(q->txn, q->spec.check, &row, err);

    q->groups.check = conf_history_check(q->conf, q->spec.check, INT64_MAX);
    if (rc == 0 && q->groups.check == NULL)
        return err_set(
            err, ERR_PARSE, "no check has the number %08x", q->spec.check);
    if (rc < 0)
        return -1;
    q->first_slot_unix_ms = rc == 1 ? row.first_slot_unix_ms : INT64_MAX;
    (void)strcpy(out->check,
        q->groups.check != NULL ? q->groups.check->check.name : row.name);
    return 0;
}

int
p95_query(struct store_txn *txn, const struct conf_history *conf,
    const struct p95_spec *spec, struct p95 *out, struct err *err)
{
    struct query q = {.txn = txn, .conf = conf, .spec = *spec};
    int rc;

    assert(
        spec->quantile_millionths >= 0 && spec->quantile_millionths <= 1000000);
    *out = (struct p95){.quantile_millionths = spec->quantile_millionths};
    if (q.spec.phases == 0)
        q.spec.phases = 1U << PHASE_TOTAL;
    if (q.spec.from_unix_ms < 0)
        q.spec.from_unix_ms = 0;
    widen(&q);
    out->from_unix_ms = q.spec.from_unix_ms;
    out->to_unix_ms = q.spec.to_unix_ms;
    q.groups.txn = txn;
    q.groups.conf = conf;
    q.groups.spec = &q.spec;
    rc = name_check(&q, out, err);
    if (rc == 0)
        rc = p95_groups_begin(&q.groups, err);
    if (rc == 0)
        rc = gather(&q, err);
    if (rc == 0)
        rc = p95_groups_end(&q.groups, err);
    if (rc == 0)
        rc = make_rows(&q, spec->phases == P95_PHASES_ALL, out, err);
    p95_groups_free(&q.groups);
    if (rc != 0)
        p95_free(out);
    return rc;
}

void
p95_free(struct p95 *p95)
{
    free(p95->rows);
    p95->rows = NULL;
    p95->count = 0;
}
