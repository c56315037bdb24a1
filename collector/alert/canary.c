#include "canary.h"

#include <stdbool.h>

#include "cell.h"
#include "row.h"
#include "verdict.h"

enum { STAMP_BYTES = 8 };

static const struct bytes key = {
    .data = (const uint8_t *)"canary", .len = sizeof("canary") - 1};

void
canary_note(
    struct canary *canary, const struct measure *measure, int64_t now_unix_ms)
{
    if (measure->ts_unix_ms <= canary->measure.ts_unix_ms ||
        measure->ts_unix_ms > now_unix_ms)
        return;
    canary->measure = *measure;
    canary->measure.facts = NULL;
}

static int
make_cell(const struct measure *measure, struct buf *row, struct err *err)
{
    const struct leg leg = {.slot_unix_ms = measure->slot_unix_ms,
        .last = measure,
        .isolated = measure->isolated};
    struct cell cell;
    int rc;

    cell_init(&cell);
    rc = cell_add_leg(&cell, 1U << PHASE_TOTAL, &leg, err);
    if (rc == 0)
        rc = cell_encode(&cell, row, err);
    cell_free(&cell);
    return rc;
}

/* The vote of one agent, alone in its region, from a cell's counts. */
static enum verdict
judge(const struct cell *cell)
{
    const struct tally tally = {
        .up = (uint32_t)(cell->statuses[MEASURE_UP] +
                         cell->statuses[MEASURE_SLOW]),
        .down = (uint32_t)cell->statuses[MEASURE_DOWN],
        .expected = 1,
    };

    return cell_whole_verdict(verdict_whole_cell(&tally, 1, 0, true));
}

static enum verdict
expected(const struct measure *measure)
{
    if (measure->isolated || measure->status == MEASURE_ERROR)
        return VERDICT_UNKNOWN;
    return measure->status == MEASURE_DOWN ? VERDICT_DOWN : VERDICT_UP;
}

static bool
came_back(const struct canary *canary, struct bytes row)
{
    const struct measure *measure = &canary->measure;
    struct cell cell;
    struct err ignored;
    uint16_t missing;
    bool good;

    if (row.len < STAMP_BYTES ||
        key_take_u64(row.data) != (uint64_t)measure->ts_unix_ms)
        return false;
    row.data += STAMP_BYTES;
    row.len -= STAMP_BYTES;
    cell_init(&cell);
    good = cell_decode(row, &cell, &missing, &ignored) == 0 &&
           judge(&cell) == expected(measure);
    cell_free(&cell);
    return good;
}

int
canary_run(struct canary *canary, struct store_txn *txn, struct err *err)
{
    struct bytes value;
    uint8_t *stamp;
    struct buf row;
    int found;
    int rc = -1;

    if (canary->measure.ts_unix_ms <= canary->arrived_unix_ms)
        return 0;
    buf_init(&row, CELL_ROOM_BYTES);
    stamp = buf_extend(&row, STAMP_BYTES, err);
    if (stamp == NULL)
        goto out;
    key_put_u64(stamp, (uint64_t)canary->measure.ts_unix_ms);
    if (make_cell(&canary->measure, &row, err) != 0 ||
        store_put(txn, STORE_META, key, buf_bytes(&row), err) != 0)
        goto out;
    found = store_get(txn, STORE_META, key, &value, err);
    if (found < 0)
        goto out;
    if (found == 1 && came_back(canary, value))
        canary->arrived_unix_ms = canary->measure.ts_unix_ms;
    rc = 0;

out:
    buf_free(&row);
    return rc;
}
