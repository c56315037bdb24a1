#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "pages.h"
#include "retention.h"
#include "run.h"

struct running {
    struct run run;
    struct found_list found;
    bool rows_only;
};

static int
run_page(void *ctx, const struct page *page, struct err *err)
{
    struct running *running = ctx;

    for (size_t slot = 0; slot < page->slots; slot++) {
        if (run_slot(&running->run, page, slot, &running->found, err) != 0)
            return -1;
    }
    return 0;
}

/* Runs the machines over all verdicts that are kept, to now. */
static int
run_all(struct store_txn *txn, const struct conf_history *conf,
    const struct history_query *query, struct running *running, struct err *err)
{
    struct timeline timeline = {.segments = NULL};
    const struct timeline_segment *first;
    const struct timeline_segment *last;
    struct pages_query pages;
    int64_t kept_unix_ms = retention_verdicts_from(query->now_unix_ms);
    int rc = -1;

    if (pages_timeline(txn, conf, query->check, &timeline, err) != 0)
        return -1;
    pages = (struct pages_query){
        .txn = txn,
        .timeline = &timeline,
        .newest = conf->versions[conf->count - 1].config,
        .from_unix_ms = kept_unix_ms,
        .to_unix_ms = query->now_unix_ms,
        .now_unix_ms = query->now_unix_ms,
        .rows_only = running->rows_only,
    };
    if (timeline.count == 0) {
        rc = 0;
        goto out;
    }
    last = &timeline.segments[timeline.count - 1];
    first = timeline_from(&timeline, kept_unix_ms);
    rc = run_begin(&running->run, first != NULL ? first : last,
        kept_unix_ms <= timeline.segments[0].from_unix_ms, &running->found,
        err);
    if (rc == 0)
        rc = pages_each(&pages, run_page, running, err);
    if (rc == 0 && last->to_unix_ms != TIMELINE_OPEN_END &&
        timeline_deadline(last, last->to_unix_ms) <= query->now_unix_ms)
        run_end_removed(&running->run, &running->found);

out:
    timeline_free(&timeline);
    return rc;
}

struct stored {
    struct match_row *rows; /* owned */
    size_t count;
};

static int
add_stored(void *ctx, const struct incident_row *row, struct err *err)
{
    struct stored *stored = ctx;
    struct match_row *rows =
        realloc(stored->rows, (stored->count + 1) * sizeof(rows[0]));

    if (rows == NULL)
        return err_set(err, ERR_NOMEM, "%zu incidents", stored->count + 1);
    stored->rows = rows;
    rows[stored->count++] = (struct match_row){.row = *row, .fate = MATCH_NONE};
    return 0;
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

/* The whole first, then by name; then by start. */
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
    return one->start_unix_ms < other->start_unix_ms
               ? -1
               : one->start_unix_ms > other->start_unix_ms;
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
 * Whether it is told as it was stored: withdrawn, or of a time whose verdicts
 * are not kept any more.
 */
static bool
is_told_as_stored(const struct found_list *found, const struct match_row *row)
{
    return row->fate == MATCH_NONE &&
           (row->row.state == INCIDENT_WITHDRAWN ||
               row->row.start_unix_ms <
                   found_list_known_from(found, row->row.scope));
}

/* Computed ones as rows, and stored ones that are told as they are. */
static size_t
make_rows(const struct found_list *found, struct stored *stored, uint32_t check,
    const char *name, struct incident_row *rows)
{
    size_t count = 0;

    match_rows(found->items, found->count, stored->rows, stored->count);
    for (size_t i = 0; i < found->count; i++)
        rows[count++] = row_of(&found->items[i],
            match_keeper(stored->rows, stored->count, i), check, name);
    for (size_t i = 0; i < stored->count; i++) {
        if (is_told_as_stored(found, &stored->rows[i]))
            rows[count++] = stored->rows[i].row;
    }
    return count;
}

static int
tell_all(struct store_txn *txn, const struct conf_history *conf,
    const struct telling *telling, bool rows_only, struct err *err)
{
    const struct history_query *query = telling->query;
    struct running *running = calloc(1, sizeof(*running));
    struct stored stored = {.rows = NULL};
    struct incident_row *rows = NULL;
    size_t count;
    int rc = -1;

    if (conf->count == 0) {
        free(running);
        return 0;
    }
    if (running == NULL)
        return err_set(err, ERR_NOMEM, "incident machines");
    running->rows_only = rows_only;
    if (run_all(txn, conf, query, running, err) != 0 ||
        incident_each(
            txn, query->check, 0, INT64_MAX, add_stored, &stored, err) != 0)
        goto out;
    rows = calloc(running->found.count + stored.count + 1, sizeof(rows[0]));
    if (rows == NULL) {
        (void)err_set(err, ERR_NOMEM, "incidents");
        goto out;
    }
    count = make_rows(&running->found, &stored, query->check,
        check_name(conf, query->check), rows);
    rc = tell_rows(rows, count, telling, err);

out:
    free(rows);
    free(stored.rows);
    found_list_free(&running->found);
    free(running);
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
