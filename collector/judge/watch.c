#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "live.h"
#include "page_stored.h"
#include "registry.h"
#include "rejudge.h"
#include "settle.h"
#include "stale.h"
#include "watch_build.h"
#include "watch_parts.h"

enum { RUN_NOTE_MS = 10000, AGENT_NUMBER_MAX = 1 << 24 };

/* ---- what the parts share ---- */

const struct config *
watch_newest(const struct watch *watch)
{
    return watch->history->versions[watch->history->count - 1].config;
}

void
watch_changed(
    struct watch_check *check, int64_t start_unix_ms, bool live, bool imported)
{
    struct changes *changes = &check->changes;

    if (start_unix_ms < changes->from_unix_ms)
        changes->from_unix_ms = start_unix_ms;
    if (start_unix_ms > changes->to_unix_ms)
        changes->to_unix_ms = start_unix_ms;
    changes->imported = changes->imported || imported;
    if (!live)
        return;
    if (start_unix_ms < changes->live_from_unix_ms)
        changes->live_from_unix_ms = start_unix_ms;
    if (start_unix_ms > changes->live_to_unix_ms)
        changes->live_to_unix_ms = start_unix_ms;
}

/* The place of an hour, or where it would be. */
static size_t
stale_place(const struct watch_check *check, int64_t hour_unix_ms)
{
    size_t low = 0;
    size_t high = check->stale_count;

    /* Late results mostly come in order. */
    if (high > 0 && check->stale[high - 1].hour_unix_ms < hour_unix_ms)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (check->stale[middle].hour_unix_ms < hour_unix_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int
insert_stale(struct watch_check *check, size_t at,
    const struct stale_item *item, struct err *err)
{
    if (check->stale_count == check->stale_capacity) {
        size_t capacity = check->stale_capacity * 2 + 8;
        struct stale_item *grown =
            realloc(check->stale, capacity * sizeof(grown[0]));

        if (grown == NULL)
            return err_set(err, ERR_NOMEM, "%zu stale hours", capacity);
        check->stale = grown;
        check->stale_capacity = capacity;
    }
    memmove(&check->stale[at + 1], &check->stale[at],
        (check->stale_count - at) * sizeof(check->stale[0]));
    check->stale[at] = *item;
    check->stale[at].stored = false;
    check->stale_count++;
    check->rebuild_count += item->rebuild;
    return 0;
}

int
watch_mark_stale(struct watch_check *check, struct store_txn *txn,
    const struct stale_item *item, struct err *err)
{
    size_t at = stale_place(check, item->hour_unix_ms);
    struct stale_item *kept;
    bool sooner = false;

    if (at == check->stale_count ||
        check->stale[at].hour_unix_ms != item->hour_unix_ms) {
        if (insert_stale(check, at, item, err) != 0)
            return -1;
    } else {
        kept = &check->stale[at];
        sooner = item->due_unix_ms < kept->due_unix_ms;
        if (sooner)
            kept->due_unix_ms = item->due_unix_ms;
        if (item->rebuild && !kept->rebuild)
            check->rebuild_count++;
        kept->rebuild = kept->rebuild || item->rebuild;
        kept->live = kept->live || item->live;
    }
    kept = &check->stale[at];
    if (item->rebuild || (kept->stored && !sooner))
        return 0;
    kept->stored = true;
    return stale_put(txn,
        &(const struct stale_hour){
            check->check, kept->hour_unix_ms, kept->due_unix_ms},
        err);
}

int
watch_get_page(struct watch *watch, const struct watch_check *check,
    struct store_txn *txn, const struct timeline_segment *segment,
    int64_t hour_unix_ms, struct err *err)
{
    if (page_turn(&watch->page, segment, hour_unix_ms, err) != 0)
        return -1;
    if (watch->page.slots == 0)
        return 0;
    return page_load(&watch->page, check->check, txn, NULL, err);
}

int
watch_put_page(struct watch *watch, const struct watch_check *check,
    struct store_txn *txn, struct err *err)
{
    watch->wrote = true;
    (void)page_fill_silence(&watch->page, watch->now_unix_ms);
    return page_store(&watch->page, check->check, txn, err);
}

/* ---- its life ---- */

struct watch *
watch_new(struct store_txn *txn, const struct conf_history *history,
    int64_t now_unix_ms, struct err *err)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL) {
        (void)err_set(err, ERR_NOMEM, "watch");
        return NULL;
    }
    watch->history = history;
    if (watch_build(watch, txn, now_unix_ms, err) != 0) {
        watch_free(watch);
        return NULL;
    }
    return watch;
}

void
watch_free(struct watch *watch)
{
    if (watch == NULL)
        return;
    watch_clear(watch);
    free(watch->agents);
    page_free(&watch->page);
    free(watch);
}

