#include "timeline.h"

#include <stdlib.h>

enum { RETRY_AFTER_MS = 5000 };

int64_t
timeline_floor(int64_t unix_ms, int64_t step_ms)
{
    int64_t rest = unix_ms % step_ms;

    return unix_ms - (rest < 0 ? rest + step_ms : rest);
}

static int64_t
up_to_step(int64_t unix_ms, int64_t step_ms)
{
    int64_t down = timeline_floor(unix_ms, step_ms);

    return down == unix_ms ? down : down + step_ms;
}

static int64_t
later_of(int64_t a_unix_ms, int64_t b_unix_ms)
{
    return a_unix_ms > b_unix_ms ? a_unix_ms : b_unix_ms;
}

/* The version in force then; the first for moments before it. */
static size_t
version_at(const struct conf_history *history, int64_t unix_ms)
{
    size_t at = 0;

    while (at + 1 < history->count &&
           history->versions[at + 1].since_unix_ms <= unix_ms)
        at++;
    return at;
}

static const struct conf_check *
check_in(const struct conf_history *history, size_t at, uint32_t check)
{
    return collector_conf_check_by_id(history->versions[at].config, check);
}

/* The segment of version `at` from `begin` until the next version's slots. */
static struct timeline_segment
segment_of(const struct conf_history *history, size_t at,
    const struct conf_check *check, int64_t begin)
{
    int64_t interval_ms = check->check.interval_ms;
    int64_t end = TIMELINE_OPEN_END;

    if (at + 1 < history->count)
        end = up_to_step(history->versions[at + 1].since_unix_ms, interval_ms);
    return (struct timeline_segment){
        .from_unix_ms = begin,
        .to_unix_ms = end,
        .interval_ms = interval_ms,
        .timeout_ms = check->check.timeout_ms,
        .quorum = check->quorum != 0 ? check->quorum
                                     : history->versions[at].config->quorum,
        .version = history->versions[at].version,
        .config = history->versions[at].config,
        .check = check,
    };
}

static void
append(struct timeline *timeline, const struct timeline_segment *segment)
{
    timeline->segments[timeline->count++] = *segment;
    if (segment->interval_ms > timeline->longest_ms)
        timeline->longest_ms = segment->interval_ms;
}

/* Where the check's first slot begins: by its first result or configuration. */
static int64_t
first_slot(
    int64_t since_unix_ms, int64_t interval_ms, int64_t first_slot_unix_ms)
{
    int64_t begin = up_to_step(since_unix_ms, interval_ms);

    if (first_slot_unix_ms < begin)
        begin = timeline_floor(first_slot_unix_ms, interval_ms);
    return begin;
}

int
timeline_make(const struct conf_history *history, uint32_t check,
    int64_t first_slot_unix_ms, struct timeline *timeline, struct err *err)
{
    int64_t cursor = 0;

    *timeline = (struct timeline){.check = check};
    timeline->segments =
        calloc(history->count + 1, sizeof(timeline->segments[0]));
    if (timeline->segments == NULL)
        return err_set(err, ERR_NOMEM, "timeline");
    for (size_t at = 0; at < history->count; at++) {
        const struct conf_check *conf = check_in(history, at, check);
        int64_t since_unix_ms = history->versions[at].since_unix_ms;
        struct timeline_segment segment;

        if (conf == NULL)
            continue;
        if (timeline->count == 0)
            cursor = first_slot(
                since_unix_ms, conf->check.interval_ms, first_slot_unix_ms);
        else if (check_in(history, at - 1, check) == NULL)
            cursor = later_of(
                cursor, up_to_step(since_unix_ms, conf->check.interval_ms));
        /* Not in force at the start of any slot: another one followed soon. */
        if (version_at(history, cursor) > at)
            continue;
        segment = segment_of(history, at, conf, cursor);
        append(timeline, &segment);
        cursor = segment.to_unix_ms;
    }
    return 0;
}

void
timeline_free(struct timeline *timeline)
{
    free(timeline->segments);
    timeline->segments = NULL;
    timeline->count = 0;
}

