#include <string.h>

#include "clock.h"
#include "ladder.h"
#include "registry.h"
#include "row.h"
#include "text.h"
#include "verify_own.h"

enum { PLACE_ROWS = 8 /* what one place costs at least */ };

struct comparing {
    struct verify *verify;
    const struct cell_place *place;
    size_t made; /* rows that there should be */
};

static const char *
table_name(const struct cell_place *place)
{
    return place->tier == CELL_HOUR ? "hour" : "day";
}

static int
say(struct comparing *comparing, uint16_t region, const char *what,
    struct err *err)
{
    const struct cell_place *place = comparing->place;
    struct verify *verify = comparing->verify;
    char moment[TEXT_MOMENT_BYTES];
    char name[REGISTRY_NAME_BYTES] = "all regions";
    struct err ignored;

    text_put_moment(place->start_unix_ms, moment);
    if (region != 0)
        (void)registry_name(
            verify->txn, REGISTRY_REGION, region, name, &ignored);
    return verify_say(verify, table_name(place), err, "%s, %s, %s: %s",
        verify_check_name(verify, place->check), name, moment, what);
}

static int
compare_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct comparing *comparing = ctx;
    const struct cell_place *place = comparing->place;
    uint16_t region = key_take_u16(key.data + 8);
    struct bytes stored;
    int rc = store_get(comparing->verify->txn,
        place->tier == CELL_HOUR ? STORE_HOUR : STORE_DAY, key, &stored, err);

    comparing->made++;
    if (rc < 0 && err->code == ERR_STATE)
        return say(comparing, region, "is damaged", err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return say(comparing, region, "is not there", err);
    if (stored.len != value.len ||
        memcmp(stored.data, value.data, value.len) != 0)
        return say(comparing, region,
            place->tier == CELL_HOUR ? "is not what raw results come to"
                                     : "is not what its hours come to",
            err);
    return 0;
}

static int
compare_place(
    struct verify *verify, const struct cell_place *place, struct err *err)
{
    struct comparing comparing = {.verify = verify, .place = place};
    size_t stored;

    if (ladder_compute(verify->txn, verify->history, place, compare_row,
            &comparing, err) != 0)
        return err->code == ERR_STATE
                   ? say(&comparing, 0, "what is below it cannot be read", err)
                   : -1;
    if (cell_count_rows(verify->txn, place, &stored, err) != 0)
        return err->code == ERR_STATE ? 0 : -1; /* told with the other rows */
    if (place->tier == CELL_HOUR)
        verify->counts->hours += comparing.made > 0;
    else
        verify->counts->days += comparing.made > 0;
    if (stored > comparing.made)
        return say(&comparing, 0, "there are rows that nothing comes to", err);
    return 0;
}

/* 1: the ladder is still to make it. */
static int
is_pending(
    struct verify *verify, const struct cell_place *place, struct err *err)
{
    int rc = ladder_is_marked(verify->txn, place, err);

    if (rc == 0 && place->tier == CELL_DAY)
        rc = ladder_day_waits(verify->txn, place, err);
    return rc;
}

static int
compare_tier(struct verify *verify, struct cell_place place, int64_t to_unix_ms,
    struct err *err)
{
    int64_t length_ms = cell_tier_ms(place.tier);

    if (place.start_unix_ms < 0)
        place.start_unix_ms = 0;
    place.start_unix_ms -= place.start_unix_ms % length_ms;
    for (; place.start_unix_ms < to_unix_ms; place.start_unix_ms += length_ms) {
        uint64_t rows = verify->counts->hours;
        int rc = is_pending(verify, &place, err);

        if (rc == 1)
            verify->counts->pending++;
        if (rc < 0 || (rc == 0 && compare_place(verify, &place, err) != 0))
            return -1;
        rows = verify->counts->hours - rows;
        if (verify_turn(verify, PLACE_ROWS + (size_t)rows * 100, err) != 0)
            return -1;
    }
    return 0;
}

static int64_t
later_of(int64_t a_unix_ms, int64_t b_unix_ms)
{
    return a_unix_ms > b_unix_ms ? a_unix_ms : b_unix_ms;
}

/*
 * From the check's first result on, and no further back than all of what is
 * below can be there.
 */
int
verify_cells(struct verify *verify, uint32_t check, struct err *err)
{
    int64_t hours_from = verify_raw_from(verify) + CELL_HOUR_MS;
    int64_t days_from =
        retention_verdicts_from(verify->spec->now_unix_ms) + CELL_DAY_MS;
    int64_t to_unix_ms = verify->spec->now_unix_ms + CELL_DAY_MS;
    struct check_row row;
    int rc = check_row_get(verify->txn, check, &row, err);

    if (rc < 0 && err->code != ERR_STATE)
        return -1;
    if (rc != 1 || row.first_slot_unix_ms == INT64_MAX)
        return 0; /* nothing was ever taken */
    /* A damaged row says nothing of where to begin. */
    hours_from = later_of(hours_from, row.first_slot_unix_ms);
    days_from = later_of(days_from, row.first_slot_unix_ms);
    if (compare_tier(verify,
            (struct cell_place){
                .tier = CELL_HOUR, .start_unix_ms = hours_from, .check = check},
            to_unix_ms, err) != 0)
        return -1;
    return compare_tier(verify,
        (struct cell_place){
            .tier = CELL_DAY, .start_unix_ms = days_from, .check = check},
        to_unix_ms, err);
}
