#include "alert_flap.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "flap.h"
#include "history.h"
#include "notice_log.h"

enum {
    LOOK_MS = 5000,
    LOOKS_MAX = 20,  /* a turn: each reads an hour or so of verdicts */
    SLOTS_BACK = 42, /* twice as many as count: some may not be known */
    FLAPPING_MAX = 1000,
    SETTLE_MS = 8000 /* and twice the timeout: what may still come of a slot */
};

/* ---- what may flap ---- */

static int64_t
span_of(const struct conf_history *conf, uint32_t check, int64_t at_unix_ms)
{
    const struct conf_check *found =
        conf_history_check(conf, check, at_unix_ms);

    return found == NULL ? 0 : found->check.interval_ms * SLOTS_BACK;
}

struct others {
    const struct incident_row *row;
    bool found;
};

static int
find_other(void *ctx, const struct incident_row *row, struct err *err)
{
    struct others *others = ctx;

    (void)err;
    others->found = strcmp(row->scope, others->row->scope) == 0 &&
                    strcmp(row->id, others->row->id) != 0 &&
                    row->state != INCIDENT_WITHDRAWN;
    return others->found ? 1 : 0;
}

static void
add(struct alert_flap *flap, uint32_t check, const char *scope)
{
    for (size_t i = 0; i < flap->count; i++) {
        if (flap->items[i].check == check &&
            strcmp(flap->items[i].scope, scope) == 0)
            return;
    }
    if (flap->count == ALERT_FLAP_MAX)
        return;
    flap->items[flap->count].check = check;
    (void)snprintf(flap->items[flap->count].scope,
        sizeof(flap->items[flap->count].scope), "%s", scope);
    flap->count++;
}

int
alert_flap_note(struct alert_flap *flap, struct store_txn *txn,
    const struct conf_history *conf, const struct incident_row *row,
    struct err *err)
{
    int64_t span_ms = span_of(conf, row->check, row->start_unix_ms);
    struct others others = {.row = row};

    if (row->state != INCIDENT_OPEN || span_ms == 0)
        return 0;
    if (incident_each(txn, row->check, row->start_unix_ms - span_ms,
            row->start_unix_ms + 1, find_other, &others, err) != 0)
        return -1;
    if (others.found)
        add(flap, row->check, row->scope);
    return 0;
}

/* ---- what its verdicts say ---- */

/* Of the newest slots, what is not confirmed yet says nothing yet. */
static void
take_scope(const struct history_scope *scope, int64_t settled_unix_ms,
    struct flap *flap)
{
    for (size_t i = 0; i < scope->count; i++) {
        const struct history_slot *slot = &scope->slots[i];
        enum verdict verdict = (enum verdict)slot->verdict;

        if (slot->unconfirmed && slot->end_unix_ms > settled_unix_ms)
            continue;
        if (verdict == VERDICT_UP || verdict == VERDICT_PARTIAL ||
            verdict == VERDICT_DOWN)
            flap_add(flap, verdict == VERDICT_DOWN);
    }
}

/*
 * The judge's early verdicts are not in the store yet: they are found by
 * judging what is there as if no more would come.
 */
static int
read_verdicts(struct store_txn *txn, const struct conf_history *conf,
    const struct alert_flap_item *item, int64_t now_unix_ms, struct flap *flap,
    struct err *err)
{
    const struct conf_check *check =
        conf_history_check(conf, item->check, now_unix_ms);
    struct history_query query = {
        .check = item->check,
        .from_unix_ms = now_unix_ms - span_of(conf, item->check, now_unix_ms),
        .to_unix_ms = now_unix_ms,
    };
    struct history history;
    int64_t late_ms;

    *flap = (struct flap){0};
    if (check == NULL)
        return 0; /* it is no longer configured */
    late_ms = 2 * check->check.timeout_ms + SETTLE_MS;
    query.now_unix_ms = now_unix_ms + check->check.interval_ms + late_ms;
    if (history_read(txn, conf, &query, &history, err) != 0)
        return -1;
    for (size_t i = 0; i < history.count; i++) {
        if (strcmp(history.scopes[i].name, item->scope) == 0)
            take_scope(&history.scopes[i], now_unix_ms - late_ms, flap);
    }
    history_free(&history);
    return 0;
}

/* ---- an outage of what flaps ---- */

struct finding {
    const char *scope;
    char id[INCIDENT_ID_BYTES];
};

static int
find_open(void *ctx, const struct incident_row *row, struct err *err)
{
    struct finding *finding = ctx;

    (void)err;
    if (row->state != INCIDENT_OPEN || strcmp(row->scope, finding->scope) != 0)
        return 0;
    memcpy(finding->id, row->id, sizeof(finding->id));
    return 1;
}

