#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p95.h"
#include "pages.h"
#include "raise_budget.h"
#include "raise_own.h"
#include "uptime.h"

enum { AGAIN_MS = 60000 };

static const int64_t hour_ms = INT64_C(3600000);

/* ---- months ---- */

struct summing {
    struct raise_month *month;
    struct uptime_window window;
};

static int
sum_page(void *ctx, const struct page *page, struct err *err)
{
    struct summing *summing = ctx;
    struct uptime uptime = {0};

    (void)err;
    for (size_t slot = 0; slot < page->slots; slot++)
        uptime_add(&uptime, &summing->window, page_slot_start(page, slot),
            page_slot_end(page, slot),
            (enum verdict)page_mark_of(page, 0, slot)->verdict);
    summing->month->down_ms += uptime.down_ms;
    summing->month->maint_ms += uptime.maint_ms;
    return 0;
}

static int
sum_hour(void *ctx, const struct page_sums *sums, struct err *err)
{
    struct summing *summing = ctx;

    (void)err;
    summing->month->down_ms +=
        (int64_t)sums->counts[0].of[VERDICT_DOWN] * sums->segment->interval_ms;
    return 0;
}

static int
sum_month(const struct raise *raise, struct store_txn *txn,
    const struct raise_item *item, struct raise_month *month, struct err *err)
{
    struct summing summing = {
        .month = month, .window = {month->from_unix_ms, month->now_unix_ms}};
    struct timeline timeline;
    struct pages_query query = {
        .txn = txn,
        .timeline = &timeline,
        .newest = raise_newest(raise),
        .from_unix_ms = month->from_unix_ms,
        .to_unix_ms = month->now_unix_ms,
        .now_unix_ms = month->now_unix_ms,
        .rows_only = true,
        .sums = sum_hour,
    };
    int rc;

    if (pages_timeline(txn, raise->conf, item->id, &timeline, err) != 0)
        return -1;
    rc = pages_each(&query, sum_page, &summing, err);
    timeline_free(&timeline);
    return rc;
}

static int
look_at_month(struct raise *raise, struct store_txn *txn,
    struct raise_item *item, int64_t now_unix_ms, struct err *err)
{
    const struct zone *zone = raise_newest(raise)->zone;
    struct raise_month month = {
        .check = item->check, .now_unix_ms = now_unix_ms};
    int64_t year;
    int64_t number;

    zone_month_of(zone, now_unix_ms, &year, &number);
    zone_month_bounds(
        zone, year, number, &month.from_unix_ms, &month.to_unix_ms);
    (void)snprintf(
        month.name, sizeof(month.name), "%04d-%02d", (int)year, (int)number);
    item->month_dirty = false;
    item->month_due_unix_ms = now_unix_ms + AGAIN_MS;
    if (sum_month(raise, txn, item, &month, err) != 0)
        return err_wrap(err, "month of %s", item->check->check.name);
    return raise_budget(&month, &raise->events, err);
}

/* ---- hours ---- */

static int
look_at_hour(struct raise *raise, struct store_txn *txn,
    struct raise_item *item, int64_t now_unix_ms, struct err *err)
{
    struct raise_hour hour = {
        .check = item->check, .p95_us = -1, .now_unix_ms = now_unix_ms};
    const struct p95_spec spec = {.check = item->id,
        .from_unix_ms = now_unix_ms - hour_ms,
        .to_unix_ms = now_unix_ms,
        .quantile_millionths = P95_QUANTILE_DEFAULT,
        .now_unix_ms = now_unix_ms};
    const struct condition_claim *held =
        raise_find_held(raise, ALERT_P95, item->check->check.name, NULL);
    struct condition_claims found = {0};
    struct p95 p95;
    int rc = 0;

    item->hour_due_unix_ms = now_unix_ms + AGAIN_MS;
    if (p95_query(txn, raise->conf, &spec, &p95, err) != 0)
        return err_wrap(err, "p95 of %s", item->check->check.name);
    if (p95.count > 0 && p95.rows[0].has_value) {
        hour.n = p95.rows[0].n;
        hour.p95_us = (int64_t)p95.rows[0].value_us;
    }
    p95_free(&p95);
    hour.held = held != NULL;
    if (hour.n < RAISE_P95_MIN && held != NULL)
        rc = condition_claims_add(&found, held, err);
    else if (hour.n >= RAISE_P95_MIN)
        rc = raise_p95(&hour, &found, err);
    if (rc == 0 && found.count > 0 && item->p95 == NULL)
        item->p95 = malloc(sizeof(*item->p95));
    item->has_p95 = rc == 0 && found.count > 0 && item->p95 != NULL;
    if (item->has_p95)
        *item->p95 = found.items[0];
    condition_claims_free(&found);
    raise->dirty |= RAISE_PART_SUMS;
    return rc;
}

int
raise_sums_claim(
    const struct raise *raise, struct condition_claims *claims, struct err *err)
{
    for (size_t i = 0; i < raise->item_count; i++) {
        const struct raise_item *item = raise->items[i];
        const struct condition_claim *claim = item->has_p95 ? item->p95 : NULL;

        if (!raise_item_is_watched(item) || item->check->expect_p95_us == 0)
            continue;
        if (item->hour_due_unix_ms == 0) /* not looked at since a restart */
            claim = raise_find_held(
                raise, ALERT_P95, item->check->check.name, NULL);
        if (claim != NULL && condition_claims_add(claims, claim, err) != 0)
            return -1;
    }
    return 0;
}

/* A date that was set back must not make us wait for what it showed. */
static bool
is_due(int64_t due_unix_ms, int64_t now_unix_ms)
{
    return now_unix_ms >= due_unix_ms || due_unix_ms - now_unix_ms > AGAIN_MS;
}

/* One check's turn; the others have theirs. */
int
raise_sums_run(struct raise *raise, struct store_txn *txn, int64_t now_unix_ms,
    struct err *err)
{
    for (size_t i = 0; i < raise->item_count; i++) {
        struct raise_item *item;

        raise->sums_at = (raise->sums_at + 1) % raise->item_count;
        item = raise->items[raise->sums_at];
        if (!raise_item_is_watched(item))
            continue;
        if (item->month_dirty && is_due(item->month_due_unix_ms, now_unix_ms))
            return look_at_month(raise, txn, item, now_unix_ms, err);
        if (item->check->expect_p95_us != 0 &&
            is_due(item->hour_due_unix_ms, now_unix_ms))
            return look_at_hour(raise, txn, item, now_unix_ms, err);
    }
    return 0;
}
