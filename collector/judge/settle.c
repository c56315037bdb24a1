#include "settle.h"

#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "retention.h"
#include "settle_rows.h"

enum { SETTLE_BACK_MS = 6 * TIMELINE_HOUR_MS, SETTLE_BACK_FACTOR = 4 };

struct settling {
    const struct watch *watch;
    struct watch_check *check;
    struct store_txn *txn;
    struct run run;
    struct run saved; /* before the first slot that may still change */
    bool is_saved;
    int64_t saved_unix_ms;
    int64_t run_from_unix_ms; /* pages hold more: slots that begin in here */
    int64_t run_to_unix_ms;
    struct found_list found;
};

static int
run_page(void *ctx, const struct page *page, struct err *err)
{
    struct settling *settling = ctx;

    for (size_t slot = 0; slot < page->slots; slot++) {
        int64_t start = page_slot_start(page, slot);

        if (start < settling->run_from_unix_ms ||
            start >= settling->run_to_unix_ms)
            continue;
        if (!settling->is_saved &&
            !page_slot_is_closed(page, slot, settling->watch->now_unix_ms)) {
            settling->saved = settling->run;
            settling->saved_unix_ms = start;
            settling->is_saved = true;
        }
        if (run_slot(&settling->run, page, slot, &settling->found, err) != 0)
            return -1;
    }
    return 0;
}

static int
run_span(struct settling *settling, int64_t from_unix_ms, int64_t to_unix_ms,
    struct err *err)
{
    const struct pages_query query = {
        .txn = settling->txn,
        .timeline = &settling->check->timeline,
        .newest = watch_newest(settling->watch),
        .from_unix_ms = from_unix_ms,
        .to_unix_ms = to_unix_ms,
        .now_unix_ms = settling->watch->now_unix_ms,
        .rows_only = true,
    };

    settling->run_from_unix_ms = from_unix_ms;
    settling->run_to_unix_ms = to_unix_ms;
    return from_unix_ms < to_unix_ms
               ? pages_each(&query, run_page, settling, err)
               : 0;
}

/* Goes on from where the last settling left off. */
static int
resume(struct settling *settling, struct err *err)
{
    const struct watch_check *check = settling->check;

    settling->run = *check->checkpoint;
    if (run_resume(&settling->run, check->checkpoint_unix_ms, &settling->found,
            err) != 0)
        return -1;
    return run_span(settling, check->checkpoint_unix_ms,
        settling->watch->now_unix_ms + 1, err);
}

/*
 * Goes back until each scope is surely known where verdicts changed, or until
 * no verdicts are kept.
 */
static int
run_from_before(
    struct settling *settling, int64_t changed_unix_ms, struct err *err)
{
    const struct timeline *timeline = &settling->check->timeline;
    int64_t first_unix_ms = timeline->segments[0].from_unix_ms;
    int64_t kept_unix_ms =
        retention_verdicts_from(settling->watch->now_unix_ms);
    int64_t beginning =
        kept_unix_ms > first_unix_ms ? kept_unix_ms : first_unix_ms;
    int64_t back_ms = SETTLE_BACK_MS;
    int64_t to = changed_unix_ms < beginning ? beginning : changed_unix_ms;

    for (;; back_ms *= SETTLE_BACK_FACTOR) {
        int64_t from = to - beginning < back_ms ? beginning : to - back_ms;
        const struct timeline_segment *first = timeline_from(timeline, from);

        if (first == NULL)
            first = &timeline->segments[timeline->count - 1];
        settling->is_saved = false;
        found_list_free(&settling->found);
        if (run_begin(&settling->run, first, from == first_unix_ms,
                &settling->found, err) != 0)
            return -1;
        if (run_span(settling, from, to, err) != 0)
            return -1;
        if (from == beginning || run_is_known(&settling->run))
            break;
    }
    return run_span(settling, to, settling->watch->now_unix_ms + 1, err);
}

/* Start of the slot that covers the moment, so that no slot is run twice. */
static int64_t
slot_start_at(const struct timeline *timeline, int64_t unix_ms)
{
    const struct timeline_segment *segment = timeline_at(timeline, unix_ms);

    return segment != NULL ? timeline_slot_start(segment, unix_ms) : unix_ms;
}

static int
save_checkpoint(struct settling *settling, struct err *err)
{
    struct watch_check *check = settling->check;

    if (check->checkpoint == NULL) {
        check->checkpoint = malloc(sizeof(*check->checkpoint));
        if (check->checkpoint == NULL)
            return err_set(err, ERR_NOMEM, "incident machines");
    }
    if (settling->is_saved) {
        *check->checkpoint = settling->saved;
        check->checkpoint_unix_ms = settling->saved_unix_ms;
    } else {
        *check->checkpoint = settling->run;
        check->checkpoint_unix_ms = settling->watch->now_unix_ms + 1;
    }
    return 0;
}

/* A check that is gone: its incidents end when its last slot is over. */
static void
end_if_removed(struct settling *settling)
{
    struct watch_check *check = settling->check;
    const struct timeline_segment *last =
        &check->timeline.segments[check->timeline.count - 1];

    if (last->to_unix_ms == TIMELINE_OPEN_END ||
        timeline_deadline(last, last->to_unix_ms) >
            settling->watch->now_unix_ms)
        return;
    run_end_removed(&settling->run, &settling->found);
    check->ended = true;
}

static int
settle(
    struct settling *settling, const struct watch_sink *sink, struct err *err)
{
    struct watch_check *check = settling->check;
    int64_t changed =
        slot_start_at(&check->timeline, check->changes.from_unix_ms);
    bool resumed =
        check->checkpoint != NULL && changed >= check->checkpoint_unix_ms;
    struct settle_rows rows = {
        .watch = settling->watch,
        .check = check,
        .txn = settling->txn,
        .run = &settling->run,
        .found = &settling->found,
        .sink = sink,
    };

    if (resumed ? resume(settling, err) != 0
                : run_from_before(settling, changed, err) != 0)
        return -1;
    if (save_checkpoint(settling, err) != 0)
        return -1;
    end_if_removed(settling);
    if (!resumed || !check->quiet || settling->found.count > 0)
        return settle_rows_store(&rows, err);
    return 0;
}

int
settle_check(struct watch *watch, struct watch_check *check,
    struct store_txn *txn, const struct watch_sink *sink, struct err *err)
{
    struct settling *settling;
    int rc = 0;

    if (check->timeline.count > 0) {
        settling = calloc(1, sizeof(*settling));
        if (settling == NULL)
            return err_set(err, ERR_NOMEM, "incident machines");
        settling->watch = watch;
        settling->check = check;
        settling->txn = txn;
        rc = settle(settling, sink, err);
        found_list_free(&settling->found);
        free(settling);
    }
    if (rc == 0)
        check->changes = (struct changes){.from_unix_ms = INT64_MAX,
            .to_unix_ms = INT64_MIN,
            .live_from_unix_ms = INT64_MAX,
            .live_to_unix_ms = INT64_MIN};
    return rc;
}
