#include "watch_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"
#include "registry.h"
#include "stale.h"
#include "trust.h"

enum {
    AHEAD_MS = 20000,       /* results noted after the last run was noted */
    UNKNOWN_BACK_DAYS = 35, /* as long as raw is kept */
    DAY_MS = 86400000
};

/* ---- the checks ---- */

static int
add_check(struct watch *watch, const struct conf_check *conf, struct err *err)
{
    struct watch_check *check;

    for (size_t i = 0; i < watch->count; i++) {
        if (watch->checks[i].check == conf->check.id)
            return 0;
    }
    if ((watch->count & (watch->count - 1)) == 0) {
        size_t capacity = watch->count == 0 ? 1 : watch->count * 2;
        struct watch_check *grown =
            realloc(watch->checks, capacity * sizeof(grown[0]));

        if (grown == NULL)
            return err_set(err, ERR_NOMEM, "%zu checks", capacity);
        watch->checks = grown;
    }
    check = &watch->checks[watch->count++];
    *check = (struct watch_check){.check = conf->check.id};
    memcpy(check->name, conf->check.name, sizeof(check->name));
    check->changes = (struct changes){.from_unix_ms = INT64_MAX,
        .to_unix_ms = INT64_MIN,
        .live_from_unix_ms = INT64_MAX,
        .live_to_unix_ms = INT64_MIN};
    check->overtaken_unix_ms = INT64_MAX;
    check->overtaken_due_unix_ms = INT64_MAX;
    check->expected_generation = UINT64_MAX;
    check->late_ms = WATCH_LATE_MS;
    return 0;
}

/* All that any version has had. */
static int
add_checks(struct watch *watch, struct err *err)
{
    for (size_t i = 0; i < watch->history->count; i++) {
        const struct config *config = watch->history->versions[i].config;

        for (size_t k = 0; k < config->check_count; k++) {
            if (add_check(watch, &config->checks[k], err) != 0)
                return -1;
        }
    }
    return 0;
}

static int
make_table(struct watch *watch, struct err *err)
{
    size_t size = 16;

    while (size < watch->count * 2)
        size *= 2;
    watch->table = calloc(size, sizeof(watch->table[0]));
    if (watch->table == NULL)
        return err_set(err, ERR_NOMEM, "table of %zu checks", watch->count);
    watch->table_mask = size - 1;
    for (uint32_t i = 0; i < watch->count; i++) {
        size_t at = watch->checks[i].check & watch->table_mask;

        while (watch->table[at] != 0)
            at = (at + 1) & watch->table_mask;
        watch->table[at] = i + 1;
    }
    return 0;
}

static void
free_check(struct watch_check *check)
{
    live_clear(check);
    timeline_free(&check->timeline);
    free(check->stale);
    free(check->checkpoint);
    free(check->no_route);
    free(check->expected);
}

void
watch_clear(struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        free_check(&watch->checks[i]);
    free(watch->checks);
    free(watch->table);
    watch->checks = NULL;
    watch->table = NULL;
    watch->count = 0;
}

int
watch_build_timeline(const struct watch *watch, struct watch_check *check,
    int64_t first_slot_unix_ms, struct err *err)
{
    struct timeline made;

    if (timeline_make(
            watch->history, check->check, first_slot_unix_ms, &made, err) != 0)
        return -1;
    timeline_free(&check->timeline);
    check->timeline = made;
    check->first_slot_unix_ms = first_slot_unix_ms;
    /* Its machines point into the old one. */
    free(check->checkpoint);
    check->checkpoint = NULL;
    return 0;
}

/* ---- what a judge before left ---- */

static int
add_stored_mark(void *ctx, const struct stale_hour *hour, struct err *err)
{
    struct watch_check *check = ctx;
    const struct stale_item item = {
        .hour_unix_ms = hour->hour_unix_ms,
        .due_unix_ms = hour->due_unix_ms,
        .live = true,
        .rebuild = true,
    };

    if (watch_mark_stale(check, NULL, &item, err) != 0)
        return -1;
    check->stale[check->stale_count - 1].stored = true;
    check->stale[check->stale_count - 1].rebuild = false;
    check->rebuild_count--;
    return 0;
}

