#include "settle.h"

#include <stdlib.h>
#include <string.h>

#include "run_walk.h"
#include "settle_rows.h"

struct settling {
    const struct watch *watch;
    struct watch_check *check;
    struct store_txn *txn;
    struct run_walk walk;
};

/* Goes on from where the last settling left off. */
static int
resume(struct settling *settling, struct err *err)
{
    const struct watch_check *check = settling->check;
    struct run_walk *walk = &settling->walk;

    walk->run = *check->checkpoint;
    if (run_resume(&walk->run, check->checkpoint_unix_ms, &walk->found, err) !=
        0)
        return -1;
    return run_walk_span(
        walk, check->checkpoint_unix_ms, settling->watch->now_unix_ms + 1, err);
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
    if (settling->walk.is_saved) {
        *check->checkpoint = settling->walk.saved;
        check->checkpoint_unix_ms = settling->walk.saved_unix_ms;
    } else {
        *check->checkpoint = settling->walk.run;
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
    run_end_removed(&settling->walk.run, &settling->walk.found);
    check->ended = true;
}

/*
 * A slot that nobody votes in is judged by time alone, which is no news to
 * anybody: the machines are run again then if they went on without it.
 */
static void
note_overtaken(struct settling *settling)
{
    struct watch_check *check = settling->check;
    int64_t start = run_overtaken(&settling->walk.run);
    const struct timeline_segment *segment =
        timeline_at(&check->timeline, start);

    check->overtaken_unix_ms = INT64_MAX;
    check->overtaken_due_unix_ms = INT64_MAX;
    if (segment == NULL)
        return;
    check->overtaken_unix_ms = start;
    check->overtaken_due_unix_ms =
        timeline_deadline(segment, timeline_slot_end(segment, start));
}

static int
settle(
    struct settling *settling, const struct watch_sink *sink, struct err *err)
{
    struct watch_check *check = settling->check;
    int64_t changed =
        timeline_slot_at(&check->timeline, check->changes.from_unix_ms);
    bool resumed =
        check->checkpoint != NULL && changed >= check->checkpoint_unix_ms;
    struct settle_rows rows = {
        .watch = settling->watch,
        .check = check,
        .txn = settling->txn,
        .run = &settling->walk.run,
        .found = &settling->walk.found,
        .sink = sink,
    };

    if (resumed ? resume(settling, err) != 0
                : run_walk_from_before(&settling->walk, changed, err) != 0)
        return -1;
    if (save_checkpoint(settling, err) != 0)
        return -1;
    note_overtaken(settling);
    end_if_removed(settling);
    if (!resumed || !check->quiet || settling->walk.found.count > 0)
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
        settling->walk.pages = (struct pages_query){
            .txn = txn,
            .timeline = &check->timeline,
            .newest = watch_newest(watch),
            .now_unix_ms = watch->now_unix_ms,
            .rows_only = true,
        };
        rc = settle(settling, sink, err);
        run_walk_free(&settling->walk);
        free(settling);
    }
    if (rc == 0)
        check->changes = (struct changes){.from_unix_ms = INT64_MAX,
            .to_unix_ms = INT64_MIN,
            .live_from_unix_ms = INT64_MAX,
            .live_to_unix_ms = INT64_MIN};
    return rc;
}
