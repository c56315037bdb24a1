/* A cell, or a histogram of its own, as it may be found on disk. */
#include <stdlib.h>
#include <string.h>

#include "cell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
figure(struct bytes row)
{
    static struct hist hist;
    struct row_in in = row_in(row);
    struct err err;
    struct buf again;
    struct row_out out = {.buf = &again, .err = &err};

    hist_init(&hist);
    (void)hist_decode_add(&hist, &in);
    if (in.failed || in.at != in.end)
        return;
    buf_init(&again, CELL_ROOM_BYTES);
    hist_encode(&hist, &out);
    if (out.failed || again.len != row.len ||
        memcmp(again.data, row.data, row.len) != 0)
        abort();
    for (uint64_t rank = 1; rank <= hist.n && rank < 1000; rank++) {
        double us = hist_at_rank_us(&hist, rank);

        if (us < (double)hist.min_us || us > (double)hist.max_us)
            abort();
    }
    buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes row = {.data = data, .len = size};
    struct cell cell;
    uint16_t missing;
    struct buf again;
    struct err err;

    figure(row);
    cell_init(&cell);
    buf_init(&again, CELL_ROOM_BYTES);
    if (cell_decode(row, &cell, &missing, &err) == 0 && missing == 0 &&
        (cell_encode(&cell, &again, &err) != 0 || again.len != size ||
            memcmp(again.data, data, size) != 0))
        abort();
    buf_free(&again);
    cell_free(&cell);
    return 0;
}