/* Hours whose slots may have had votes that no row knows. */
static int
mark_span(struct watch_check *check, int64_t from_unix_ms, int64_t to_unix_ms,
    struct err *err)
{
    int64_t hour = timeline_floor(from_unix_ms, TIMELINE_HOUR_MS);

    if (hour < 0)
        hour = 0;
    for (; hour < to_unix_ms; hour += TIMELINE_HOUR_MS) {
        const struct stale_item item = {
            .hour_unix_ms = hour, .live = true, .rebuild = true};

        if (watch_mark_stale(check, NULL, &item, err) != 0)
            return -1;
    }
    return 0;
}

static int
mark_forgotten(const struct watch *watch, struct watch_check *check,
    int64_t last_run_unix_ms, struct err *err)
{
    int64_t now = watch->now_unix_ms;
    int64_t span = timeline_reach_ms(&check->timeline);
    int64_t from = last_run_unix_ms - span;
    int64_t to = last_run_unix_ms + AHEAD_MS;

    if (check->first_slot_unix_ms == INT64_MAX)
        return 0; /* no result was ever taken */
    if (last_run_unix_ms == 0) {
        from = now - (int64_t)UNKNOWN_BACK_DAYS * DAY_MS;
        if (from < check->first_slot_unix_ms)
            from = check->first_slot_unix_ms;
        to = now;
    }
    if (mark_span(check, from, to < now ? to : now + 1, err) != 0)
        return -1;
    return mark_span(check, now - span, now + 1, err);
}

static int
load_check(struct watch *watch, struct watch_check *check,
    struct store_txn *txn, int64_t last_run_unix_ms, struct err *err)
{
    int64_t since = trust_settled_until(watch->history, watch->settled_version);
    int64_t reach_ms;
    int64_t noted;
    struct check_row row;
    int rc = check_row_get(txn, check->check, &row, err);

    if (rc < 0 ||
        watch_build_timeline(watch, check,
            rc == 1 ? row.first_slot_unix_ms : INT64_MAX, err) != 0 ||
        stale_each(txn, check->check, add_stored_mark, check, err) != 0 ||
        mark_forgotten(watch, check, last_run_unix_ms, err) != 0 ||
        unsettled_get(txn, check->check, &noted, err) != 0)
        return -1;
    reach_ms = timeline_reach_ms(&check->timeline);
    check->unsettled_stored = noted != INT64_MAX;
    if (noted < since)
        since = noted;
    /* Slots that its machines had skipped. */
    if (last_run_unix_ms != 0 && last_run_unix_ms - reach_ms < since)
        since = last_run_unix_ms - reach_ms;
    if (since != INT64_MAX)
        watch_changed(check, since, false, false);
    check->seal_unix_ms = timeline_floor(
        (last_run_unix_ms != 0 ? last_run_unix_ms : watch->now_unix_ms) -
            reach_ms,
        TIMELINE_HOUR_MS);
    check->ended =
        check->timeline.count > 0 &&
        check->timeline.segments[check->timeline.count - 1].to_unix_ms <
            last_run_unix_ms - reach_ms;
    return 0;
}

int
watch_build(struct watch *watch, struct store_txn *txn, int64_t now_unix_ms,
    struct err *err)
{
    uint64_t last_run;

    watch->now_unix_ms = now_unix_ms;
    if (stale_note_get(txn, STALE_LAST_RUN, &last_run, err) != 0 ||
        stale_note_get(
            txn, STALE_SETTLED_VERSION, &watch->settled_version, err) != 0)
        return -1;
    watch->noted_run_unix_ms = (int64_t)last_run;
    if (add_checks(watch, err) != 0 || make_table(watch, err) != 0)
        return -1;
    for (size_t i = 0; i < watch->count; i++) {
        if (load_check(watch, &watch->checks[i], txn, (int64_t)last_run, err) !=
            0)
            return -1;
    }
    return 0;
}
