#include "leg_walk.h"

#include "timeline.h"

struct walk {
    const struct conf_history *history; /* borrowed */
    leg_fn *fn;
    void *ctx;
    struct legs legs;
    /* Whose legs are held. */
    int64_t bucket;
    uint16_t region;
    uint32_t agent;
    /* The last answer of the history. */
    const struct conf_version *version;
    bool apart;
    /* Where the check has had more than one interval; else without segments. */
    struct timeline timeline;
};

static bool
has_more_grids(const struct conf_history *history, uint32_t check)
{
    int64_t interval_ms = 0;

    for (size_t i = 0; i < history->count; i++) {
        const struct conf_check *at =
            collector_conf_check_by_id(history->versions[i].config, check);

        if (at == NULL || at->check.interval_ms == interval_ms)
            continue;
        if (interval_ms != 0)
            return true;
        interval_ms = at->check.interval_ms;
    }
    return false;
}

/*
 * The result with the slot it is judged in: one that a new interval cut at the
 * front begins later than its stamp, and the old interval's last one may have
 * the same stamp.
 */
static struct raw_result
placed(const struct walk *walk, const struct raw_result *result)
{
    struct raw_result out = *result;
    int64_t start;

    if (walk->timeline.count == 0)
        return out;
    start = timeline_place(&walk->timeline, &out.measure);
    if (start != TIMELINE_NO_SLOT)
        out.measure.slot_unix_ms = start;
    return out;
}

static bool
is_apart(struct walk *walk, const struct measure *m)
{
    const struct conf_version *version =
        conf_history_at(walk->history, m->slot_unix_ms);
    const struct conf_check *check;

    if (version == NULL)
        return false;
    if (version == walk->version)
        return walk->apart;
    check = conf_history_check(walk->history, m->check_id, m->slot_unix_ms);
    walk->version = version;
    walk->apart = check != NULL && check->check.family == CHECK_FAMILY_BOTH;
    return walk->apart;
}

static int
take(void *ctx, const struct raw_result *result, struct err *err)
{
    struct walk *walk = ctx;
    const struct raw_result in_slot = placed(walk, result);
    int64_t bucket = result->measure.slot_unix_ms / RAW_BUCKET_MS;

    if (bucket != walk->bucket || result->region != walk->region ||
        result->agent != walk->agent) {
        if (legs_tell(&walk->legs, walk->fn, walk->ctx, err) != 0)
            return -1;
        walk->bucket = bucket;
        walk->region = result->region;
        walk->agent = result->agent;
    }
    return legs_add(
        &walk->legs, &in_slot, is_apart(walk, &in_slot.measure), err);
}

int
leg_walk(struct store_txn *txn, const struct conf_history *history,
    const struct leg_span *span, leg_fn *fn, void *ctx, struct err *err)
{
    struct walk walk = {.history = history, .fn = fn, .ctx = ctx};
    int rc = 0;

    /* From the beginning of time: whoever has results had a slot for them. */
    if (has_more_grids(history, span->check))
        rc = timeline_make(history, span->check, 0, &walk.timeline, err);
    if (rc == 0)
        rc = raw_each(txn, span->check, span->from_unix_ms, span->to_unix_ms,
            take, &walk, err);
    if (rc == 0)
        rc = legs_tell(&walk.legs, fn, ctx, err);
    legs_free(&walk.legs);
    timeline_free(&walk.timeline);
    return rc;
}
