#include "sla.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "pages.h"
#include "past_row.h"
#include "registry.h"
#include "retention.h"

enum { LETTERS_LIMIT_BYTES = 64 << 20 };

/* ---- sums ---- */

struct summing {
    struct store_txn *txn;
    struct sla *sla;
    const struct sla_spec *spec;
    int64_t first_unix_ms; /* slots that begin before it are counted */
    int64_t judged_until_unix_ms;
    struct uptime_window window;
    const struct timeline_segment *mapped;
    size_t places[VERDICT_ROW_SCOPES_MAX]; /* of its scopes in the sla */
};

static struct sla_scope *
find_scope(struct sla *sla, const char *name, size_t from)
{
    for (size_t i = from; i < sla->scope_count; i++) {
        if (strcmp(sla->scopes[i].name, name) == 0)
            return &sla->scopes[i];
    }
    return NULL;
}

static int
pad_letters(struct sla_scope *scope, size_t count, struct err *err)
{
    while (scope->letters.len < count) {
        if (buf_append(&scope->letters, ".", 1, err) != 0)
            return -1;
    }
    return 0;
}

static struct sla_scope *
add_scope(struct sla *sla, const char *name, struct err *err)
{
    struct sla_scope *scopes =
        realloc(sla->scopes, (sla->scope_count + 1) * sizeof(sla->scopes[0]));
    struct sla_scope *scope;

    if (scopes == NULL) {
        (void)err_set(err, ERR_NOMEM, "scope %s", name);
        return NULL;
    }
    sla->scopes = scopes;
    scope = &scopes[sla->scope_count++];
    *scope = (struct sla_scope){.incidents = NULL};
    (void)snprintf(scope->name, sizeof(scope->name), "%s", name);
    buf_init(&scope->letters, LETTERS_LIMIT_BYTES);
    /* A region that came later has no verdicts before. */
    return pad_letters(scope, sla->slots, err) == 0 ? scope : NULL;
}

/* Finds the scopes of a segment, once for all of its hours. */
static int
map_scopes(struct summing *summing, const struct timeline_segment *segment,
    struct err *err)
{
    struct sla *sla = summing->sla;

    if (summing->mapped == segment)
        return 0;
    for (size_t at = 0; at <= segment->check->regions.count; at++) {
        const char *name =
            at == 0 ? "global" : segment->check->regions.names[at - 1];
        struct sla_scope *scope = find_scope(sla, name, at == 0 ? 0 : 1);

        if (scope == NULL)
            scope = add_scope(sla, name, err);
        if (scope == NULL)
            return -1;
        summing->places[at] = (size_t)(scope - sla->scopes);
    }
    summing->mapped = segment;
    return 0;
}

static bool
is_within(const struct page *page, size_t slot, const struct summing *summing)
{
    int64_t start_unix_ms = page_slot_start(page, slot);

    return page_slot_end(page, slot) > summing->spec->from_unix_ms &&
           start_unix_ms < summing->spec->to_unix_ms &&
           start_unix_ms >= summing->first_unix_ms;
}

/* Sums up one scope's slots; gives how many there were, or -1. */
static int
sum_scope(struct summing *summing, const struct page *page, size_t at,
    size_t *count, struct err *err)
{
    struct sla_scope *scope = &summing->sla->scopes[summing->places[at]];

    *count = 0;
    for (size_t slot = 0; slot < page->slots; slot++) {
        enum verdict verdict =
            (enum verdict)page_mark_of(page, at, slot)->verdict;
        int64_t end = page_slot_end(page, slot);
        char letter = verdict_letter(verdict);

        if (!is_within(page, slot, summing))
            continue;
        (*count)++;
        uptime_add(&scope->uptime, &summing->window,
            page_slot_start(page, slot), end, verdict);
        if (at == 0 && verdict != VERDICT_PENDING &&
            end > summing->judged_until_unix_ms)
            summing->judged_until_unix_ms = end;
        if (summing->spec->verdicts &&
            buf_append(&scope->letters, &letter, 1, err) != 0)
            return -1;
    }
    return 0;
}

static void
note_first(const struct summing *summing, const struct page *page)
{
    struct sla *sla = summing->sla;

    for (size_t slot = 0; sla->slot_ms == 0 && slot < page->slots; slot++) {
        if (!is_within(page, slot, summing))
            continue;
        sla->slot_ms = page->segment->interval_ms;
        sla->first_slot_unix_ms = page_slot_start(page, slot);
    }
}

static int
sum_page(void *ctx, const struct page *page, struct err *err)
{
    struct summing *summing = ctx;
    struct sla *sla = summing->sla;
    size_t count = 0;

    note_first(summing, page);
    if (map_scopes(summing, page->segment, err) != 0)
        return -1;
    for (size_t at = 0; at < page->scopes; at++) {
        if (sum_scope(summing, page, at, &count, err) != 0)
            return -1;
    }
    sla->slots += count;
    for (size_t i = 0; summing->spec->verdicts && i < sla->scope_count; i++) {
        if (pad_letters(&sla->scopes[i], sla->slots, err) != 0)
            return -1;
    }
    return 0;
}

