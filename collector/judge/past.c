#include "past.h"

#include "history.h"
#include "registry.h"
#include "verdict.h"

_Static_assert((int)VERDICT_PENDING == (int)PAST_VERDICTS,
    "verdicts are kept as they are, and PENDING is none");

/* Slots that begin before the day stand in the row of the day before. */
static int
fill(const struct history_scope *scope, int64_t day_unix_ms,
    struct past_day *day, struct err *err)
{
    for (size_t i = 0; i < scope->count; i++) {
        const struct history_slot *slot = &scope->slots[i];
        const struct past_run run = {.start_unix_ms = slot->start_unix_ms,
            .length_ms = slot->end_unix_ms - slot->start_unix_ms,
            .verdict = slot->verdict};

        if (slot->start_unix_ms < day_unix_ms ||
            slot->verdict == VERDICT_PENDING || run.length_ms <= 0)
            continue;
        if (past_day_add(day, &run, err) != 0)
            return -1;
    }
    return 0;
}

static int
keep_scope(struct store_txn *txn, const struct past_place *place,
    const struct history_scope *scope, bool whole, struct err *err)
{
    struct past_day day = {.runs = NULL};
    uint32_t region = 0;
    int rc = 0;

    if (!whole)
        rc = registry_number(txn, REGISTRY_REGION, scope->name, &region, err);
    if (rc == 0)
        rc = fill(scope, place->day_unix_ms, &day, err);
    if (rc == 0)
        rc = past_put(txn, place, (uint16_t)region, &day, err);
    past_day_free(&day);
    return rc;
}

int
past_keep(struct store_txn *txn, const struct conf_history *conf,
    const struct past_place *place, int64_t now_unix_ms, struct err *err)
{
    const struct history_query query = {.check = place->check,
        .from_unix_ms = place->day_unix_ms,
        .to_unix_ms = place->day_unix_ms + PAST_DAY_MS,
        .now_unix_ms = now_unix_ms};
    const struct past_day nothing = {.runs = NULL};
    struct history history;
    int rc;

    if (history_read(txn, conf, &query, &history, err) != 0)
        return -1;
    /* Where it was not configured any more, that is what is kept. */
    rc = history.count == 0 ? past_put(txn, place, 0, &nothing, err) : 0;
    for (size_t i = 0; i < history.count && rc == 0; i++)
        rc = keep_scope(txn, place, &history.scopes[i], i == 0, err);
    history_free(&history);
    return rc;
}
