#include "digest_sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hist.h"
#include "history.h"
#include "leg_walk.h"

enum { P95_MILLIONTHS = 950000 };

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

struct collecting {
    struct store_txn *txn;
    const struct digest_query *query;
    struct uptime_window day;
    struct uptime_window month;
    struct hist *hist; /* owned */
};

/* ---- uptime of the main check ---- */

static void
add_slots(const struct collecting *at, const struct history_scope *whole,
    struct mail_digest_site *site)
{
    for (size_t i = 0; i < whole->count; i++) {
        const struct history_slot *slot = &whole->slots[i];
        enum verdict verdict = (enum verdict)slot->verdict;

        uptime_add(&site->day, &at->day, slot->start_unix_ms, slot->end_unix_ms,
            verdict);
        uptime_add(&site->month, &at->month, slot->start_unix_ms,
            slot->end_unix_ms, verdict);
    }
}

static int
take_uptime(struct collecting *at, uint32_t check,
    struct mail_digest_site *site, struct err *err)
{
    struct history history = {0};

    if (history_read(at->txn, at->query->conf,
            &(struct history_query){
                .check = check,
                .from_unix_ms = at->month.from_unix_ms < at->day.from_unix_ms
                                    ? at->month.from_unix_ms
                                    : at->day.from_unix_ms,
                .to_unix_ms = at->query->now_unix_ms,
                .now_unix_ms = at->query->now_unix_ms,
            },
            &history, err) != 0)
        return -1;
    if (history.count > 0)
        add_slots(at, &history.scopes[0], site);
    history_free(&history);
    return 0;
}

/* ---- its p95 ---- */

static int
take_leg(void *ctx, const struct leg *leg, struct err *err)
{
    struct collecting *at = ctx;

    (void)err;
    if (leg_is_served(leg) && leg->last->phase_us[PHASE_TOTAL] >= 0)
        hist_add(at->hist, leg->last->phase_us[PHASE_TOTAL]);
    return 0;
}

static int
take_p95(struct collecting *at, uint32_t check, struct mail_digest_site *site,
    struct err *err)
{
    const struct leg_span span = {
        .check = check,
        .from_unix_ms = at->day.from_unix_ms,
        .to_unix_ms = at->query->now_unix_ms + 1,
    };

    hist_init(at->hist);
    if (leg_walk(at->txn, at->query->conf, &span, take_leg, at, err) != 0)
        return -1;
    if (at->hist->n >= MAIL_P95_MIN_COUNT)
        site->p95_us = (int64_t)hist_at_rank_us(
            at->hist, hist_rank(at->hist->n, P95_MILLIONTHS));
    return 0;
}

/* ---- its forms: a slot of theirs is an attempt ---- */

static int
take_form(struct collecting *at, uint32_t check, struct mail_digest_site *site,
    struct err *err)
{
    struct history history = {0};

    site->has_form = true;
    if (history_read(at->txn, at->query->conf,
            &(struct history_query){
                .check = check,
                .from_unix_ms = at->day.from_unix_ms,
                .to_unix_ms = at->query->now_unix_ms,
                .now_unix_ms = at->query->now_unix_ms,
            },
            &history, err) != 0)
        return -1;
    for (size_t i = 0; history.count > 0 && i < history.scopes[0].count; i++) {
        uint8_t verdict = history.scopes[0].slots[i].verdict;

        site->form_good += verdict == VERDICT_UP || verdict == VERDICT_PARTIAL;
        site->form_bad += verdict == VERDICT_DOWN;
    }
    history_free(&history);
    return 0;
}

static int
take_site(struct collecting *at, const struct config *config,
    const struct conf_site *from, struct mail_digest_site *site,
    struct err *err)
{
    *site = (struct mail_digest_site){
        .p95_us = -1, .target_millionths = config->sla_target_millionths};
    (void)snprintf(site->name, sizeof(site->name), "%s", from->name);
    (void)snprintf(
        site->main_check, sizeof(site->main_check), "%s", from->main_check);
    for (size_t i = 0; i < config->check_count; i++) {
        const struct conf_check *check = &config->checks[i];
        uint32_t id = check_id_of(check->check.name);

        if (strcmp(check->check.name, from->main_check) == 0) {
            site->target_millionths = check->target_millionths;
            if (take_uptime(at, id, site, err) != 0 ||
                take_p95(at, id, site, err) != 0)
                return -1;
        }
        if (check->check.kind == CHECK_FORM &&
            strcmp(check->site, from->name) == 0 &&
            take_form(at, id, site, err) != 0)
            return -1;
    }
    return 0;
}

static int
take_sites(struct collecting *at, const struct config *config,
    struct mail_digest *digest, struct err *err)
{
    for (size_t i = 0; i < config->site_count; i++) {
        if (take_site(at, config, &config->sites[i], &digest->sites[i], err) !=
            0)
            return -1;
        digest->site_count++;
    }
    return 0;
}

int
digest_sites_collect(struct store_txn *txn, const struct digest_query *query,
    const struct config *config, struct mail_digest *digest, struct err *err)
{
    struct collecting at = {.txn = txn, .query = query};
    int64_t year;
    int64_t month;
    int64_t month_end;
    int rc;

    at.day.from_unix_ms = query->now_unix_ms - day_ms;
    at.day.to_unix_ms = query->now_unix_ms;
    zone_month_of(query->zone, query->now_unix_ms, &year, &month);
    zone_month_bounds(
        query->zone, year, month, &at.month.from_unix_ms, &month_end);
    at.month.to_unix_ms = query->now_unix_ms;
    digest->sites = calloc(config->site_count + 1, sizeof(*digest->sites));
    at.hist = malloc(sizeof(*at.hist));
    rc =
        digest->sites == NULL || at.hist == NULL
            ? err_set(err, ERR_NOMEM, "digest of %zu sites", config->site_count)
            : take_sites(&at, config, digest, err);
    free(at.hist);
    return rc;
}
