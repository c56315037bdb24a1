/*
 * Notices, queued mails, conditions and what a mail tells, as they may be found
 * on disk; the first byte says which.
 */
#include <stdlib.h>
#include <string.h>

#include "condition.h"
#include "mailq_codec.h"
#include "notice_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted is written as it was read. */
static void
same(int rc, const struct buf *again, struct bytes bytes)
{
    if (rc != 0 || again->len != bytes.len ||
        memcmp(again->data, bytes.data, bytes.len) != 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {.data = data + 1, .len = size - 1};
    struct mailq_row row;
    struct notice notice;
    struct condition condition;
    struct notice_member *members;
    size_t count;
    struct buf again;
    struct err err;

    if (size < 2)
        return 0;
    buf_init(&again, 8 << 20);
    if (data[0] % 4 == 3) {
        if (notice_members_decode(bytes, &members, &count, &err) == 0)
            free(members);
    } else if (data[0] % 4 == 2) {
        if (condition_decode(bytes, &condition, &err) == 0)
            same(condition_encode(&condition, &again, &err), &again, bytes);
    } else if (data[0] % 4 == 0) {
        if (mailq_row_decode(bytes, &row, &err) == 0)
            same(mailq_row_encode(&row, &again, &err), &again, bytes);
    } else if (notice_decode(bytes, &notice, &err) == 0) {
        int rc = notice_encode(&notice, &again, &err);

        if (data[1] == NOTICE_ROW_VERSION)
            same(rc, &again, bytes);
        notice_free(&notice);
    }
    buf_free(&again);
    return 0;
}
