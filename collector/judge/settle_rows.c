#include "settle_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "retention.h"

enum { FRESH_MS = 600000 };

/* ---- which stored rows are concerned ---- */

static bool
is_concerned(const struct settle_rows *settle, const struct incident_row *row)
{
    int64_t from = found_list_known_from(settle->found, row->scope);

    if (from == INT64_MAX)
        return false;
    if (row->state == INCIDENT_WITHDRAWN)
        return row->start_unix_ms >= from;
    return row->end_unix_ms == 0 || row->end_unix_ms > from;
}

static int
add_row(void *ctx, const struct incident_row *row, struct err *err)
{
    struct settle_rows *settle = ctx;
    struct match_row *rows;

    if (!is_concerned(settle, row))
        return 0;
    rows = realloc(settle->rows, (settle->row_count + 1) * sizeof(rows[0]));
    if (rows == NULL)
        return err_set(err, ERR_NOMEM, "%zu incidents", settle->row_count + 1);
    settle->rows = rows;
    rows[settle->row_count++] =
        (struct match_row){.row = *row, .fate = MATCH_NONE};
    return 0;
}

static int
load_rows(struct settle_rows *settle, struct err *err)
{
    int64_t from = INT64_MAX;

    for (size_t i = 0; i < settle->found->scope_count; i++) {
        if (settle->found->scopes[i].from_unix_ms < from)
            from = settle->found->scopes[i].from_unix_ms;
    }
    if (from == INT64_MAX)
        return 0;
    return incident_each(settle->txn, settle->check->check, from < 0 ? 0 : from,
        INT64_MAX, add_row, settle, err);
}

/* ---- the reason ---- */

struct tallying {
    struct box box;
    size_t slot;
};

static int
note(void *ctx, const struct raw_result *result, const struct box_agent *who,
    size_t slot, struct err *err)
{
    struct tallying *tallying = ctx;

    return slot == tallying->slot
               ? box_note(&tallying->box, who, 0, &result->measure, err)
               : 0;
}

static uint8_t
region_of(const struct page *page, const char *scope)
{
    const struct conf_region_set *regions = &page->segment->check->regions;

    for (size_t i = 0; i < regions->count; i++) {
        if (strcmp(regions->names[i], scope) == 0)
            return (uint8_t)i;
    }
    return UINT8_MAX;
}

static uint8_t
most_given(const uint32_t counts[REASON_COUNT])
{
    uint8_t reason = REASON_NONE;

    for (uint8_t i = 0; i < REASON_COUNT; i++) {
        if (counts[i] > counts[reason])
            reason = i;
    }
    return reason;
}

/* What most of the down votes of the first bad slot say. */
static int
find_reason(const struct settle_rows *settle, const struct found *found,
    uint8_t *reason, struct err *err)
{
    const struct timeline *timeline = &settle->check->timeline;
    const struct timeline_segment *segment =
        timeline_at(timeline, found->start_unix_ms);
    struct page page = {.segment = NULL};
    struct tallying tallying = {.slot = 0};
    struct region_map regions;
    struct recount recount = {
        .txn = settle->txn,
        .timeline = timeline,
        .regions = &regions,
        .now_unix_ms = settle->watch->now_unix_ms,
        .note = note,
        .ctx = &tallying,
    };
    uint32_t counts[REASON_COUNT] = {0};
    int rc = -1;

    *reason = REASON_NONE;
    if (segment == NULL)
        return 0;
    if (page_turn(&page, segment,
            timeline_floor(found->start_unix_ms, TIMELINE_HOUR_MS), err) != 0 ||
        region_map_load(settle->txn, segment->check, &regions, err) != 0)
        goto out;
    tallying.slot = page_slot_at(&page, found->start_unix_ms);
    box_init(&tallying.box, 1, slot_rule_of(&segment->check->check));
    if (recount_read(&recount, &page, err) != 0)
        goto out;
    box_reasons(&tallying.box, 0,
        strcmp(found->scope, "global") == 0 ? UINT8_MAX
                                            : region_of(&page, found->scope),
        counts);
    *reason = most_given(counts);
    rc = 0;

out:
    box_free(&tallying.box);
    page_free(&page);
    return rc;
}

