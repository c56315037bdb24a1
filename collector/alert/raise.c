#include "raise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "raise_own.h"

enum {
    GAP_S = 10,     /* the writer looks in each second */
    EVENTS_S = 3600 /* events end by themselves, when somebody looks */
};

const struct config *
raise_newest(const struct raise *raise)
{
    return raise->conf->versions[raise->conf->count - 1].config;
}

const struct condition_claim *
raise_find_held(const struct raise *raise, enum alert_class class,
    const char *subject, const char *key)
{
    const struct condition_claims *held = &raise->held[class];

    for (size_t i = 0; i < held->count; i++) {
        if (strcmp(held->items[i].subject, subject) == 0 &&
            (key == NULL || strcmp(held->items[i].key, key) == 0))
            return &held->items[i];
    }
    return NULL;
}

/* ---- from start to end ---- */

static void
forget(struct raise *raise)
{
    raise_items_free(raise);
    for (int class = 0; class < ALERT_CLASS_COUNT; class ++)
        condition_claims_free(&raise->held[class]);
    condition_claims_free(&raise->events);
}

static int
take_held(void *ctx, const struct condition *condition, struct err *err)
{
    struct raise *raise = ctx;

    return condition->claim.event
               ? 0
               : condition_claims_add(&raise->held[condition->claim.class],
                     &condition->claim, err);
}

static int
load(struct raise *raise, struct store_txn *txn, const struct raise_now *now,
    struct err *err)
{
    if (condition_each_open(txn, take_held, raise, err) != 0 ||
        raise_peers_load(raise, txn, now, err) != 0)
        return -1;
    return raise_items_load(raise, txn, err);
}

struct raise *
raise_new(struct store_txn *txn, const struct conf_history *conf,
    const struct raise_now *now, struct err *err)
{
    struct raise *raise = calloc(1, sizeof(*raise));

    if (raise == NULL) {
        (void)err_set(err, ERR_NOMEM, "raising alerts");
        return NULL;
    }
    raise->conf = conf;
    raise->listening_ns = now->mono_ns;
    raise->listening_unix_ms = now->unix_ms;
    raise->events_ns = now->mono_ns;
    raise->ran_ns = now->mono_ns;
    if (load(raise, txn, now, err) != 0) {
        raise_free(raise);
        return NULL;
    }
    return raise;
}

void
raise_free(struct raise *raise)
{
    if (raise == NULL)
        return;
    forget(raise);
    condition_claims_free(&raise->own);
    raise_peers_free(raise);
    free(raise);
}

void
raise_set_history(struct raise *raise, const struct conf_history *conf)
{
    raise->conf = conf;
    raise_items_follow(raise);
}

/* Who was heard is known all the same. */
int
raise_reload(struct raise *raise, struct store_txn *txn,
    const struct raise_now *now, struct err *err)
{
    forget(raise);
    return load(raise, txn, now, err);
}

void
raise_note_refused(struct raise *raise, const char *why, int64_t now_unix_ms)
{
    if (why[0] != '\0' && raise->own_refused[0] == '\0')
        raise->own_refused_unix_ms = now_unix_ms;
    (void)snprintf(
        raise->own_refused, sizeof(raise->own_refused), "%.255s", why);
    raise->dirty |= RAISE_PART_FLEET;
}

int
raise_note_own(struct raise *raise, const struct condition_claim *claim,
    bool bad, struct err *err)
{
    struct condition_claims *own = &raise->own;
    size_t kept = 0;

    raise->dirty |= RAISE_PART_FLEET;
    if (claim->event)
        return condition_claims_add(&raise->events, claim, err);
    for (size_t i = 0; i < own->count; i++) {
        if (own->items[i].class != claim->class)
            own->items[kept++] = own->items[i];
    }
    own->count = kept;
    raise->own_known[claim->class] = true;
    return bad ? condition_claims_add(own, claim, err) : 0;
}

/* What was noted, and of what was not yet, what was raised before. */
static int
claim_own(
    const struct raise *raise, struct condition_claims *claims, struct err *err)
{
    static const enum alert_class classes[] = {
        ALERT_STORE_FULL, ALERT_BACKUP_FAILED};

    for (size_t i = 0; i < raise->own.count; i++) {
        if (condition_claims_add(claims, &raise->own.items[i], err) != 0)
            return -1;
    }
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        const struct condition_claims *held = &raise->held[classes[i]];

        for (size_t k = 0; k < held->count && !raise->own_known[classes[i]];
             k++) {
            if (condition_claims_add(claims, &held->items[k], err) != 0)
                return -1;
        }
    }
    return 0;
}

/* ---- settling ---- */

struct settling {
    struct raise *raise;
    struct store_txn *txn;
    int64_t now_unix_ms;
    condition_news_fn *fn;
    void *ctx;
};

static bool
is_same(const struct condition_claim *a, const struct condition_claim *b)
{
    return a->severity == b->severity && strcmp(a->subject, b->subject) == 0 &&
           strcmp(a->scope, b->scope) == 0 && strcmp(a->key, b->key) == 0 &&
           strcmp(a->words, b->words) == 0;
}

static bool
are_same(const struct condition_claims *a, const struct condition_claims *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!is_same(&a->items[i], &b->items[i]))
            return false;
    }
    return true;
}

