#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "pages.h"
#include "retention.h"
#include "run_walk.h"
#include "trust.h"

/* ---- what the machines say ---- */

/* A check that is gone: its incidents end when its last slot is over. */
static void
end_if_removed(struct run_walk *walk)
{
    const struct timeline *timeline = walk->pages.timeline;
    const struct timeline_segment *last =
        &timeline->segments[timeline->count - 1];

    if (last->to_unix_ms != TIMELINE_OPEN_END &&
        timeline_deadline(last, last->to_unix_ms) <= walk->pages.now_unix_ms)
        run_end_removed(&walk->run, &walk->found);
}

/*
 * Runs the machines to now: over all verdicts that are kept, or from where
 * stored incidents do not know yet what is judged.
 */
static int
run_machines(struct run_walk *walk, const struct conf_history *conf, bool all,
    struct err *err)
{
    const struct pages_query *pages = &walk->pages;
    int64_t until_unix_ms = INT64_MIN;
    int rc;

    if (pages->timeline->count == 0)
        return 0;
    if (!all && trust_until(pages->txn, conf, pages->timeline,
                    pages->now_unix_ms, &until_unix_ms, err) != 0)
        return -1;
    rc = until_unix_ms <= retention_verdicts_from(pages->now_unix_ms)
             ? run_walk_all(walk, err)
             : run_walk_from_before(
                   walk, timeline_slot_at(pages->timeline, until_unix_ms), err);
    if (rc == 0)
        end_if_removed(walk);
    return rc;
}

static int
run_check(struct store_txn *txn, const struct conf_history *conf,
    const struct history_query *query, bool rows_only, struct run_walk *walk,
    struct err *err)
{
    struct timeline timeline;
    int rc;

    if (pages_timeline(txn, conf, query->check, &timeline, err) != 0)
        return -1;
    walk->pages = (struct pages_query){
        .txn = txn,
        .timeline = &timeline,
        .newest = conf->versions[conf->count - 1].config,
        .now_unix_ms = query->now_unix_ms,
        .rows_only = rows_only,
    };
    rc = run_machines(walk, conf, rows_only, err);
    timeline_free(&timeline);
    return rc;
}

/* ---- with the names that are stored ---- */

struct stored {
    struct match_row *rows; /* owned */
    size_t count;
};

static int
add_stored(void *ctx, const struct incident_row *row, struct err *err)
{
    struct stored *stored = ctx;

    if ((stored->count & (stored->count - 1)) == 0) {
        size_t capacity = stored->count == 0 ? 1 : stored->count * 2;
        struct match_row *rows =
            realloc(stored->rows, capacity * sizeof(rows[0]));

        if (rows == NULL)
            return err_set(err, ERR_NOMEM, "%zu incidents", capacity);
        stored->rows = rows;
    }
    stored->rows[stored->count++] =
        (struct match_row){.row = *row, .fate = MATCH_NONE};
    return 0;
}

/* Rows that may be told, or that may be what the machines found. */
static int
load_stored(struct store_txn *txn, const struct history_query *query,
    const struct found_list *found, struct stored *stored, struct err *err)
{
    int64_t from = query->from_unix_ms;

    for (size_t i = 0; i < found->scope_count; i++) {
        if (found->scopes[i].from_unix_ms < from)
            from = found->scopes[i].from_unix_ms;
    }
    return incident_each(
        txn, query->check, from, INT64_MAX, add_stored, stored, err);
}

static const char *
check_name(const struct conf_history *conf, uint32_t check)
{
    for (size_t i = conf->count; i > 0; i--) {
        const struct conf_check *found =
            collector_conf_check_by_id(conf->versions[i - 1].config, check);

        if (found != NULL)
            return found->check.name;
    }
    return "";
}

static struct incident_row
row_of(const struct found *found, const struct match_row *keeper,
    uint32_t check, const char *name)
{
    struct incident_row row = {.check = check};

    if (keeper != NULL) {
        row = keeper->row;
    } else {
        incident_make_id(check, found->scope, found->start_unix_ms, row.id);
        (void)snprintf(row.check_name, sizeof(row.check_name), "%s", name);
        (void)snprintf(row.scope, sizeof(row.scope), "%s", found->scope);
        row.late = found->end_unix_ms != 0;
    }
    row.start_unix_ms = found->start_unix_ms;
    row.detected_unix_ms = found->detected_unix_ms;
    row.end_unix_ms = found->end_unix_ms;
    row.state = INCIDENT_OPEN;
    if (found->end_unix_ms != 0)
        row.state = found->removed ? INCIDENT_REMOVED : INCIDENT_CLOSED;
    return row;
}