static int
note_outage(struct store_txn *txn, const struct alert_flap_item *item,
    int64_t now_unix_ms, struct err *err)
{
    struct finding finding = {.scope = item->scope};
    struct notice notice;
    int found;
    int rc = 0;

    if (incident_each(txn, item->check, now_unix_ms - 1, now_unix_ms + 1,
            find_open, &finding, err) != 0)
        return -1;
    if (finding.id[0] == '\0')
        return 0;
    found = notice_get(txn, finding.id, &notice, err);
    if (found != 1)
        return found;
    if (!notice.outage) {
        notice.outage = true;
        rc = notice_put_active(txn, &notice, err);
    }
    notice_free(&notice);
    return rc;
}

/* ---- settling ---- */

static int
take_claim(void *ctx, const struct condition *condition, struct err *err)
{
    return condition->claim.class == ALERT_FLAPPING
               ? condition_claims_add(ctx, &condition->claim, err)
               : 0;
}

static size_t
place_of(
    const struct condition_claims *held, const struct alert_flap_item *item)
{
    size_t i = 0;

    while (
        i < held->count && (held->items[i].check != item->check ||
                               strcmp(held->items[i].scope, item->scope) != 0))
        i++;
    return i;
}

/* One turn. */
struct looking {
    struct store_txn *txn;
    const struct conf_history *conf;
    int64_t now_unix_ms;
    struct condition_claims held; /* what flaps */
    bool changed;
};

static int
begin(struct looking *at, const struct alert_flap_item *item,
    const struct flap *flap, struct err *err)
{
    const struct conf_check *check =
        conf_history_check(at->conf, item->check, at->now_unix_ms);
    struct condition_claim claim = {
        .class = ALERT_FLAPPING,
        .on = CONDITION_ON_CHECK,
        .check = item->check,
        .since_unix_ms = at->now_unix_ms,
    };

    if (check == NULL || at->held.count == FLAPPING_MAX)
        return 0;
    claim.severity =
        alert_severity_of(alert_class_of(check->check.kind, item->scope));
    (void)snprintf(
        claim.subject, sizeof(claim.subject), "%s", check->check.name);
    (void)snprintf(claim.scope, sizeof(claim.scope), "%s", item->scope);
    (void)snprintf(claim.words, sizeof(claim.words),
        "it went up and down %zu times in its last %zu measurements; single "
        "outages are not told until it settles, but one of %d bad "
        "measurements in a row is",
        flap_changes(flap), flap->count, FLAP_OUTAGE_SLOTS);
    return condition_claims_add(&at->held, &claim, err);
}

static int
look(struct looking *at, const struct alert_flap_item *item, struct err *err)
{
    size_t place = place_of(&at->held, item);
    bool before = place < at->held.count;
    struct flap flap;
    bool flaps;

    if (read_verdicts(at->txn, at->conf, item, at->now_unix_ms, &flap, err) !=
        0)
        return -1;
    flaps = flap_step(&flap, before);
    at->changed = at->changed || flaps != before;
    if (before && !flaps)
        at->held.items[place] = at->held.items[--at->held.count];
    if (!before && flaps && begin(at, item, &flap, err) != 0)
        return -1;
    return flaps && flap_is_outage(&flap)
               ? note_outage(at->txn, item, at->now_unix_ms, err)
               : 0;
}

/* Those that flap are looked at again and again. */
static void
add_held(struct alert_flap *flap, const struct looking *at)
{
    if (at->now_unix_ms >= flap->looked_unix_ms &&
        at->now_unix_ms - flap->looked_unix_ms < LOOK_MS)
        return;
    flap->looked_unix_ms = at->now_unix_ms;
    for (size_t i = 0; i < at->held.count; i++)
        add(flap, at->held.items[i].check, at->held.items[i].scope);
}

int
alert_flap_run(struct alert_flap *flap, const struct alert_flap_now *now,
    condition_news_fn *fn, void *ctx, struct err *err)
{
    struct looking at = {
        .txn = now->txn, .conf = now->conf, .now_unix_ms = now->unix_ms};
    int rc = condition_each_open(at.txn, take_claim, &at.held, err);

    if (rc == 0)
        add_held(flap, &at);
    for (size_t i = 0; rc == 0 && i < LOOKS_MAX && flap->count > 0; i++)
        rc = look(&at, &flap->items[--flap->count], err);
    if (rc == 0 && at.changed)
        rc = condition_settle(
            at.txn, ALERT_FLAPPING, &at.held, at.now_unix_ms, fn, ctx, err);
    condition_claims_free(&at.held);
    return rc;
}
