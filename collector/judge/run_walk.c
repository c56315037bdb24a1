#include "run_walk.h"

#include <stdlib.h>

#include "recall.h"
#include "retention.h"

enum { BACK_MS = 2 * TIMELINE_HOUR_MS, BACK_FACTOR = 4 };

static void
forget_rows(struct run_walk *walk)
{
    free(walk->rows);
    walk->rows = NULL;
    walk->row_count = 0;
}

void
run_walk_free(struct run_walk *walk)
{
    found_list_free(&walk->found);
    forget_rows(walk);
}

/* ---- running ---- */

struct running {
    struct run_walk *walk;
    const struct recall *recall; /* NULL: all that can be known is */
};

static void
save(struct run_walk *walk, const struct page *page, size_t slot)
{
    if (walk->is_saved ||
        page_slot_is_closed(page, slot, walk->pages.now_unix_ms))
        return;
    walk->saved = walk->run;
    walk->saved_unix_ms = page_slot_start(page, slot);
    walk->is_saved = true;
}

static int
run_page(void *ctx, const struct page *page, struct err *err)
{
    const struct running *running = ctx;
    struct run_walk *walk = running->walk;

    for (size_t slot = 0; slot < page->slots; slot++) {
        int64_t start = page_slot_start(page, slot);

        if (start < walk->from_unix_ms || start >= walk->to_unix_ms)
            continue;
        save(walk, page, slot);
        if (run_slot(&walk->run, page, slot, &walk->found, err) != 0)
            return -1;
        if (running->recall != NULL && !run_is_known(&walk->run) &&
            recall_slot(running->recall, &walk->run, page, slot, &walk->found,
                err) != 0)
            return -1;
    }
    return 0;
}

static int
run_span(const struct running *running, int64_t from_unix_ms,
    int64_t to_unix_ms, struct err *err)
{
    struct run_walk *walk = running->walk;
    struct pages_query query = walk->pages;

    query.from_unix_ms = from_unix_ms;
    query.to_unix_ms = to_unix_ms;
    walk->from_unix_ms = from_unix_ms;
    walk->to_unix_ms = to_unix_ms;
    return from_unix_ms < to_unix_ms
               ? pages_each(&query, run_page, (void *)running, err)
               : 0;
}

int
run_walk_span(struct run_walk *walk, int64_t from_unix_ms, int64_t to_unix_ms,
    struct err *err)
{
    const struct running running = {.walk = walk};

    return run_span(&running, from_unix_ms, to_unix_ms, err);
}

/* ---- where to begin ---- */

static int64_t
first_kept(const struct run_walk *walk)
{
    int64_t kept = retention_verdicts_from(walk->pages.now_unix_ms);
    int64_t first = walk->pages.timeline->segments[0].from_unix_ms;

    return kept > first ? kept : first;
}

static int
begin(struct run_walk *walk, int64_t from_unix_ms, struct err *err)
{
    const struct timeline *timeline = walk->pages.timeline;
    const struct timeline_segment *first =
        timeline_from(timeline, from_unix_ms);

    if (first == NULL)
        first = &timeline->segments[timeline->count - 1];
    walk->is_saved = false;
    found_list_free(&walk->found);
    return run_begin(&walk->run, first,
        from_unix_ms <= timeline->segments[0].from_unix_ms, &walk->found, err);
}

static int
add_row(void *ctx, const struct incident_row *row, struct err *err)
{
    struct run_walk *walk = ctx;

    return match_rows_add(&walk->rows, &walk->row_count, row, err);
}

/* From `from` until the change; 1: each machine is known there. */
static int
approach(struct run_walk *walk, int64_t from_unix_ms, int64_t changed_unix_ms,
    struct err *err)
{
    const struct timeline *timeline = walk->pages.timeline;
    struct recall recall = {.closing_ms = recall_closing_ms(timeline)};
    const struct running running = {.walk = walk, .recall = &recall};

    forget_rows(walk);
    if (incident_each(walk->pages.txn, timeline->check,
            from_unix_ms - recall.closing_ms, INT64_MAX, add_row, walk,
            err) != 0)
        return -1;
    recall.rows = walk->rows;
    recall.count = walk->row_count;
    if (begin(walk, from_unix_ms, err) != 0 ||
        run_span(&running, from_unix_ms, changed_unix_ms, err) != 0)
        return -1;
    return run_is_known(&walk->run);
}

int
run_walk_from_before(
    struct run_walk *walk, int64_t changed_unix_ms, struct err *err)
{
    int64_t beginning = first_kept(walk);
    int64_t to = changed_unix_ms < beginning ? beginning : changed_unix_ms;
    int64_t from = to;
    int64_t back_ms = BACK_MS;
    int rc = 0;

    do {
        from = to - beginning < back_ms ? beginning : to - back_ms;
        rc = approach(walk, from, to, err);
        back_ms *= BACK_FACTOR;
    } while (rc == 0 && from != beginning);
    if (rc < 0)
        return -1;
    return run_walk_span(walk, to, walk->pages.now_unix_ms + 1, err);
}

int
run_walk_all(struct run_walk *walk, struct err *err)
{
    int64_t beginning = first_kept(walk);

    if (begin(walk, beginning, err) != 0)
        return -1;
    return run_walk_span(walk, beginning, walk->pages.now_unix_ms + 1, err);
}