/* ---- one incident ---- */

/* Whether results that were not imported changed any of its slots. */
static bool
is_touched_live(const struct changes *changes, const struct found *found)
{
    return changes->live_to_unix_ms >= found->start_unix_ms &&
           (found->end_unix_ms == 0 ||
               changes->live_from_unix_ms < found->end_unix_ms);
}

static bool
start_is_touched(const struct changes *changes, const struct found *found)
{
    return found->start_unix_ms >= changes->from_unix_ms &&
           found->start_unix_ms <= changes->to_unix_ms;
}

/* Whether the votes of its first bad slot can still be read. */
static bool
start_has_raw(const struct settle_rows *settle, const struct found *found)
{
    return found->start_unix_ms > settle->watch->now_unix_ms - RETENTION_RAW_MS;
}

static enum incident_state
state_of(const struct found *found)
{
    if (found->end_unix_ms == 0)
        return INCIDENT_OPEN;
    return found->removed ? INCIDENT_REMOVED : INCIDENT_CLOSED;
}

/* An id is made from where the incident begins; one that is taken is not. */
static int
make_id(const struct settle_rows *settle, const struct found *found,
    struct incident_row *row, struct err *err)
{
    for (int64_t start = found->start_unix_ms;; start++) {
        struct incident_row other;
        int rc;

        incident_make_id(settle->check->check, found->scope, start, row->id);
        rc = incident_get(settle->txn, row->id, &other, err);
        if (rc <= 0)
            return rc;
        /* It is its own old name, withdrawn long ago. */
        if (other.state == INCIDENT_WITHDRAWN && strcmp(other.id, row->id) == 0)
            return 0;
    }
}

static int
begin_row(const struct settle_rows *settle, const struct found *found,
    struct incident_row *row, struct err *err)
{
    const struct changes *changes = &settle->check->changes;

    *row = (struct incident_row){
        .check = settle->check->check,
        .noticed_unix_ms = settle->watch->now_unix_ms,
        .late = found->end_unix_ms != 0,
        .imported = changes->imported && !is_touched_live(changes, found),
    };
    (void)snprintf(
        row->check_name, sizeof(row->check_name), "%s", settle->check->name);
    (void)snprintf(row->scope, sizeof(row->scope), "%s", found->scope);
    return make_id(settle, found, row, err);
}

static bool
same_row(const struct incident_row *a, const struct incident_row *b)
{
    return a->state == b->state && a->start_unix_ms == b->start_unix_ms &&
           a->detected_unix_ms == b->detected_unix_ms &&
           a->end_unix_ms == b->end_unix_ms && a->reason == b->reason &&
           a->imported == b->imported && a->alias_count == b->alias_count;
}

static enum incident_news
news_of(const struct incident_row *old, const struct incident_row *row)
{
    if (old == NULL || old->state == INCIDENT_WITHDRAWN ||
        (old->imported && !row->imported))
        return INCIDENT_NEWS_OPENED;
    if (old->state != row->state && row->state == INCIDENT_CLOSED)
        return INCIDENT_NEWS_CLOSED;
    if (old->state != row->state && row->state == INCIDENT_REMOVED)
        return INCIDENT_NEWS_REMOVED;
    return INCIDENT_NEWS_CHANGED;
}

static const struct run_scope *
scope_of(const struct settle_rows *settle, const struct incident_row *row)
{
    return run_scope(settle->run, row->scope);
}

static bool
is_fresh(const struct settle_rows *settle, const struct incident_row *row)
{
    const struct run_scope *scope = scope_of(settle, row);

    return scope != NULL && row->state == INCIDENT_OPEN &&
           scope->last == VERDICT_DOWN &&
           settle->watch->now_unix_ms - scope->last_end_unix_ms < FRESH_MS;
}

