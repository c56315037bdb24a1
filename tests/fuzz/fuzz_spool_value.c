/* What is accepted from the disk is written again as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "spool_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t id[SPOOL_VALUE_ID_BYTES] = "the spool's name";

static void
try_head(struct bytes value)
{
    uint8_t again[SPOOL_HEAD_BYTES];
    struct spool_head head;
    struct err err;

    if (spool_head_decode(value, &head, &err) != 0)
        return;
    spool_head_encode(&head, again);
    if (value.len != sizeof(again) || memcmp(again, value.data, value.len) != 0)
        abort();
}

static void
try_tail(struct bytes left)
{
    const uint8_t *start = left.data;
    struct spool_entry entry;
    struct buf again;
    struct err err;

    buf_init(&again, left.len);
    while (spool_entry_next(id, &left, &entry)) {
        if (spool_entry_encode(id, &entry, &again, &err) != 0)
            abort();
    }
    if (again.len != (size_t)(left.data - start) ||
        (again.len > 0 && memcmp(again.data, start, again.len) != 0)) {
        abort();
    }
    buf_free(&again);
}

/* What is found is an entry of that number, inside what was given. */
static void
try_find(struct bytes all)
{
    const uint8_t *end = all.data + all.len;
    struct bytes left = all;
    struct spool_entry entry;

    for (uint64_t number = 0; number < 4; number++) {
        if (!spool_entry_find(id, number, &left, &entry)) {
            left = all;
            continue;
        }
        if (entry.number != number || entry.record.data < all.data ||
            entry.record.data + entry.record.len > end ||
            left.data + left.len != end)
            abort();
    }
}

static void
try_seal(struct bytes stored)
{
    const struct bytes key = {id, sizeof(id)};
    uint8_t seal[SPOOL_SEAL_BYTES];
    struct bytes value;

    if (!spool_unseal(key, stored, &value))
        return;
    spool_seal(key, value, seal);
    if (memcmp(seal, stored.data, sizeof(seal)) != 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes all = {data, size};
    uint64_t number;

    if (size == 0)
        return 0;
    try_head(all);
    try_tail(all);
    try_find(all);
    try_seal(all);
    (void)spool_key_decode(all, &number);
    return 0;
}
