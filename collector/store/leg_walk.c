#include "leg_walk.h"

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
};

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
    int64_t bucket = result->measure.slot_unix_ms / RAW_BUCKET_MS;

    if (bucket != walk->bucket || result->region != walk->region ||
        result->agent != walk->agent) {
        if (legs_tell(&walk->legs, walk->fn, walk->ctx, err) != 0)
            return -1;
        walk->bucket = bucket;
        walk->region = result->region;
        walk->agent = result->agent;
    }
    return legs_add(&walk->legs, result, is_apart(walk, &result->measure), err);
}

int
leg_walk(struct store_txn *txn, const struct conf_history *history,
    const struct leg_span *span, leg_fn *fn, void *ctx, struct err *err)
{
    struct walk walk = {.history = history, .fn = fn, .ctx = ctx};
    int rc = raw_each(txn, span->check, span->from_unix_ms, span->to_unix_ms,
        take, &walk, err);

    if (rc == 0)
        rc = legs_tell(&walk.legs, fn, ctx, err);
    legs_free(&walk.legs);
    return rc;
}