static int
tell(struct settle_rows *settle, enum incident_news news,
    const struct incident_row *row, struct err *err)
{
    const struct run_scope *scope = scope_of(settle, row);
    bool fresh = is_fresh(settle, row);

    if (scope != NULL && row->state == INCIDENT_OPEN)
        settle->check->fresh[scope - settle->run->scopes] = fresh;
    return settle->sink->fn(
        settle->sink->ctx, settle->txn, news, row, fresh, err);
}

/* Nothing changed, but it is news that it goes on now. */
static bool
became_fresh(const struct settle_rows *settle, const struct incident_row *row)
{
    const struct run_scope *scope = scope_of(settle, row);

    return is_fresh(settle, row) &&
           !settle->check->fresh[scope - settle->run->scopes];
}

static void
take_times(struct incident_row *row, const struct found *found)
{
    row->state = state_of(found);
    row->start_unix_ms = found->start_unix_ms;
    row->detected_unix_ms = found->detected_unix_ms;
    row->end_unix_ms = found->end_unix_ms;
}

/*
 * Takes up the names of rows that are merged into this one; putting it takes
 * their rows away.
 */
static int
take_aliases(struct settle_rows *settle, size_t at, struct incident_row *row,
    struct err *err)
{
    for (size_t i = 0; i < settle->row_count; i++) {
        const struct match_row *merged = &settle->rows[i];

        if (merged->fate != MATCH_ALIAS || merged->found != at)
            continue;
        for (uint8_t k = 0; k < merged->row.alias_count; k++)
            match_add_alias(row, merged->row.aliases[k]);
        match_add_alias(row, merged->row.id);
        if (incident_put(settle->txn, row, err) != 0)
            return -1;
    }
    return 0;
}

static int
store_found(struct settle_rows *settle, size_t at, struct err *err)
{
    const struct found *found = &settle->found->items[at];
    const struct changes *changes = &settle->check->changes;
    const struct match_row *keeper =
        match_keeper(settle->rows, settle->row_count, at);
    const struct incident_row *old = keeper != NULL ? &keeper->row : NULL;
    struct incident_row row;

    if (old != NULL)
        row = *old;
    else if (begin_row(settle, found, &row, err) != 0)
        return -1;
    take_times(&row, found);
    if (is_touched_live(changes, found))
        row.imported = false;
    if (take_aliases(settle, at, &row, err) != 0)
        return -1;
    if ((old == NULL || old->start_unix_ms != row.start_unix_ms ||
            start_is_touched(changes, found)) &&
        start_has_raw(settle, found) &&
        find_reason(settle, found, &row.reason, err) != 0)
        return -1;
    if (old != NULL && same_row(old, &row))
        return became_fresh(settle, &row)
                   ? tell(settle, INCIDENT_NEWS_CHANGED, &row, err)
                   : 0;
    if (incident_put(settle->txn, &row, err) != 0)
        return -1;
    return tell(settle, news_of(old, &row), &row, err);
}

/* Late results made it untrue. */
static int
withdraw(
    struct settle_rows *settle, const struct incident_row *old, struct err *err)
{
    struct incident_row row = *old;

    if (old->state == INCIDENT_WITHDRAWN)
        return 0;
    row.state = INCIDENT_WITHDRAWN;
    if (row.end_unix_ms == 0)
        row.end_unix_ms = row.detected_unix_ms;
    if (incident_put(settle->txn, &row, err) != 0)
        return -1;
    return tell(settle, INCIDENT_NEWS_WITHDRAWN, &row, err);
}

int
settle_rows_store(struct settle_rows *settle, struct err *err)
{
    int rc = load_rows(settle, err);

    match_rows(settle->found->items, settle->found->count, settle->rows,
        settle->row_count);
    for (size_t i = 0; rc == 0 && i < settle->found->count; i++)
        rc = store_found(settle, i, err);
    for (size_t i = 0; rc == 0 && i < settle->row_count; i++) {
        if (settle->rows[i].fate == MATCH_NONE)
            rc = withdraw(settle, &settle->rows[i].row, err);
    }
    settle->check->quiet = settle->found->count == 0 && settle->row_count == 0;
    free(settle->rows);
    settle->rows = NULL;
    return rc;
}