int
watch_reload(struct watch *watch, struct store_txn *txn, int64_t now_unix_ms,
    struct err *err)
{
    watch_clear(watch);
    return watch_build(watch, txn, now_unix_ms, err);
}

int
watch_set_history(struct watch *watch, struct store_txn *txn,
    const struct conf_history *history, int64_t now_unix_ms, struct err *err)
{
    watch_clear(watch);
    watch->history = history;
    return watch_build(watch, txn, now_unix_ms, err);
}

int
watch_set_agent(
    struct watch *watch, const struct watch_agent *agent, struct err *err)
{
    struct known_agent *known;

    if (agent->agent >= AGENT_NUMBER_MAX)
        return err_set(err, ERR_LIMIT, "agent number %u", agent->agent);
    if (agent->agent >= watch->agent_count) {
        size_t count = (size_t)agent->agent * 2 + 64;
        struct known_agent *grown =
            realloc(watch->agents, count * sizeof(grown[0]));

        if (grown == NULL)
            return err_set(err, ERR_NOMEM, "%zu agents", count);
        memset(grown + watch->agent_count, 0,
            (count - watch->agent_count) * sizeof(grown[0]));
        watch->agents = grown;
        watch->agent_count = count;
    }
    known = &watch->agents[agent->agent];
    if (known->region != agent->region)
        watch->generation++;
    known->region = agent->region;
    known->suspended = agent->suspended;
    known->last_heard_unix_ms = agent->last_heard_unix_ms;
    return 0;
}

/* ---- noting ---- */

static struct watch_check *
find_check(const struct watch *watch, uint32_t id)
{
    if (watch->table == NULL)
        return NULL;
    for (size_t at = id & watch->table_mask;;
         at = (at + 1) & watch->table_mask) {
        uint32_t place = watch->table[at];

        if (place == 0)
            return NULL;
        if (watch->checks[place - 1].check == id)
            return &watch->checks[place - 1];
    }
}

/* An earlier first result than all before: the check counts from there. */
static int
move_first_slot(struct watch_check *check, struct store_txn *txn,
    const struct watch *watch, int64_t slot_unix_ms, struct err *err)
{
    struct check_row row;
    int rc = check_row_get(txn, check->check, &row, err);

    if (rc < 0)
        return -1;
    if (rc == 0) {
        row = (struct check_row){.id = check->check};
        memcpy(row.name, check->name, sizeof(row.name));
    }
    row.first_slot_unix_ms = slot_unix_ms;
    if (check_row_put(txn, &row, err) != 0)
        return -1;
    if (watch_build_timeline(watch, check, slot_unix_ms, err) != 0)
        return -1;
    live_follow(check);
    return 0;
}

static int
mark_late(struct watch_check *check, struct store_txn *txn,
    int64_t start_unix_ms, int64_t due_unix_ms, bool imported, struct err *err)
{
    const struct stale_item item = {
        .hour_unix_ms = timeline_floor(start_unix_ms, TIMELINE_HOUR_MS),
        .due_unix_ms = due_unix_ms,
        .live = !imported,
    };

    return watch_mark_stale(check, txn, &item, err);
}