/* The same of an hour of which it is enough to know how many. */
static int
sum_hour(void *ctx, const struct page_sums *sums, struct err *err)
{
    struct summing *summing = ctx;
    struct sla *sla = summing->sla;
    int64_t slot_ms = sums->segment->interval_ms;
    int64_t end_unix_ms = sums->first_unix_ms + (int64_t)sums->slots * slot_ms;

    if (map_scopes(summing, sums->segment, err) != 0)
        return -1;
    for (size_t at = 0; at < sums->scopes; at++) {
        const uint32_t *of = sums->counts[at].of;
        struct uptime *uptime = &sla->scopes[summing->places[at]].uptime;

        uptime->up_ms += (int64_t)of[VERDICT_UP] * slot_ms;
        uptime->partial_ms += (int64_t)of[VERDICT_PARTIAL] * slot_ms;
        uptime->down_ms += (int64_t)of[VERDICT_DOWN] * slot_ms;
        uptime->unknown_ms += (int64_t)of[VERDICT_UNKNOWN] * slot_ms;
    }
    if (end_unix_ms > summing->judged_until_unix_ms)
        summing->judged_until_unix_ms = end_unix_ms;
    return 0;
}

static int64_t
earlier_of(int64_t a_unix_ms, int64_t b_unix_ms)
{
    return a_unix_ms < b_unix_ms ? a_unix_ms : b_unix_ms;
}

/* ---- days whose verdict rows are gone ---- */

static struct sla_scope *
past_scope(struct summing *summing, uint16_t region, struct err *err)
{
    char name[REGISTRY_NAME_BYTES] = "global";
    struct sla_scope *scope;
    int rc = 1;

    if (region != 0)
        rc = registry_name(summing->txn, REGISTRY_REGION, region, name, err);
    if (rc == 0)
        (void)err_set(
            err, ERR_STATE, "past verdicts of a region that nobody knows");
    if (rc != 1)
        return NULL;
    scope = find_scope(summing->sla, name, region == 0 ? 0 : 1);
    return scope != NULL ? scope : add_scope(summing->sla, name, err);
}

static int
sum_past(
    void *ctx, uint16_t region, const struct past_day *day, struct err *err)
{
    struct summing *summing = ctx;
    struct sla_scope *scope = past_scope(summing, region, err);

    if (scope == NULL)
        return -1;
    for (size_t i = 0; i < day->count; i++) {
        const struct past_run *run = &day->runs[i];
        int64_t end_unix_ms = run->start_unix_ms + run->length_ms;

        uptime_add(&scope->uptime, &summing->window, run->start_unix_ms,
            end_unix_ms, (enum verdict)run->verdict);
        if (region == 0 && end_unix_ms > summing->judged_until_unix_ms)
            summing->judged_until_unix_ms = end_unix_ms;
    }
    return 0;
}

/* Letters are of one stretch of slots: the last. */
static void
begin_stretch(struct sla *sla)
{
    for (size_t i = 0; i < sla->scope_count; i++)
        buf_clear(&sla->scopes[i].letters);
    sla->slots = 0;
    sla->slot_ms = 0;
}

/* What verdict rows say of the span. */
static int
sum_rows(struct summing *summing, struct pages_query *pages,
    struct sla_spec *clipped, struct err *err)
{
    if (clipped->from_unix_ms >= clipped->to_unix_ms)
        return 0;
    begin_stretch(summing->sla);
    pages->from_unix_ms = clipped->from_unix_ms;
    pages->to_unix_ms = clipped->to_unix_ms;
    return pages_each(pages, sum_page, summing, err);
}

/*
 * Day by day as long as rows may be gone, and what lies between those that are
 * kept as past rows, and behind them, by verdict rows.
 */
static int
sum_days(struct summing *summing, struct pages_query *pages,
    struct sla_spec *clipped, struct err *err)
{
    int64_t to_unix_ms = clipped->to_unix_ms;
    int64_t recent_unix_ms =
        retention_verdicts_from(pages->now_unix_ms) + PAST_DAY_MS;
    struct past_place place = {.check = clipped->check};

    summing->first_unix_ms = INT64_MIN;
    /* A slot that began the day before may reach into the span. */
    place.day_unix_ms =
        timeline_floor(clipped->from_unix_ms, PAST_DAY_MS) - PAST_DAY_MS;
    for (; place.day_unix_ms < to_unix_ms && place.day_unix_ms < recent_unix_ms;
         place.day_unix_ms += PAST_DAY_MS) {
        int rc = past_is_kept(summing->txn, &place, err);

        if (rc == 0)
            continue;
        clipped->to_unix_ms = earlier_of(place.day_unix_ms, to_unix_ms);
        if (rc < 0 || sum_rows(summing, pages, clipped, err) != 0 ||
            past_each(summing->txn, &place, sum_past, summing, err) != 0)
            return -1;
        summing->first_unix_ms = place.day_unix_ms + PAST_DAY_MS;
        if (summing->first_unix_ms > clipped->from_unix_ms)
            clipped->from_unix_ms = summing->first_unix_ms;
    }
    clipped->to_unix_ms = to_unix_ms;
    return sum_rows(summing, pages, clipped, err);
}