/* The claims of one class among all; news of it too. */
static int
pick(const struct condition_claims *all, enum alert_class class,
    struct condition_claims *out, struct err *err)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].class == class &&
            condition_claims_add(out, &all->items[i], err) != 0)
            return -1;
    }
    return 0;
}

static int
settle_class(const struct settling *settling, enum alert_class class,
    const struct condition_claims *all, struct err *err)
{
    struct raise *raise = settling->raise;
    struct condition_claims held = {0};
    struct condition_claims with_events = {0};
    int rc = pick(all, class, &held, err);

    if (rc == 0)
        rc = pick(&held, class, &with_events, err);
    if (rc == 0)
        rc = pick(&raise->events, class, &with_events, err);
    if (rc == 0 && (raise->all || with_events.count > held.count ||
                       !are_same(&held, &raise->held[class])))
        rc = condition_settle(settling->txn, class, &with_events,
            settling->now_unix_ms, settling->fn, settling->ctx, err);
    condition_claims_free(&with_events);
    if (rc != 0) {
        condition_claims_free(&held);
        return -1;
    }
    condition_claims_free(&raise->held[class]);
    raise->held[class] = held;
    return 0;
}

static int
settle_classes(const struct settling *settling, const enum alert_class *classes,
    size_t count, const struct condition_claims *all, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (settle_class(settling, classes[i], all, err) != 0)
            return -1;
    }
    return 0;
}

static int
settle_fleet(const struct settling *settling, const struct raise_now *now,
    struct err *err)
{
    static const enum alert_class classes[] = {ALERT_COLLECTOR_ISOLATED,
        ALERT_REGION_BLIND, ALERT_AGENT_OFFLINE, ALERT_AGENT_NETWORK,
        ALERT_AGENT_CLOCK, ALERT_CONFIG_REJECTED, ALERT_DUPLICATE_AGENT,
        ALERT_STORE_FULL, ALERT_BACKUP_FAILED, ALERT_STORE_DAMAGED};
    struct raise *raise = settling->raise;
    struct condition_claims claims = {0};
    int rc;

    if ((raise->dirty & RAISE_PART_FLEET) == 0 &&
        now->mono_ns - raise->fleet_ns < NS_PER_SEC)
        return 0;
    raise->fleet_ns = now->mono_ns;
    rc = raise_peers_claim(raise, now, &claims, err);
    if (rc == 0)
        rc = claim_own(raise, &claims, err);
    if (rc == 0)
        rc = settle_classes(settling, classes,
            sizeof(classes) / sizeof(classes[0]), &claims, err);
    condition_claims_free(&claims);
    return rc;
}

static int
settle_checks(const struct settling *settling, struct err *err)
{
    static const enum alert_class classes[] = {ALERT_SLOW, ALERT_FAMILY,
        ALERT_MAIL, ALERT_DNS, ALERT_REGION_NETWORK, ALERT_CERT};
    struct raise *raise = settling->raise;
    struct condition_claims claims = {0};
    int rc;

    if ((raise->dirty & (RAISE_PART_LEGS | RAISE_PART_SEEN)) == 0 &&
        settling->now_unix_ms < raise->seen_next_unix_ms)
        return 0;
    rc = raise_items_claim(raise, &claims, err);
    if (rc == 0)
        rc = raise_seen_claim(
            raise, settling->txn, settling->now_unix_ms, &claims, err);
    if (rc == 0)
        rc = settle_classes(settling, classes,
            sizeof(classes) / sizeof(classes[0]), &claims, err);
    condition_claims_free(&claims);
    return rc;
}

static int
settle_sums(const struct settling *settling, struct err *err)
{
    static const enum alert_class classes[] = {ALERT_P95, ALERT_BUDGET};
    struct raise *raise = settling->raise;
    struct condition_claims claims = {0};
    int rc = raise_sums_run(raise, settling->txn, settling->now_unix_ms, err);

    if (rc != 0 ||
        ((raise->dirty & RAISE_PART_SUMS) == 0 && raise->events.count == 0))
        return rc;
    rc = raise_sums_claim(raise, &claims, err);
    if (rc == 0)
        rc = settle_classes(settling, classes,
            sizeof(classes) / sizeof(classes[0]), &claims, err);
    condition_claims_free(&claims);
    return rc;
}

/* We were stopped, or our disk: nobody could be heard meanwhile. */
static void
look_for_gap(struct raise *raise, const struct raise_now *now)
{
    if (now->mono_ns - raise->ran_ns > GAP_S * NS_PER_SEC)
        raise_peers_listen(raise, now);
    raise->ran_ns = now->mono_ns;
}

int
raise_run(struct raise *raise, struct store_txn *txn,
    const struct raise_now *now, condition_news_fn *fn, void *ctx,
    struct err *err)
{
    const struct settling settling = {.raise = raise,
        .txn = txn,
        .now_unix_ms = now->unix_ms,
        .fn = fn,
        .ctx = ctx};

    look_for_gap(raise, now);
    raise->all = now->mono_ns - raise->events_ns > EVENTS_S * NS_PER_SEC;
    if (raise->all) {
        raise->events_ns = now->mono_ns;
        raise->dirty = RAISE_PART_ALL;
    }
    if (raise_items_sweep(raise, txn, err) != 0 ||
        settle_fleet(&settling, now, err) != 0 ||
        settle_checks(&settling, err) != 0 || settle_sums(&settling, err) != 0)
        return -1;
    condition_claims_free(&raise->events);
    raise->dirty = 0;
    return 0;
}
