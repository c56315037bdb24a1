#include "replay_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "pages.h"
#include "replay_conf.h"
#include "run.h"
#include "slot.h"

enum { CONFIRMED_AFTER_MS = 5000 };

/* One check's machines on their way through the span. */
struct walk {
    const struct replay_find *find;
    struct replay_incidents *out;
    const struct conf_check *check;
    struct timeline timeline;
    struct run run;
    bool begun;
    struct found_list found;
    int64_t *closed_unix_ms; /* owned; one a found incident; 0: open */
    size_t closed_count;
    size_t open;            /* of those */
    struct match_row *rows; /* owned; stored incidents */
    size_t row_count;
};

static void
free_walk(struct walk *walk)
{
    timeline_free(&walk->timeline);
    found_list_free(&walk->found);
    free(walk->closed_unix_ms);
    free(walk->rows);
    free(walk);
}

/* ---- running the machines ---- */

/* What the machines said of the slot that ends then. */
static int
note_found(struct walk *walk, int64_t slot_end_unix_ms, struct err *err)
{
    if (walk->found.count > walk->closed_count) {
        int64_t *grown = realloc(walk->closed_unix_ms,
            walk->found.count * sizeof(*walk->closed_unix_ms));

        if (grown == NULL)
            return err_set(err, ERR_NOMEM, "%zu incidents", walk->found.count);
        walk->closed_unix_ms = grown;
        while (walk->closed_count < walk->found.count) {
            grown[walk->closed_count++] = 0;
            walk->open++;
        }
    }
    for (size_t i = walk->found.count; walk->open > 0 && i-- > 0;) {
        if (walk->closed_unix_ms[i] != 0 ||
            walk->found.items[i].end_unix_ms == 0)
            continue;
        walk->closed_unix_ms[i] = slot_end_unix_ms;
        walk->open--;
    }
    return 0;
}

static int
begin(struct walk *walk, const struct page *page, struct err *err)
{
    const struct timeline_segment *first = &walk->timeline.segments[0];

    walk->begun = true;
    return run_begin(&walk->run, page->segment,
        page->segment == first &&
            page_slot_start(page, 0) <= first->from_unix_ms,
        &walk->found, err);
}

static int
run_page(void *ctx, const struct page *page, struct err *err)
{
    struct walk *walk = ctx;

    if (!walk->begun && begin(walk, page, err) != 0)
        return -1;
    for (size_t slot = 0; slot < page->slots; slot++) {
        if (page_slot_end(page, slot) > walk->find->to_unix_ms)
            break;
        if (run_slot(&walk->run, page, slot, &walk->found, err) != 0)
            return -1;
        if ((walk->open > 0 || walk->found.count > walk->closed_count) &&
            note_found(walk, page_slot_end(page, slot), err) != 0)
            return -1;
    }
    return 0;
}

/* A check that is gone: its incidents end when its last slot is over. */
static int
end_removed(struct walk *walk, struct err *err)
{
    const struct timeline_segment *last =
        &walk->timeline.segments[walk->timeline.count - 1];

    if (!walk->begun || last->to_unix_ms >= walk->find->to_unix_ms)
        return 0;
    run_end_removed(&walk->run, &walk->found);
    return note_found(walk, last->to_unix_ms, err);
}

static int
run_machines(struct walk *walk, struct err *err)
{
    const struct replay_find *find = walk->find;
    const struct pages_query query = {
        .txn = find->played,
        .timeline = &walk->timeline,
        .newest = find->conf->versions[find->conf->count - 1].config,
        .from_unix_ms = find->from_unix_ms,
        .to_unix_ms = find->to_unix_ms,
        .now_unix_ms = find->to_unix_ms,
        .rows_only = true,
    };

    if (pages_each(&query, run_page, walk, err) != 0)
        return -1;
    return end_removed(walk, err);
}

/* ---- which they were ---- */

static int
add_row(void *ctx, const struct incident_row *row, struct err *err)
{
    struct walk *walk = ctx;

    return match_rows_add(&walk->rows, &walk->row_count, row, err);
}

static int
add(struct walk *walk, const struct replay_incident *one, struct err *err)
{
    struct replay_incidents *out = walk->out;

    if ((out->count & (out->count - 1)) == 0) {
        size_t capacity = out->count == 0 ? 1 : out->count * 2;
        struct replay_incident *items =
            realloc(out->items, capacity * sizeof(items[0]));

        if (items == NULL)
            return err_set(err, ERR_NOMEM, "%zu incidents", capacity);
        out->items = items;
    }
    out->items[out->count++] = *one;
    return 0;
}