const struct timeline_segment *
timeline_from(const struct timeline *timeline, int64_t unix_ms)
{
    size_t low = 0;
    size_t high = timeline->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (timeline->segments[middle].to_unix_ms <= unix_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low < timeline->count ? &timeline->segments[low] : NULL;
}

const struct timeline_segment *
timeline_at(const struct timeline *timeline, int64_t unix_ms)
{
    const struct timeline_segment *segment = timeline_from(timeline, unix_ms);

    return segment != NULL && segment->from_unix_ms <= unix_ms ? segment : NULL;
}

int64_t
timeline_slot_start(const struct timeline_segment *segment, int64_t unix_ms)
{
    return later_of(
        timeline_floor(unix_ms, segment->interval_ms), segment->from_unix_ms);
}

int64_t
timeline_slot_at(const struct timeline *timeline, int64_t unix_ms)
{
    const struct timeline_segment *segment = timeline_at(timeline, unix_ms);

    return segment != NULL ? timeline_slot_start(segment, unix_ms) : unix_ms;
}

int64_t
timeline_slot_end(const struct timeline_segment *segment, int64_t unix_ms)
{
    return timeline_floor(unix_ms, segment->interval_ms) + segment->interval_ms;
}

int64_t
timeline_deadline(
    const struct timeline_segment *segment, int64_t slot_end_unix_ms)
{
    return slot_end_unix_ms + 2 * segment->timeout_ms + TIMELINE_GRACE_MS;
}

int64_t
timeline_reach_ms(const struct timeline *timeline)
{
    int64_t timeout_ms = 0;

    for (size_t i = 0; i < timeline->count; i++) {
        if (timeline->segments[i].timeout_ms > timeout_ms)
            timeout_ms = timeline->segments[i].timeout_ms;
    }
    return 2 * timeline->longest_ms + 2 * timeout_ms + TIMELINE_GRACE_MS;
}

/* Whether an agent that still ran another interval would stamp it so. */
static bool
is_of_other_grid(const struct timeline *timeline,
    const struct timeline_segment *segment, const struct measure *measure)
{
    for (size_t i = 0; i < timeline->count; i++) {
        int64_t interval_ms = timeline->segments[i].interval_ms;

        if (interval_ms != segment->interval_ms &&
            timeline_floor(measure->ts_unix_ms, interval_ms) ==
                measure->slot_unix_ms)
            return true;
    }
    return false;
}

/*
 * When its first attempt was at the latest: a second one follows 5 s after the
 * first has ended.
 */
static int64_t
first_attempt_unix_ms(const struct measure *measure)
{
    return measure->ts_unix_ms - (measure->attempt > 0 ? RETRY_AFTER_MS : 0);
}

/* The last slot of this nominal start that had begun by then. */
static int64_t
slot_of_stamp(
    const struct timeline *timeline, int64_t stamp, int64_t by_unix_ms)
{
    for (size_t i = timeline->count; i > 0; i--) {
        const struct timeline_segment *segment = &timeline->segments[i - 1];
        int64_t start = later_of(stamp, segment->from_unix_ms);

        if (timeline_floor(stamp, segment->interval_ms) == stamp &&
            start < stamp + segment->interval_ms &&
            start < segment->to_unix_ms && start <= by_unix_ms)
            return start;
    }
    return TIMELINE_NO_SLOT;
}

int64_t
timeline_place(const struct timeline *timeline, const struct measure *measure)
{
    int64_t first = first_attempt_unix_ms(measure);
    const struct timeline_segment *segment = timeline_at(timeline, first);
    int64_t stamp = measure->slot_unix_ms;
    int64_t start;

    if (segment != NULL) {
        int64_t nominal = timeline_floor(first, segment->interval_ms);

        if (nominal == stamp ||
            (measure->attempt == 0 &&
                is_of_other_grid(timeline, segment, measure)))
            return timeline_slot_start(segment, first);
    }
    start = slot_of_stamp(timeline, stamp, first);
    if (start == TIMELINE_NO_SLOT)
        start = slot_of_stamp(timeline, stamp, measure->ts_unix_ms);
    if (start != TIMELINE_NO_SLOT)
        return start;
    segment = timeline_at(timeline, stamp);
    return segment != NULL ? timeline_slot_start(segment, stamp)
                           : TIMELINE_NO_SLOT;
}

int64_t
timeline_stamps_from(
    const struct timeline *timeline, int64_t slot_start_unix_ms)
{
    const struct timeline_segment *segment =
        timeline_at(timeline, slot_start_unix_ms);
    bool one_grid = true;

    for (size_t i = 1; i < timeline->count; i++) {
        if (timeline->segments[i].interval_ms !=
            timeline->segments[0].interval_ms)
            one_grid = false;
    }
    if (segment == NULL || !one_grid)
        return slot_start_unix_ms - timeline->longest_ms;
    return timeline_floor(slot_start_unix_ms, segment->interval_ms);
}
