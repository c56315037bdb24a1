#include "clock.h"
#include "past.h"
#include "registry.h"
#include "row.h"
#include "text.h"
#include "verdict.h"
#include "verify_own.h"

enum { HOUR_MS = 3600000, DAY_ROWS = 2000 /* what one day costs */ };

/* One check's day, while its rows are compared. */
struct comparing {
    struct verify *verify;
    struct past_query query;
    size_t made; /* rows that there should be */
};

static int
say(const struct comparing *comparing, const char *region, int64_t at_unix_ms,
    const char *what, struct err *err)
{
    char moment[TEXT_MOMENT_BYTES];

    text_put_moment(at_unix_ms, moment);
    return verify_say(comparing->verify, "past", err, "%s, %s, %s: %s",
        verify_check_name(comparing->verify, comparing->query.place.check),
        region != NULL ? region : "all regions", moment, what);
}

/* ---- two days ---- */

/* The run that holds the moment, or the first behind it; NULL: none. */
static const struct past_run *
run_at(const struct past_day *day, int64_t at_unix_ms)
{
    for (size_t i = 0; i < day->count; i++) {
        const struct past_run *run = &day->runs[i];

        if (run->start_unix_ms + run->length_ms > at_unix_ms)
            return run;
    }
    return NULL;
}

/* What is said of a moment, and until when: *until only gets less. */
static int
verdict_at(const struct past_day *day, int64_t at_unix_ms, int64_t *until)
{
    const struct past_run *run = run_at(day, at_unix_ms);
    bool holds = run != NULL && run->start_unix_ms <= at_unix_ms;
    int64_t end_unix_ms = INT64_MAX;

    if (run != NULL)
        end_unix_ms =
            holds ? run->start_unix_ms + run->length_ms : run->start_unix_ms;
    if (end_unix_ms < *until)
        *until = end_unix_ms;
    return holds ? run->verdict : VERDICT_PENDING;
}

/*
 * The first moment from `at` on of which the two say another thing, INT64_MAX:
 * none.  What is maintenance may have been said since the row was written.
 */
static int64_t
first_difference(const struct past_day *stored, const struct past_day *made,
    int64_t at_unix_ms)
{
    while (at_unix_ms != INT64_MAX) {
        int64_t until = INT64_MAX;
        int was = verdict_at(stored, at_unix_ms, &until);
        int is = verdict_at(made, at_unix_ms, &until);

        if (was != is && was != VERDICT_MAINT && is != VERDICT_MAINT)
            return at_unix_ms;
        at_unix_ms = until;
    }
    return INT64_MAX;
}

/* ---- rows ---- */

/* Of a day whose first hours are gone, a slot may reach out of those. */
static int64_t
compared_from(const struct comparing *comparing, const struct past_day *made)
{
    const struct past_query *query = &comparing->query;

    if (query->from_unix_ms == query->place.day_unix_ms)
        return query->from_unix_ms;
    return made->count > 0 ? made->runs[0].start_unix_ms : INT64_MAX;
}

static int
compare_scope(
    void *ctx, const char *region, const struct past_day *made, struct err *err)
{
    struct comparing *comparing = ctx;
    struct store_txn *txn = comparing->verify->txn;
    const struct past_place *place = &comparing->query.place;
    struct past_day stored = {.runs = NULL};
    uint32_t number = 0;
    int64_t at_unix_ms;
    int rc = 1;

    comparing->made++;
    if (region != NULL)
        rc = registry_find(txn, REGISTRY_REGION, region, &number, err);
    if (rc == 1)
        rc = past_get(txn, place, (uint16_t)number, &stored, err);
    if (rc < 0 && err->code == ERR_STATE)
        return 0; /* told with the other rows */
    if (rc < 0)
        return -1;
    if (rc == 0)
        return say(comparing, region, place->day_unix_ms, "is not there", err);
    at_unix_ms =
        first_difference(&stored, made, compared_from(comparing, made));
    past_day_free(&stored);
    return at_unix_ms == INT64_MAX
               ? 0
               : say(comparing, region, at_unix_ms,
                     "is not what its verdicts come to", err);
}

static int
count_scope(
    void *ctx, uint16_t region, const struct past_day *day, struct err *err)
{
    (void)region;
    (void)day;
    (void)err;
    ++*(size_t *)ctx;
    return 0;
}

static int
compare_day(struct comparing *comparing, struct err *err)
{
    struct verify *verify = comparing->verify;
    const struct past_query *query = &comparing->query;
    size_t stored = 0;

    comparing->made = 0;
    if (past_make(verify->txn, verify->history, query, compare_scope, comparing,
            err) != 0)
        return err->code == ERR_STATE
                   ? say(comparing, NULL, query->place.day_unix_ms,
                         "what it was made of cannot be read", err)
                   : -1;
    verify->counts->past++;
    if (past_each(verify->txn, &query->place, count_scope, &stored, err) != 0)
        return err->code == ERR_STATE ? 0 : -1; /* told with the other rows */
    return stored > comparing->made
               ? say(comparing, NULL, query->place.day_unix_ms,
                     "there are rows that nothing comes to", err)
               : 0;
}

/* 1: verdict rows from *from on are all there; 0: there are none; -1: err. */
static int
find_kept(struct verify *verify, int64_t *from_unix_ms, struct err *err)
{
    struct bytes key;
    int rc = store_seek(
        verify->txn, STORE_VERDICTS, (struct bytes){.len = 0}, &key, NULL, err);

    if (rc != 1 || key.len < 4)
        return rc < 0 ? -1 : 0;
    /* Of the first hour some may be gone. */
    *from_unix_ms = (int64_t)key_take_u32(key.data) * MS_PER_SEC + HOUR_MS;
    return 1;
}

int
verify_past(struct verify *verify, uint32_t check, struct err *err)
{
    struct comparing comparing = {.verify = verify};
    struct past_query *query = &comparing.query;
    int64_t from_unix_ms;
    int64_t day_unix_ms;
    int rc = find_kept(verify, &from_unix_ms, err);

    if (rc != 1)
        return rc;
    day_unix_ms = from_unix_ms - from_unix_ms % PAST_DAY_MS;
    for (; day_unix_ms < verify->spec->now_unix_ms;
         day_unix_ms += PAST_DAY_MS) {
        *query = (struct past_query){
            .place = {.day_unix_ms = day_unix_ms, .check = check},
            .from_unix_ms =
                from_unix_ms > day_unix_ms ? from_unix_ms : day_unix_ms,
            .now_unix_ms = verify->spec->now_unix_ms};
        rc = past_is_kept(verify->txn, &query->place, err);
        if (rc < 0 && err->code != ERR_STATE)
            return -1;
        if (rc != 1)
            continue;
        if (compare_day(&comparing, err) != 0 ||
            verify_turn(verify, DAY_ROWS, err) != 0)
            return -1;
    }
    return 0;
}