static bool
is_in_span(const struct incident_row *row, const struct history_query *query)
{
    return row->start_unix_ms < query->to_unix_ms &&
           (row->end_unix_ms == 0 || row->end_unix_ms > query->from_unix_ms);
}

/* The whole first, then by name; then by start, and so that all is decided. */
static int
compare_rows(const void *a, const void *b)
{
    const struct incident_row *one = a;
    const struct incident_row *other = b;
    bool one_whole = strcmp(one->scope, "global") == 0;
    bool other_whole = strcmp(other->scope, "global") == 0;
    int order = strcmp(one->scope, other->scope);

    if (one_whole != other_whole)
        return one_whole ? -1 : 1;
    if (order != 0)
        return order;
    if (one->start_unix_ms != other->start_unix_ms)
        return one->start_unix_ms < other->start_unix_ms ? -1 : 1;
    return strcmp(one->id, other->id);
}

struct telling {
    const struct history_query *query;
    incident_each_fn *fn;
    void *ctx;
};

static int
tell_rows(struct incident_row *rows, size_t count,
    const struct telling *telling, struct err *err)
{
    qsort(rows, count, sizeof(rows[0]), compare_rows);
    for (size_t i = 0; i < count; i++) {
        int rc = is_in_span(&rows[i], telling->query)
                     ? telling->fn(telling->ctx, &rows[i], err)
                     : 0;

        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    return 0;
}

/*
 * Whether it is told as it was stored: withdrawn, or of a time that the
 * machines were not run over.
 */
static bool
is_told_as_stored(const struct found_list *found, const struct match_row *row,
    int64_t now_unix_ms)
{
    return row->fate == MATCH_NONE && row->row.start_unix_ms <= now_unix_ms &&
           (row->row.state == INCIDENT_WITHDRAWN ||
               row->row.start_unix_ms <
                   found_list_known_from(found, row->row.scope));
}

/* Computed ones as rows, and stored ones that are told as they are. */
static size_t
make_rows(const struct found_list *found, struct stored *stored,
    const struct history_query *query, const char *name,
    struct incident_row *rows)
{
    size_t count = 0;

    match_rows(found->items, found->count, stored->rows, stored->count);
    for (size_t i = 0; i < found->count; i++)
        rows[count++] = row_of(&found->items[i],
            match_keeper(stored->rows, stored->count, i), query->check, name);
    for (size_t i = 0; i < stored->count; i++) {
        if (is_told_as_stored(found, &stored->rows[i], query->now_unix_ms))
            rows[count++] = stored->rows[i].row;
    }
    return count;
}

static int
tell_all(struct store_txn *txn, const struct conf_history *conf,
    const struct telling *telling, bool rows_only, struct err *err)
{
    const struct history_query *query = telling->query;
    struct run_walk *walk = calloc(1, sizeof(*walk));
    struct stored stored = {.rows = NULL};
    struct incident_row *rows = NULL;
    size_t count;
    int rc = -1;

    if (walk == NULL)
        return err_set(err, ERR_NOMEM, "incident machines");
    if (conf->count == 0) {
        rc = 0;
        goto out;
    }
    if (run_check(txn, conf, query, rows_only, walk, err) != 0 ||
        load_stored(txn, query, &walk->found, &stored, err) != 0)
        goto out;
    rows = calloc(walk->found.count + stored.count + 1, sizeof(rows[0]));
    if (rows == NULL) {
        (void)err_set(err, ERR_NOMEM, "incidents");
        goto out;
    }
    count = make_rows(
        &walk->found, &stored, query, check_name(conf, query->check), rows);
    rc = tell_rows(rows, count, telling, err);

out:
    free(rows);
    free(stored.rows);
    run_walk_free(walk);
    free(walk);
    return rc;
}

int
history_incidents(struct store_txn *txn, const struct conf_history *conf,
    const struct history_query *query, incident_each_fn *fn, void *ctx,
    struct err *err)
{
    const struct telling telling = {query, fn, ctx};

    return tell_all(txn, conf, &telling, false, err);
}

int
history_incidents_of_rows(struct store_txn *txn,
    const struct conf_history *conf, const struct history_query *query,
    incident_each_fn *fn, void *ctx, struct err *err)
{
    const struct telling telling = {query, fn, ctx};

    return tell_all(txn, conf, &telling, true, err);
}