/* Until when a second attempt has said so, too. */
static int64_t
confirming_ms(const struct walk *walk, int64_t unix_ms)
{
    const struct conf_check *check =
        conf_history_check(walk->find->conf, walk->check->check.id, unix_ms);

    return check != NULL && slot_rule_of(&check->check).confirms
               ? CONFIRMED_AFTER_MS
               : 0;
}

/*
 * It is noticed as long after the slot that opens it as it was then.  One that
 * was over by then is late.
 */
static void
set_moments(const struct walk *walk, const struct found *found,
    const struct match_row *keeper, struct replay_incident *one)
{
    int64_t lag_ms = confirming_ms(walk, found->start_unix_ms);

    if (keeper != NULL && keeper->row.noticed_unix_ms != 0 &&
        (!keeper->row.imported || !walk->find->imported))
        lag_ms = keeper->row.noticed_unix_ms - keeper->row.detected_unix_ms;
    one->opened_unix_ms = found->detected_unix_ms + lag_ms;
    if (one->opened_unix_ms < found->start_unix_ms)
        one->opened_unix_ms = found->start_unix_ms;
    one->row.noticed_unix_ms = one->opened_unix_ms;
    one->row.late =
        one->closed_unix_ms != 0 && one->closed_unix_ms <= one->opened_unix_ms;
}

static int
add_found(struct walk *walk, size_t i, struct err *err)
{
    const struct found *found = &walk->found.items[i];
    const struct match_row *keeper =
        match_keeper(walk->rows, walk->row_count, i);
    struct replay_incident one = {.closed_unix_ms = walk->closed_unix_ms[i]};

    if (keeper != NULL) {
        one.row = keeper->row;
    } else {
        one.row.check = walk->check->check.id;
        incident_make_id(walk->check->check.id, found->scope,
            found->start_unix_ms, one.row.id);
        (void)snprintf(one.row.check_name, sizeof(one.row.check_name), "%s",
            walk->check->check.name);
        (void)snprintf(
            one.row.scope, sizeof(one.row.scope), "%s", found->scope);
    }
    one.row.start_unix_ms = found->start_unix_ms;
    one.row.detected_unix_ms = found->detected_unix_ms;
    one.row.end_unix_ms = found->end_unix_ms;
    one.row.state = INCIDENT_OPEN;
    if (walk->find->imported)
        one.row.imported = false;
    if (found->end_unix_ms != 0)
        one.row.state = found->removed ? INCIDENT_REMOVED : INCIDENT_CLOSED;
    set_moments(walk, found, keeper, &one);
    return add(walk, &one, err);
}

static int
add_withdrawn(
    struct walk *walk, const struct match_row *stored, struct err *err)
{
    const struct replay_incident one = {.row = stored->row};

    if (stored->fate != MATCH_NONE || stored->row.state != INCIDENT_WITHDRAWN ||
        stored->row.start_unix_ms >= walk->find->to_unix_ms)
        return 0;
    return add(walk, &one, err);
}

static int
run_check(struct walk *walk, struct err *err)
{
    const struct replay_find *find = walk->find;

    if (pages_timeline(find->played, find->conf, walk->check->check.id,
            &walk->timeline, err) != 0)
        return -1;
    if (walk->timeline.count == 0)
        return 0;
    if (run_machines(walk, err) != 0 ||
        incident_each(find->stored, walk->check->check.id, find->from_unix_ms,
            find->to_unix_ms, add_row, walk, err) != 0)
        return -1;
    match_rows(
        walk->found.items, walk->found.count, walk->rows, walk->row_count);
    for (size_t i = 0; i < walk->found.count; i++) {
        if (add_found(walk, i, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < walk->row_count; i++) {
        if (add_withdrawn(walk, &walk->rows[i], err) != 0)
            return -1;
    }
    return 0;
}

struct finding {
    const struct replay_find *find;
    struct replay_incidents *out;
};

static int
find_of_check(void *ctx, const struct conf_check *check, struct err *err)
{
    const struct finding *finding = ctx;
    struct walk *own = calloc(1, sizeof(*own));
    int rc;

    if (own == NULL)
        return err_set(err, ERR_NOMEM, "incident machines");
    own->find = finding->find;
    own->out = finding->out;
    own->check = check;
    rc = run_check(own, err);
    free_walk(own);
    return rc;
}

int
replay_find_incidents(const struct replay_find *find,
    struct replay_incidents *found, struct err *err)
{
    struct finding finding = {.find = find, .out = found};

    *found = (struct replay_incidents){0};
    if (replay_conf_each_check(find->conf, find_of_check, &finding, err) == 0)
        return 0;
    replay_incidents_free(found);
    return -1;
}

void
replay_incidents_free(struct replay_incidents *found)
{
    free(found->items);
    *found = (struct replay_incidents){0};
}
