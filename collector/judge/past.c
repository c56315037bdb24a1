#include "past.h"

#include "history.h"
#include "registry.h"
#include "verdict.h"

_Static_assert((int)VERDICT_PENDING == (int)PAST_VERDICTS,
    "verdicts are kept as they are, and PENDING is none");

/* Slots that begin before the day stand in the row of the day before. */
static int
fill(const struct history_scope *scope, int64_t from_unix_ms,
    struct past_day *day, struct err *err)
{
    for (size_t i = 0; i < scope->count; i++) {
        const struct history_slot *slot = &scope->slots[i];
        const struct past_run run = {.start_unix_ms = slot->start_unix_ms,
            .length_ms = slot->end_unix_ms - slot->start_unix_ms,
            .verdict = slot->verdict};

        if (slot->start_unix_ms < from_unix_ms ||
            slot->verdict == VERDICT_PENDING || run.length_ms <= 0)
            continue;
        if (past_day_add(day, &run, err) != 0)
            return -1;
    }
    return 0;
}

int
past_make(struct store_txn *txn, const struct conf_history *conf,
    const struct past_query *query, past_made_fn *fn, void *ctx,
    struct err *err)
{
    const struct history_query span = {.check = query->place.check,
        .from_unix_ms = query->place.day_unix_ms,
        .to_unix_ms = query->place.day_unix_ms + PAST_DAY_MS,
        .now_unix_ms = query->now_unix_ms};
    const struct past_day nothing = {.runs = NULL};
    struct history history;
    int rc;

    if (history_read(txn, conf, &span, &history, err) != 0)
        return -1;
    /* Where it was not configured any more, that is what is kept. */
    rc = history.count == 0 ? fn(ctx, NULL, &nothing, err) : 0;
    for (size_t i = 0; i < history.count && rc == 0; i++) {
        struct past_day day = {.runs = NULL};

        rc = fill(&history.scopes[i], query->from_unix_ms, &day, err);
        if (rc == 0)
            rc = fn(ctx, i == 0 ? NULL : history.scopes[i].name, &day, err);
        past_day_free(&day);
    }
    history_free(&history);
    return rc;
}

struct keeping {
    struct store_txn *txn;
    const struct past_place *place;
};

static int
keep_scope(
    void *ctx, const char *region, const struct past_day *day, struct err *err)
{
    const struct keeping *keeping = ctx;
    uint32_t number = 0;

    if (region != NULL && registry_number(keeping->txn, REGISTRY_REGION, region,
                              &number, err) != 0)
        return -1;
    return past_put(keeping->txn, keeping->place, (uint16_t)number, day, err);
}

int
past_keep(struct store_txn *txn, const struct conf_history *conf,
    const struct past_place *place, int64_t now_unix_ms, struct err *err)
{
    const struct past_query query = {.place = *place,
        .from_unix_ms = place->day_unix_ms,
        .now_unix_ms = now_unix_ms};
    struct keeping keeping = {.txn = txn, .place = place};

    return past_make(txn, conf, &query, keep_scope, &keeping, err);
}
