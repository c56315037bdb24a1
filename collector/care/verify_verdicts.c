#include <string.h>

#include "box.h"
#include "clock.h"
#include "page_stored.h"
#include "pages.h"
#include "recount.h"
#include "stale.h"
#include "text.h"
#include "verify_own.h"

/* One hour of a check under one version, while it is compared. */
struct judging {
    struct verify *verify;
    const struct timeline *timeline;
    int64_t judged_unix_ms; /* rows are as of then */
    struct page page;       /* as stored */
    bool stored;
    struct region_map regions;
    struct box box;
    struct recount recount;
};

static int
note(void *ctx, const struct raw_result *result, const struct box_agent *who,
    size_t slot, struct err *err)
{
    struct judging *judging = ctx;

    return box_note(&judging->box, who, slot, &result->measure, err);
}

static int
say(struct judging *judging, int64_t slot_unix_ms, const char *what,
    struct err *err)
{
    char moment[TEXT_MOMENT_BYTES];

    text_put_moment(slot_unix_ms, moment);
    return verify_say(judging->verify, "verdicts", err, "%s, slot %s: %s",
        verify_check_name(judging->verify, judging->timeline->check), moment,
        what);
}

/* The row, or what it follows from, cannot be read. */
static int
say_state(struct judging *judging, struct err *err)
{
    struct err said = *err;

    return say(judging, judging->page.first_unix_ms, said.msg, err);
}

/*
 * A row may have room for slots that a later version took over, but no verdict
 * of them.
 */
static bool
has_strange_slots(const struct page *page, const struct verdict_row *row)
{
    for (size_t at = 0; at < row->slots; at++) {
        if (page_slot_at(page, verdict_row_slot(row, at)) < page->slots)
            continue;
        for (size_t scope = 0; scope < row->scopes; scope++) {
            if (row->cells[scope * row->slots + at] != 0)
                return true;
        }
    }
    return row->scopes != page->scopes;
}

/* 1: there is a row, 0: not, -1: err. */
static int
load_row(struct judging *judging, struct err *err)
{
    struct page *page = &judging->page;
    struct verdict_row row;
    int rc = page_load(
        page, judging->timeline->check, judging->verify->txn, &row, err);

    if (rc <= 0)
        return rc;
    if (has_strange_slots(page, &row))
        rc = err_set(err, ERR_STATE, "has verdicts of slots that are not its");
    verdict_row_free(&row);
    return rc;
}

/*
 * A slot that nobody voted in is written as UNKNOWN with the next row, or when
 * its hour is sealed: until then it may not be there.
 */
static bool
is_unwritten_silence(
    const struct judging *judging, size_t slot, const uint8_t *cells)
{
    for (size_t scope = 0; scope < judging->page.scopes; scope++) {
        if (*page_cell(&judging->page, scope, slot) != 0 ||
            (cells[scope] & ~CELL_JUDGED) != VERDICT_UNKNOWN)
            return false;
    }
    return true;
}

static int
compare_slot(struct judging *judging, size_t slot, struct err *err)
{
    static const struct box_count closed = {.closed = true};
    struct page *page = &judging->page;
    uint8_t cells[VERDICT_ROW_SCOPES_MAX];

    recount_judge(&judging->box, slot, &closed, page->segment, cells);
    judging->verify->counts->slots++;
    if (is_unwritten_silence(judging, slot, cells))
        return 0;
    for (size_t scope = 0; scope < page->scopes; scope++) {
        if (*page_cell(page, scope, slot) != cells[scope])
            return say(judging, page_slot_start(page, slot),
                judging->stored ? "is not what its votes come to"
                                : "has votes and no verdict",
                err);
    }
    return 0;
}

