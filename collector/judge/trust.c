#include "trust.h"

#include <string.h>

#include "stale.h"

static bool
same_names(const struct strlist *a, const struct strlist *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return true;
}

static bool
same_window(const struct conf_window *a, const struct conf_window *b)
{
    return a->from_unix_ms == b->from_unix_ms &&
           a->to_unix_ms == b->to_unix_ms && a->weekday == b->weekday &&
           a->from_minute == b->from_minute && a->to_minute == b->to_minute &&
           strcmp(a->timezone, b->timezone) == 0 &&
           same_names(&a->checks, &b->checks) &&
           same_names(&a->regions, &b->regions);
}

static bool
same_windows(const struct config *a, const struct config *b)
{
    if (a->window_count != b->window_count)
        return false;
    for (size_t i = 0; i < a->window_count; i++) {
        if (!same_window(&a->windows[i], &b->windows[i]))
            return false;
    }
    return true;
}

int64_t
trust_settled_until(const struct conf_history *history, uint64_t version)
{
    const struct conf_version *newest = &history->versions[history->count - 1];

    for (size_t i = 0; i + 1 < history->count; i++) {
        if (history->versions[i].version != version)
            continue;
        if (!same_windows(history->versions[i].config, newest->config))
            return 0;
        return history->versions[i + 1].since_unix_ms;
    }
    return version == 0 || version == newest->version ? INT64_MAX : 0;
}

static void
move_down(int64_t *until_unix_ms, int64_t unix_ms)
{
    if (unix_ms < *until_unix_ms)
        *until_unix_ms = unix_ms;
}

/* Hours come in order: the first is enough. */
static int
take_first(void *ctx, const struct stale_hour *hour, struct err *err)
{
    (void)err;
    move_down(ctx, hour->hour_unix_ms);
    return 1;
}

int
trust_until(struct store_txn *txn, const struct conf_history *history,
    const struct timeline *timeline, int64_t now_unix_ms,
    int64_t *until_unix_ms, struct err *err)
{
    uint64_t last_run;
    uint64_t version;
    int64_t unsettled_unix_ms;

    if (stale_note_get(txn, STALE_LAST_RUN, &last_run, err) != 0 ||
        stale_note_get(txn, STALE_SETTLED_VERSION, &version, err) != 0 ||
        unsettled_get(txn, timeline->check, &unsettled_unix_ms, err) != 0)
        return -1;
    *until_unix_ms = INT64_MIN;
    if (last_run == 0 || version == 0)
        return 0;
    *until_unix_ms = (int64_t)last_run;
    move_down(until_unix_ms, now_unix_ms);
    *until_unix_ms -= timeline_reach_ms(timeline);
    move_down(until_unix_ms, unsettled_unix_ms);
    move_down(until_unix_ms, trust_settled_until(history, version));
    return stale_each(txn, timeline->check, take_first, until_unix_ms, err);
}