int
watch_note(struct watch *watch, struct store_txn *txn,
    const struct raw_result *result, bool imported, struct err *err)
{
    const struct measure *measure = &result->measure;
    struct watch_check *check = find_check(watch, measure->check_id);
    const struct timeline_segment *segment;
    int64_t now = watch->now_unix_ms;
    int64_t votes_unix_ms = measure->ts_unix_ms - RECOUNT_AHEAD_MS;
    int64_t start;
    int rc;

    if (check == NULL)
        return 0;
    if (measure->slot_unix_ms < check->first_slot_unix_ms &&
        move_first_slot(check, txn, watch, measure->slot_unix_ms, err) != 0)
        return -1;
    start = timeline_place(&check->timeline, measure);
    if (start == TIMELINE_NO_SLOT)
        return 0;
    if (votes_unix_ms > now)
        return mark_late(check, txn, start, votes_unix_ms, imported, err);
    segment = timeline_at(&check->timeline, start);
    if (timeline_deadline(segment, timeline_slot_end(segment, start)) > now) {
        rc = live_note(check, txn, result, start, imported, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    return mark_late(
        check, txn, start, imported ? 0 : now + check->late_ms, imported, err);
}

/* ---- running ---- */

static void
find_expected(struct watch *watch)
{
    for (size_t i = 0; i < watch->agent_count; i++) {
        struct known_agent *agent = &watch->agents[i];
        bool expected =
            agent->region != 0 && !agent->suspended &&
            watch->now_unix_ms - agent->last_heard_unix_ms < WATCH_SILENT_MS;

        if (expected != agent->expected)
            watch->generation++;
        agent->expected = expected;
    }
}

static bool
has_changes(const struct watch_check *check)
{
    return check->changes.from_unix_ms != INT64_MAX;
}

/* When the last slot of a check that is gone is over. */
static int64_t
end_of(const struct watch_check *check)
{
    const struct timeline_segment *last;

    if (check->ended || check->timeline.count == 0)
        return INT64_MAX;
    last = &check->timeline.segments[check->timeline.count - 1];
    return last->to_unix_ms == TIMELINE_OPEN_END
               ? INT64_MAX
               : timeline_deadline(last, last->to_unix_ms);
}

/* Settles, or leaves a note that it is still to be done. */
static int
settle_or_note(struct watch *watch, struct watch_check *check,
    struct store_txn *txn, const struct watch_sink *sink, struct err *err)
{
    if (rejudge_is_due(check, watch->now_unix_ms) && !check->changes.urgent) {
        check->unsettled_stored = true;
        return unsettled_put(
            txn, check->check, check->changes.from_unix_ms, err);
    }
    if (settle_check(watch, check, txn, sink, err) != 0)
        return -1;
    if (!check->unsettled_stored)
        return 0;
    check->unsettled_stored = false;
    return unsettled_put(txn, check->check, INT64_MAX, err);
}

static int
run_check(struct watch *watch, struct watch_check *check, struct store_txn *txn,
    const struct watch_sink *sink, int64_t *budget, struct err *err)
{
    int64_t end;

    if (rejudge_check(watch, check, txn, budget, err) != 0)
        return -1;
    if (check->rebuild_count == 0 &&
        (live_judge(watch, check, txn, err) != 0 ||
            rejudge_seal(watch, check, txn, err) != 0))
        return -1;
    if (check->overtaken_due_unix_ms <= watch->now_unix_ms)
        watch_changed(check, check->overtaken_unix_ms, false, false);
    end = end_of(check);
    if (end <= watch->now_unix_ms)
        watch_changed(check,
            check->timeline.segments[check->timeline.count - 1].from_unix_ms,
            false, false);
    return has_changes(check) ? settle_or_note(watch, check, txn, sink, err)
                              : 0;
}

static int64_t
earlier_of(int64_t a_unix_ms, int64_t b_unix_ms)
{
    return a_unix_ms < b_unix_ms ? a_unix_ms : b_unix_ms;
}

static int64_t
next_of(const struct watch *watch)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < watch->count; i++) {
        const struct watch_check *check = &watch->checks[i];

        next = earlier_of(next, live_next(check));
        next = earlier_of(next, rejudge_next(check));
        next = earlier_of(next, rejudge_seal_next(check));
        next = earlier_of(next, end_of(check));
        next = earlier_of(next, check->overtaken_due_unix_ms);
    }
    for (size_t i = 0; i < watch->agent_count; i++) {
        const struct known_agent *agent = &watch->agents[i];

        if (agent->expected)
            next =
                earlier_of(next, agent->last_heard_unix_ms + WATCH_SILENT_MS);
    }
    return next;
}

static bool
has_more(const struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (rejudge_is_due(&watch->checks[i], watch->now_unix_ms))
            return true;
    }
    return false;
}

/* Whether votes of before a restart are still to be read. */
static bool
is_rebuilding(const struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->checks[i].rebuild_count > 0)
            return true;
    }
    return false;
}

/*
 * What a judge that starts after a crash must know.  What rows say is what was
 * judged at the noted moment: `verify` goes by that.
 */
static int
note_run(
    struct watch *watch, struct store_txn *txn, bool again, struct err *err)
{
    uint64_t version =
        watch->history->versions[watch->history->count - 1].version;

    if (!is_rebuilding(watch) &&
        (watch->wrote ||
            watch->now_unix_ms - watch->noted_run_unix_ms >= RUN_NOTE_MS)) {
        if (stale_note_put(
                txn, STALE_LAST_RUN, (uint64_t)watch->now_unix_ms, err) != 0)
            return -1;
        watch->noted_run_unix_ms = watch->now_unix_ms;
        watch->wrote = false;
    }
    if (again || watch->settled_version == version)
        return 0;
    watch->settled_version = version;
    return stale_note_put(txn, STALE_SETTLED_VERSION, version, err);
}

int
watch_run(struct watch *watch, struct store_txn *txn, int64_t now_unix_ms,
    watch_news_fn *fn, void *ctx, bool *again, int64_t *next_unix_ms,
    struct err *err)
{
    const struct watch_sink sink = {.fn = fn, .ctx = ctx};
    int64_t budget = REJUDGE_BUDGET;

    watch->now_unix_ms = now_unix_ms;
    find_expected(watch);
    for (size_t i = 0; i < watch->count; i++) {
        if (run_check(watch, &watch->checks[i], txn, &sink, &budget, err) != 0)
            return -1;
    }
    *again = has_more(watch);
    *next_unix_ms = next_of(watch);
    return watch->history->count == 0 ? 0 : note_run(watch, txn, *again, err);
}
