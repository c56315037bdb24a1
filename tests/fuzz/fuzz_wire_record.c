/*
 * Records, alone and in a batch, and facts: what is taken comes back equal
 * after a round trip.  The first byte says which of them the rest is.
 */
#include <stdlib.h>
#include <string.h>

#include "facts_sample.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
one_record(const uint8_t *data, size_t size)
{
    struct measure first;
    struct measure again;
    struct buf bytes;
    struct err err;

    if (wire_record_decode(data, size, &first, &err) != 0) {
        if (first.facts != NULL)
            abort();
        return;
    }
    buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
    if (wire_record_encode(&first, true, &bytes, &err) != 0 ||
        wire_record_decode(bytes.data, bytes.len, &again, &err) != 0)
        abort();
    /* Text that fills a record is cut, so that facts may come back shorter. */
    if (!measure_same(&first, &again) ||
        (size < WIRE_RECORD_MAX_BYTES / 2 &&
            !facts_same(first.facts, again.facts)))
        abort();
    measure_free_facts(&again);
    measure_free_facts(&first);
    buf_free(&bytes);
}

static void
one_batch(const uint8_t *data, size_t size)
{
    struct bytes left = {.data = data, .len = size};
    struct bytes record;
    struct buf again;
    struct err err;
    int rc;

    buf_init(&again, size + 1);
    while ((rc = wire_batch_next(&left, &record, &err)) == 1) {
        if (wire_batch_put(&again, record, &err) != 0)
            abort();
        one_record(record.data, record.len);
    }
    if (rc == 0 && size > 0 &&
        (again.len != size || memcmp(again.data, data, size) != 0))
        abort();
    buf_free(&again);
}

static void
facts_alone(const uint8_t *data, size_t size)
{
    struct err err;
    struct facts *first = wire_facts_decode(data, size, &err);
    struct facts *again;
    struct buf bytes;

    if (first == NULL)
        return;
    buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
    if (wire_facts_encode(first, &bytes, &err) != 0)
        abort();
    again = wire_facts_decode(bytes.data, bytes.len, &err);
    if (again == NULL ||
        (size < WIRE_RECORD_MAX_BYTES / 2 && !facts_same(first, again)))
        abort();
    facts_free(again);
    facts_free(first);
    buf_free(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] == 'r')
        one_record(data + 1, size - 1);
    else if (data[0] == 'b')
        one_batch(data + 1, size - 1);
    else if (data[0] == 'f')
        facts_alone(data + 1, size - 1);
    return 0;
}
