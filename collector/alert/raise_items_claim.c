#include <stdlib.h>
#include <string.h>

#include "raise_check.h"
#include "raise_own.h"
#include "raise_region.h"

enum { HOST_BYTES = 256 };

static struct raise_view
view_of(const struct raise *raise, const struct raise_item *item)
{
    return (struct raise_view){.check = &item->check->check,
        .legs = item->legs,
        .count = item->count,
        .zone = raise_newest(raise)->zone};
}

/* ---- what legs show ---- */

static bool
is_of_legs(const struct condition_claim *claim)
{
    return claim->class != ALERT_DNS || strcmp(claim->key, "servers") == 0 ||
           strcmp(claim->key, "dnssec") == 0;
}

/*
 * What was raised before a restart holds until so many slots have been seen
 * that it would be raised again.
 */
static int
keep_unknown(const struct raise *raise, const struct raise_view *view,
    struct condition_claims *claims, struct err *err)
{
    static const enum alert_class classes[] = {
        ALERT_SLOW, ALERT_FAMILY, ALERT_MAIL, ALERT_DNS};

    if (raise_view_is_known(view))
        return 0;
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        const struct condition_claims *held = &raise->held[classes[i]];

        for (size_t k = 0; k < held->count; k++) {
            if (held->items[k].check == view->check->id &&
                is_of_legs(&held->items[k]) &&
                condition_claims_add(claims, &held->items[k], err) != 0)
                return -1;
        }
    }
    return 0;
}

static int
claim_item(const struct raise *raise, const struct raise_item *item,
    struct condition_claims *claims, struct err *err)
{
    const struct raise_view view = view_of(raise, item);

    if (!raise_view_is_known(&view) &&
        keep_unknown(raise, &view, claims, err) != 0)
        return -1;
    if (raise_slow(&view, claims, err) != 0 ||
        raise_family(&view, claims, err) != 0)
        return -1;
    if (item->check->check.kind == CHECK_DNS &&
        raise_dns(&view, claims, err) != 0)
        return -1;
    return item->check->check.kind == CHECK_MAIL
               ? raise_mail(&view, claims, err)
               : 0;
}

/* ---- regions ---- */

/* What a region, or all the others, say as of their agents' newest slots. */
struct votes {
    size_t up;
    size_t down;
    int64_t slot_unix_ms;
    int64_t since_unix_ms;
};

static void
count_vote(const struct raise_leg *leg, struct votes *votes)
{
    bool down = leg->streaks[SIGN_DOWN].in > 0;

    if (leg->slots == 0)
        return;
    votes->up += !down;
    votes->down += down;
    if (leg->slot_unix_ms > votes->slot_unix_ms)
        votes->slot_unix_ms = leg->slot_unix_ms;
    if (down && leg->streaks[SIGN_DOWN].since_unix_ms > votes->since_unix_ms)
        votes->since_unix_ms = leg->streaks[SIGN_DOWN].since_unix_ms;
}

static struct votes
votes_of(const struct raise_item *item, const char *region)
{
    struct votes votes = {0};

    for (size_t i = 0; i < item->count; i++) {
        if (strcmp(item->legs[i].region, region) == 0)
            count_vote(&item->legs[i], &votes);
    }
    return votes;
}

/*
 * Whoever was up before the region's first bad slot, and has not looked since,
 * says nothing: what fails for everybody is met by one region first.
 */
static bool
is_up_elsewhere(
    const struct raise_item *item, const char *region, int64_t since_unix_ms)
{
    struct votes others = {0};

    for (size_t i = 0; i < item->count; i++) {
        const struct raise_leg *leg = &item->legs[i];

        if (strcmp(leg->region, region) != 0 &&
            (leg->slot_unix_ms >= since_unix_ms ||
                leg->streaks[SIGN_DOWN].in > 0))
            count_vote(leg, &others);
    }
    return others.up > others.down;
}

struct survey {
    struct raise_spot *spots; /* owned; room for all checks */
    char (*hosts)[HOST_BYTES];
    size_t count;
    bool any_bad;
};

static void
survey_region(
    const struct raise *raise, const char *region, struct survey *survey)
{
    survey->count = 0;
    survey->any_bad = false;
    for (size_t i = 0; i < raise->item_count; i++) {
        const struct raise_item *item = raise->items[i];
        struct votes own;
        struct raise_spot *spot = &survey->spots[survey->count];
        const struct check *check;

        if (!raise_item_is_watched(item))
            continue;
        own = votes_of(item, region);
        if (own.up + own.down == 0)
            continue;
        check = &item->check->check;
        raise_host_of(check->url != NULL    ? check->url
                      : check->host != NULL ? check->host
                                            : "",
            survey->hosts[survey->count], HOST_BYTES);
        *spot = (struct raise_spot){.host = survey->hosts[survey->count],
            .interval_ms = check->interval_ms,
            .slot_unix_ms = own.slot_unix_ms,
            .bad = own.down > own.up &&
                   is_up_elsewhere(item, region, own.since_unix_ms),
            .since_unix_ms = own.since_unix_ms};
        survey->any_bad |= spot->bad;
        survey->count++;
    }
}

/* Nothing is known yet after a restart: as it was. */
static bool
is_to_keep(const struct raise *raise, const struct survey *survey, bool held)
{
    return held && 2 * survey->count < raise->item_count;
}

static int
claim_regions(
    const struct raise *raise, struct condition_claims *claims, struct err *err)
{
    const struct config *config = raise_newest(raise);
    struct survey survey = {
        .spots = calloc(raise->item_count + 1, sizeof(*survey.spots)),
        .hosts = calloc(raise->item_count + 1, HOST_BYTES)};
    int rc = 0;

    if (survey.spots == NULL || survey.hosts == NULL)
        rc = err_set(err, ERR_NOMEM, "regions");
    for (size_t i = 0; rc == 0 && i < config->regions.count; i++) {
        const char *name = config->regions.names[i];
        const struct condition_claim *held =
            raise_find_held(raise, ALERT_REGION_NETWORK, name, NULL);

        survey_region(raise, name, &survey);
        if (is_to_keep(raise, &survey, held != NULL))
            rc = condition_claims_add(claims, held, err);
        else if (survey.any_bad)
            rc = raise_region_network(&(struct raise_region){.name = name,
                                          .spots = survey.spots,
                                          .count = survey.count,
                                          .held = held != NULL,
                                          .zone = config->zone},
                claims, err);
    }
    free(survey.spots);
    free(survey.hosts);
    return rc;
}

int
raise_items_claim(
    const struct raise *raise, struct condition_claims *claims, struct err *err)
{
    for (size_t i = 0; i < raise->item_count; i++) {
        if (raise_item_is_watched(raise->items[i]) &&
            claim_item(raise, raise->items[i], claims, err) != 0)
            return -1;
    }
    return claim_regions(raise, claims, err);
}