static int
sum_up(struct store_txn *txn, const struct conf_history *conf,
    const struct sla_spec *spec, struct sla *sla, struct err *err)
{
    struct timeline timeline;
    struct sla_spec clipped = *spec;
    struct summing summing = {.txn = txn, .sla = sla, .spec = &clipped};
    struct pages_query pages;
    int rc;

    if (pages_timeline(txn, conf, spec->check, &timeline, err) != 0)
        return -1;
    /* The slot that is under way may be judged already. */
    if (spec->to_unix_ms > spec->now_unix_ms)
        clipped.to_unix_ms =
            earlier_of(spec->to_unix_ms, spec->now_unix_ms + 1);
    summing.window =
        (struct uptime_window){spec->from_unix_ms, spec->to_unix_ms};
    summing.judged_until_unix_ms = spec->from_unix_ms;
    pages = (struct pages_query){
        .txn = txn,
        .timeline = &timeline,
        .newest = conf->versions[conf->count - 1].config,
        .now_unix_ms = spec->now_unix_ms,
        .sums = spec->verdicts ? NULL : sum_hour, /* letters need slots */
    };
    rc = sum_days(&summing, &pages, &clipped, err);
    sla->running = spec->to_unix_ms > spec->now_unix_ms;
    sla->to_unix_ms = spec->to_unix_ms;
    if (sla->running)
        sla->to_unix_ms =
            earlier_of(spec->to_unix_ms, summing.judged_until_unix_ms);
    timeline_free(&timeline);
    return rc;
}

/* ---- incidents ---- */

static int
add_incident(void *ctx, const struct incident_row *row, struct err *err)
{
    struct sla *sla = ctx;
    struct sla_scope *scope =
        find_scope(sla, row->scope, strcmp(row->scope, "global") == 0 ? 0 : 1);
    struct sla_incident *incidents;

    if (scope == NULL || row->state == INCIDENT_WITHDRAWN)
        return 0;
    incidents = realloc(
        scope->incidents, (scope->incident_count + 1) * sizeof(incidents[0]));
    if (incidents == NULL)
        return err_set(
            err, ERR_NOMEM, "%zu incidents", scope->incident_count + 1);
    scope->incidents = incidents;
    incidents += scope->incident_count++;
    *incidents = (struct sla_incident){
        .start_unix_ms = row->start_unix_ms,
        .detected_unix_ms = row->detected_unix_ms,
        .end_unix_ms = row->end_unix_ms,
        .noticed_unix_ms = row->noticed_unix_ms,
    };
    memcpy(incidents->id, row->id, sizeof(incidents->id));
    return 0;
}

/* ---- the whole ---- */

/* The check as it is, or was last. */
static const struct conf_check *
last_conf(const struct conf_history *conf, uint32_t check)
{
    for (size_t i = conf->count; i > 0; i--) {
        const struct conf_check *found =
            collector_conf_check_by_id(conf->versions[i - 1].config, check);

        if (found != NULL)
            return found;
    }
    return NULL;
}

/* A span without a slot names its scopes all the same. */
static int
add_scopes_of(struct sla *sla, const struct conf_check *check, struct err *err)
{
    if (add_scope(sla, "global", err) == NULL)
        return -1;
    for (size_t i = 0; i < check->regions.count; i++) {
        if (add_scope(sla, check->regions.names[i], err) == NULL)
            return -1;
    }
    return 0;
}

int
sla_query(struct store_txn *txn, const struct conf_history *conf,
    const struct sla_spec *spec, struct sla *sla, struct err *err)
{
    const struct conf_check *check = last_conf(conf, spec->check);
    const struct history_query query = {
        .check = spec->check,
        .from_unix_ms = spec->from_unix_ms,
        .to_unix_ms = spec->to_unix_ms,
        .now_unix_ms = spec->now_unix_ms,
    };

    *sla = (struct sla){
        .from_unix_ms = spec->from_unix_ms, .verdicts = spec->verdicts};
    if (check == NULL)
        return err_set(err, ERR_PARSE, "no such check was ever configured");
    memcpy(sla->check, check->check.name, sizeof(sla->check));
    sla->target_millionths = spec->target_millionths;
    if (spec->target_millionths == SLA_OWN_TARGET)
        sla->target_millionths = check->target_millionths;
    if (sum_up(txn, conf, spec, sla, err) != 0)
        goto fail;
    if (sla->scope_count == 0 && add_scopes_of(sla, check, err) != 0)
        goto fail;
    if (history_incidents(txn, conf, &query, add_incident, sla, err) != 0)
        goto fail;
    sla->verdict = uptime_sla(&sla->scopes[0].uptime, sla->target_millionths);
    return 0;

fail:
    sla_free(sla);
    return -1;
}

void
sla_free(struct sla *sla)
{
    for (size_t i = 0; i < sla->scope_count; i++) {
        free(sla->scopes[i].incidents);
        buf_free(&sla->scopes[i].letters);
    }
    free(sla->scopes);
    *sla = (struct sla){.scopes = NULL};
}
