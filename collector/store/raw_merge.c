#include "raw_merge.h"

#include <stdlib.h>

#include "raw_reader.h"

enum { FIRST_ROOM = 256 };

/* All results of one chunk, in their order. */
struct merged {
    struct store_txn *txn; /* borrowed */
    struct raw_key key;
    struct raw_result *items; /* owned */
    size_t count;
    size_t room;
    int parts; /* that the chunk had, up to its last */
};

static int
make_room(struct merged *merged, size_t need, struct err *err)
{
    size_t room = merged->room ? merged->room : FIRST_ROOM;
    struct raw_result *items;

    if (need <= merged->room)
        return 0;
    while (room < need)
        room *= 2;
    items = realloc(merged->items, room * sizeof(*items));
    if (items == NULL)
        return err_set(err, ERR_NOMEM, "%zu results of one chunk", room);
    merged->items = items;
    merged->room = room;
    return 0;
}

static int
take_part(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct merged *merged = ctx;
    struct raw_reader reader;
    struct raw_key part;
    int rc;

    if (raw_key_decode(key, &part, err) != 0 ||
        raw_reader_open(&reader, &part, value, err) != 0)
        return -1;
    merged->parts = part.part + 1; /* one between may have been set aside */
    for (;;) {
        if (make_room(merged, merged->count + 1, err) != 0)
            return -1;
        rc = raw_reader_next(&reader, &merged->items[merged->count], err);
        if (rc != 1)
            return rc;
        merged->count++;
    }
}

static int
read_parts(struct merged *merged, struct err *err)
{
    uint8_t from[RAW_KEY_BYTES];
    uint8_t to[RAW_KEY_BYTES + 1] = {0};
    struct raw_key key = merged->key;

    key.part = 0;
    raw_key_encode(&key, from);
    key.part = UINT8_MAX;
    raw_key_encode(&key, to);
    return store_each(merged->txn, STORE_RAW,
        (struct bytes){.data = from, .len = sizeof(from)},
        (struct bytes){.data = to, .len = sizeof(to)}, take_part, merged, err);
}

/* The first of the old ones that does not come before `m`. */
static size_t
place_of(const struct raw_result *items, size_t count, const struct measure *m)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (raw_order(&items[middle].measure, m) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * Says of each whether it is new.  One that comes twice in `results` is
 * compared with its first.
 */
static size_t
judge(const struct merged *merged, const struct raw_result *const *results,
    size_t count, enum raw_outcome *outcomes)
{
    const struct raw_result *before = NULL;
    size_t fresh = 0;

    for (size_t i = 0; i < count; i++) {
        const struct measure *m = &results[i]->measure;
        size_t at = place_of(merged->items, merged->count, m);
        const struct raw_result *same = before;

        if (at < merged->count && raw_order(&merged->items[at].measure, m) == 0)
            same = &merged->items[at];
        if (same != NULL && raw_order(&same->measure, m) == 0) {
            outcomes[i] =
                measure_same(&same->measure, m) ? RAW_SAME : RAW_CONFLICT;
            continue;
        }
        outcomes[i] = RAW_NEW;
        before = results[i];
        fresh++;
    }
    return fresh;
}

/* From the back, so that each is moved once. */
static int
insert(struct merged *merged, const struct raw_result *const *results,
    const enum raw_outcome *outcomes, size_t count, size_t fresh,
    struct err *err)
{
    size_t old = merged->count;
    size_t to = merged->count + fresh;

    if (make_room(merged, to, err) != 0)
        return -1;
    merged->count = to;
    for (size_t i = count; i-- > 0;) {
        if (outcomes[i] != RAW_NEW)
            continue;
        while (old > 0 && raw_order(&merged->items[old - 1].measure,
                              &results[i]->measure) > 0)
            merged->items[--to] = merged->items[--old];
        merged->items[--to] = *results[i];
        merged->items[to].measure.facts = NULL;
    }
    return 0;
}

static int
write_part(
    struct merged *merged, struct raw_chunk *chunk, int part, struct err *err)
{
    uint8_t bytes[RAW_KEY_BYTES];
    struct raw_key key = merged->key;

    if (part >= RAW_PARTS_MAX)
        return err_set(err, ERR_LIMIT,
            "more results of check %08x by one agent in one half hour than "
            "can be kept",
            key.check);
    key.part = (uint8_t)part;
    raw_key_encode(&key, bytes);
    return store_put(merged->txn, STORE_RAW,
        (struct bytes){.data = bytes, .len = sizeof(bytes)},
        raw_chunk_bytes(chunk), err);
}

static int
delete_from(struct merged *merged, int part, struct err *err)
{
    for (; part < merged->parts; part++) {
        uint8_t bytes[RAW_KEY_BYTES];
        struct raw_key key = merged->key;

        key.part = (uint8_t)part;
        raw_key_encode(&key, bytes);
        if (store_delete(merged->txn, STORE_RAW,
                (struct bytes){.data = bytes, .len = sizeof(bytes)}, err) != 0)
            return -1;
    }
    return 0;
}

static int
write_parts(struct merged *merged, struct err *err)
{
    int64_t bucket_unix_ms = (int64_t)merged->key.bucket_s * 1000;
    struct raw_chunk chunk;
    int part = 0;

    raw_chunk_init(&chunk, bucket_unix_ms);
    for (size_t i = 0; i < merged->count; i++) {
        if (raw_chunk_append(&chunk, &merged->items[i]))
            continue;
        if (write_part(merged, &chunk, part++, err) != 0)
            return -1;
        raw_chunk_init(&chunk, bucket_unix_ms);
        (void)raw_chunk_append(&chunk, &merged->items[i]);
    }
    if (write_part(merged, &chunk, part++, err) != 0)
        return -1;
    return delete_from(merged, part, err);
}

int
raw_merge(struct store_txn *txn, const struct raw_result *const *results,
    size_t count, enum raw_outcome *outcomes, struct err *err)
{
    struct merged merged = {.txn = txn, .key = raw_key_of(results[0])};
    size_t fresh;
    int rc;

    rc = read_parts(&merged, err);
    if (rc != 0)
        goto out;
    fresh = judge(&merged, results, count, outcomes);
    if (fresh == 0)
        goto out;
    rc = insert(&merged, results, outcomes, count, fresh, err);
    if (rc == 0)
        rc = write_parts(&merged, err);

out:
    free(merged.items);
    return rc;
}
