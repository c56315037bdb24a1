#include "verdict_row.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Counting reads the same bytes, and all the same where all is judged. */
static void
count(struct bytes bytes, const struct verdict_row *row)
{
    struct verdict_counts counts[VERDICT_ROW_SCOPES_MAX];
    struct verdict_row head;
    struct err err;
    int rc = verdict_row_count(bytes, &head, counts, &err);
    uint32_t sum = 0;

    if (row == NULL || rc == 0)
        return;
    for (int i = 0; rc == 1 && i <= VERDICT_UNKNOWN; i++)
        sum += counts[row->scopes - 1].of[i];
    if (rc != 1 || sum != row->slots)
        abort();
}

/* What is accepted is the one form of what it says. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct verdict_row row;
    struct buf again;
    struct err err;

    if (verdict_row_decode((struct bytes){data, size}, &row, &err) != 0) {
        count((struct bytes){data, size}, NULL);
        return 0;
    }
    count((struct bytes){data, size}, &row);
    buf_init(&again, VERDICT_ROW_MAX_BYTES);
    if (verdict_row_encode(&row, &again, &err) != 0 || again.len != size ||
        memcmp(again.data, data, size) != 0)
        abort();
    buf_free(&again);
    verdict_row_free(&row);
    return 0;
}