/* Votes of the page, from raw; then slot by slot. */
static int
compare_page(struct judging *judging, struct err *err)
{
    struct verify *verify = judging->verify;
    struct page *page = &judging->page;
    int rc = load_row(judging, err);

    judging->stored = rc == 1;
    if (rc >= 0)
        rc = region_map_load(
            verify->txn, page->segment->check, &judging->regions, err);
    box_init(
        &judging->box, page->slots, slot_rule_of(&page->segment->check->check));
    judging->recount = (struct recount){
        .txn = verify->txn,
        .timeline = judging->timeline,
        .regions = &judging->regions,
        .now_unix_ms = judging->judged_unix_ms,
        .note = note,
        .ctx = judging,
    };
    if (rc == 0)
        rc = recount_read(&judging->recount, page, err);
    if (rc != 0 && err->code == ERR_STATE)
        rc = say_state(judging, err);
    else if (rc == 0) {
        for (size_t slot = 0; slot < page->slots && rc == 0; slot++) {
            if (page_slot_is_closed(page, slot, judging->judged_unix_ms))
                rc = compare_slot(judging, slot, err);
        }
    }
    box_free(&judging->box);
    return rc;
}

/* All versions' slots that begin in the hour. */
static int
compare_hour(struct judging *judging, int64_t hour_unix_ms, struct err *err)
{
    const struct timeline *timeline = judging->timeline;
    const struct stale_hour hour = {
        .check = timeline->check, .hour_unix_ms = hour_unix_ms};
    int rc = stale_is_marked(judging->verify->txn, &hour, err);

    judging->verify->counts->pending += rc == 1;
    for (size_t i = 0; i < timeline->count && rc == 0; i++) {
        const struct timeline_segment *segment = &timeline->segments[i];

        if (segment->from_unix_ms >= hour_unix_ms + TIMELINE_HOUR_MS ||
            segment->to_unix_ms <= hour_unix_ms)
            continue;
        rc = page_turn(&judging->page, segment, hour_unix_ms, err);
        if (rc == 0 && judging->page.slots > 0)
            rc = compare_page(judging, err);
    }
    return rc < 0 ? -1 : 0;
}

/*
 * One hour in the transaction as it is: the timeline and the moment that rows
 * are of are read with it.  *next is the hour behind, INT64_MAX: no more.
 */
static int
verify_hour(
    struct verify *verify, uint32_t check, int64_t *next, struct err *err)
{
    struct timeline timeline = {.segments = NULL};
    struct judging judging = {.verify = verify, .timeline = &timeline};
    int64_t hour = *next;
    uint64_t last_run;
    int rc = -1;

    *next = INT64_MAX;
    if (pages_timeline(verify->txn, verify->history, check, &timeline, err) !=
            0 ||
        stale_note_get(verify->txn, STALE_LAST_RUN, &last_run, err) != 0)
        goto out;
    rc = 0;
    judging.judged_unix_ms = (int64_t)last_run;
    if (timeline.count == 0)
        goto out;
    if (hour < timeline.segments[0].from_unix_ms)
        hour =
            timeline_floor(timeline.segments[0].from_unix_ms, TIMELINE_HOUR_MS);
    if (hour >= judging.judged_unix_ms)
        goto out;
    rc = compare_hour(&judging, hour, err);
    *next = hour + TIMELINE_HOUR_MS;

out:
    page_free(&judging.page);
    timeline_free(&timeline);
    return rc;
}

int
verify_verdicts(struct verify *verify, uint32_t check, struct err *err)
{
    int64_t next = timeline_floor(
        verify_raw_from(verify) + RETENTION_DAY_MS, TIMELINE_HOUR_MS);

    while (next != INT64_MAX) {
        uint64_t slots = verify->counts->slots;

        if (verify_hour(verify, check, &next, err) != 0)
            return verify_say_state(
                verify, "verdicts", verify_check_name(verify, check), err);
        slots = verify->counts->slots - slots;
        if (verify_turn(verify, (size_t)slots * 2 + 4, err) != 0)
            return -1;
    }
    return 0;
}
