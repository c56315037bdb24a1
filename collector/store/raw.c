#include "raw.h"

#include <stdlib.h>
#include <string.h>

#include "raw_merge.h"
#include "raw_reader.h"
#include "raw_seal.h"

enum { BUCKET_S = RAW_BUCKET_MS / 1000 };

/* ---- adding ---- */

/* A batch in the order in which it is put into its chunks. */
struct sorted {
    const struct raw_result **results;    /* owned; borrowed results */
    enum raw_outcome *outcomes;           /* owned; of the sorted ones */
    const struct raw_result *first_given; /* borrowed */
    size_t count;
};

static int
compare_keys(const struct raw_result *a, const struct raw_result *b)
{
    struct raw_key x = raw_key_of(a);
    struct raw_key y = raw_key_of(b);

    if (x.bucket_s != y.bucket_s)
        return x.bucket_s < y.bucket_s ? -1 : 1;
    if (x.check != y.check)
        return x.check < y.check ? -1 : 1;
    if (x.region != y.region)
        return x.region < y.region ? -1 : 1;
    if (x.agent != y.agent)
        return x.agent < y.agent ? -1 : 1;
    return 0;
}

/* By chunk, place in it, and where both are equal as they were given. */
static int
compare(const void *left, const void *right)
{
    const struct raw_result *a = *(const struct raw_result *const *)left;
    const struct raw_result *b = *(const struct raw_result *const *)right;
    int order = compare_keys(a, b);

    if (order == 0)
        order = raw_order(&a->measure, &b->measure);
    if (order == 0)
        order = (a > b) - (a < b);
    return order;
}

static int
sort(struct sorted *sorted, const struct raw_result *results, size_t count,
    struct err *err)
{
    bool in_order = true;

    sorted->first_given = results;
    sorted->count = count;
    sorted->results = malloc(count * sizeof(*sorted->results));
    sorted->outcomes = malloc(count * sizeof(*sorted->outcomes));
    if (sorted->results == NULL || sorted->outcomes == NULL)
        return err_set(err, ERR_NOMEM, "%zu results", count);
    for (size_t i = 0; i < count; i++) {
        if (!raw_is_storable(&results[i]))
            return err_set(err, ERR_LIMIT,
                "result %zu of check %08x has a field out of range", i,
                results[i].measure.check_id);
        sorted->results[i] = &results[i];
        in_order = in_order && (i == 0 || compare(&sorted->results[i - 1],
                                              &sorted->results[i]) < 0);
    }
    if (!in_order)
        qsort(sorted->results, count, sizeof(*sorted->results), compare);
    return 0;
}

/* The chunk that is being filled: the last part of its key. */
struct open_chunk {
    struct store_txn *txn; /* borrowed */
    struct raw_key key;
    uint8_t key_bytes[RAW_KEY_BYTES];
    struct raw_chunk chunk;
};

static int
open_last_part(
    struct open_chunk *open, const struct raw_key *key, struct err *err)
{
    int64_t bucket_unix_ms = (int64_t)key->bucket_s * 1000;
    uint8_t behind[RAW_KEY_BYTES + 1] = {0};
    uint8_t room[RAW_CHUNK_MAX_BYTES];
    struct bytes found;
    struct bytes value;
    int rc;

    open->key = *key;
    open->key.part = UINT8_MAX;
    raw_key_encode(&open->key, behind);
    /* The row before may be of another series: only ours is read. */
    rc = store_seek_before(open->txn, STORE_RAW,
        (struct bytes){.data = behind, .len = sizeof(behind)}, &found, NULL,
        err);
    if (rc < 0)
        return -1;
    if (rc == 1 && found.len == RAW_KEY_BYTES &&
        memcmp(found.data, behind, RAW_KEY_PREFIX_BYTES) == 0) {
        memcpy(open->key_bytes, found.data, RAW_KEY_BYTES);
        if (store_get(open->txn, STORE_RAW,
                (struct bytes){.data = open->key_bytes, .len = RAW_KEY_BYTES},
                &value, err) != 1)
            return -1;
        open->key.part = found.data[RAW_KEY_PREFIX_BYTES];
        if (raw_unseal(&open->key, value, room, &value, err) != 0)
            return -1;
        return raw_chunk_resume(&open->chunk, bucket_unix_ms, value, err);
    }
    open->key.part = 0;
    raw_key_encode(&open->key, open->key_bytes);
    raw_chunk_init(&open->chunk, bucket_unix_ms);
    return 0;
}

static int
write_chunk(struct open_chunk *open, struct err *err)
{
    return store_put(open->txn, STORE_RAW,
        (struct bytes){.data = open->key_bytes, .len = RAW_KEY_BYTES},
        raw_chunk_bytes(&open->chunk), err);
}

static int
next_part(struct open_chunk *open, struct err *err)
{
    if (write_chunk(open, err) != 0)
        return -1;
    if (open->key.part == UINT8_MAX)
        return err_set(err, ERR_LIMIT,
            "more results of check %08x by one agent in one half hour than "
            "can be kept",
            open->key.check);
    open->key.part++;
    raw_key_encode(&open->key, open->key_bytes);
    raw_chunk_init(&open->chunk, open->chunk.bucket_unix_ms);
    return 0;
}

/* Results of one chunk, all behind what is in it, are appended. */
static int
append_run(struct open_chunk *open, const struct raw_result *const *run,
    size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (raw_chunk_append(&open->chunk, run[i]))
            continue;
        if (next_part(open, err) != 0)
            return -1;
        (void)raw_chunk_append(&open->chunk, run[i]);
    }
    return write_chunk(open, err);
}

/* Each behind the one before, and the first behind the chunk. */
static bool
can_append(const struct raw_chunk *chunk, const struct raw_result *const *run,
    size_t count)
{
    if (!raw_chunk_is_behind(chunk, &run[0]->measure))
        return false;
    for (size_t i = 1; i < count; i++) {
        if (raw_order(&run[i]->measure, &run[i - 1]->measure) <= 0)
            return false;
    }
    return true;
}

static int
add_run(struct open_chunk *open, const struct raw_result *const *run,
    size_t count, enum raw_outcome *outcomes, struct err *err)
{
    struct raw_key key = raw_key_of(run[0]);

    if (open_last_part(open, &key, err) != 0)
        return -1;
    if (!can_append(&open->chunk, run, count))
        return raw_merge(open->txn, run, count, outcomes, err);
    for (size_t i = 0; i < count; i++)
        outcomes[i] = RAW_NEW;
    return append_run(open, run, count, err);
}

static int
add_sorted(struct store_txn *txn, struct sorted *sorted, struct err *err)
{
    struct open_chunk open = {.txn = txn};

    for (size_t i = 0; i < sorted->count;) {
        size_t end = i + 1;

        while (end < sorted->count &&
               compare_keys(sorted->results[i], sorted->results[end]) == 0)
            end++;
        if (add_run(&open, sorted->results + i, end - i, sorted->outcomes + i,
                err) != 0)
            return -1;
        i = end;
    }
    return 0;
}

int
raw_add(struct store_txn *txn, const struct raw_result *results, size_t count,
    enum raw_outcome *outcomes, struct err *err)
{
    struct sorted sorted = {0};
    int rc;

    if (count == 0)
        return 0;
    rc = sort(&sorted, results, count, err);
    if (rc == 0)
        rc = add_sorted(txn, &sorted, err);
    for (size_t i = 0; i < count && rc == 0; i++)
        outcomes[sorted.results[i] - sorted.first_given] = sorted.outcomes[i];
    free(sorted.results);
    free(sorted.outcomes);
    return rc == 0 ? 0 : err_wrap(err, "results");
}

/* ---- walking ---- */

struct raw_walk {
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    raw_each_fn *fn;
    void *ctx;
    bool ended; /* by fn */
};

static int
walk_chunk(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct raw_walk *walk = ctx;
    struct raw_reader reader;
    struct raw_result result;
    struct raw_key raw_key;
    int rc;

    if (raw_key_decode(key, &raw_key, err) != 0 ||
        raw_reader_open(&reader, &raw_key, value, err) != 0)
        return -1;
    while ((rc = raw_reader_next(&reader, &result, err)) == 1) {
        if (result.measure.slot_unix_ms < walk->from_unix_ms ||
            result.measure.slot_unix_ms >= walk->to_unix_ms)
            continue;
        rc = walk->fn(walk->ctx, &result, err);
        if (rc != 0) {
            walk->ended = rc > 0;
            return rc;
        }
    }
    return rc;
}

static struct bytes
key_bytes(const uint8_t key[RAW_KEY_BYTES])
{
    return (struct bytes){.data = key, .len = RAW_KEY_BYTES};
}

/* All chunks of one half hour and check. */
static int
walk_bucket(struct store_txn *txn, uint32_t bucket_s, uint32_t check,
    struct raw_walk *walk, struct err *err)
{
    struct raw_key key = {.bucket_s = bucket_s, .check = check};
    uint8_t from[RAW_KEY_BYTES];
    uint8_t behind[RAW_KEY_BYTES + 1] = {0};

    raw_key_encode(&key, from);
    key.region = UINT16_MAX;
    key.agent = UINT32_MAX;
    key.part = UINT8_MAX;
    raw_key_encode(&key, behind);
    return store_each(txn, STORE_RAW, key_bytes(from),
        (struct bytes){.data = behind, .len = sizeof(behind)}, walk_chunk, walk,
        err);
}

static int64_t
clip(int64_t unix_ms)
{
    int64_t max_ms = ((int64_t)UINT32_MAX - 2 * BUCKET_S) * 1000;

    if (unix_ms < 0)
        return 0;
    return unix_ms < max_ms ? unix_ms : max_ms;
}

static uint32_t
bucket_at(int64_t unix_ms)
{
    int64_t ms = clip(unix_ms);

    return (uint32_t)((ms - ms % RAW_BUCKET_MS) / 1000);
}

/* 1: the first half hour from *bucket_s on that has this check is put there,
 * 0: none has before `end_s`. */
static int
next_bucket(struct store_txn *txn, uint32_t check, uint32_t *bucket_s,
    uint32_t end_s, struct err *err)
{
    while (*bucket_s < end_s) {
        struct raw_key key = {.bucket_s = *bucket_s, .check = check};
        uint8_t bytes[RAW_KEY_BYTES];
        struct raw_key found;
        struct bytes first;
        int rc;

        raw_key_encode(&key, bytes);
        rc = store_seek(txn, STORE_RAW, key_bytes(bytes), &first, NULL, err);
        if (rc != 1)
            return rc;
        if (raw_key_decode(first, &found, err) != 0)
            return -1;
        if (found.bucket_s == *bucket_s && found.check == check)
            return 1;
        /* Checks before ours in a later half hour say nothing of ours. */
        *bucket_s =
            found.bucket_s > *bucket_s ? found.bucket_s : *bucket_s + BUCKET_S;
    }
    return 0;
}

int
raw_each(struct store_txn *txn, uint32_t check, int64_t from_unix_ms,
    int64_t to_unix_ms, raw_each_fn *fn, void *ctx, struct err *err)
{
    struct raw_walk walk = {.from_unix_ms = from_unix_ms,
        .to_unix_ms = to_unix_ms,
        .fn = fn,
        .ctx = ctx};
    uint32_t bucket_s = bucket_at(from_unix_ms);
    uint32_t end_s = bucket_at(to_unix_ms - 1) + BUCKET_S;
    int rc = 0;

    if (to_unix_ms <= from_unix_ms)
        return 0;
    while (rc == 0 && !walk.ended) {
        rc = next_bucket(txn, check, &bucket_s, end_s, err);
        if (rc != 1)
            return rc;
        rc = walk_bucket(txn, bucket_s, check, &walk, err);
        bucket_s += BUCKET_S;
    }
    return rc;
}

int
raw_each_check(struct store_txn *txn, int64_t from_unix_ms, int64_t to_unix_ms,
    raw_each_fn *fn, void *ctx, struct err *err)
{
    struct raw_walk walk = {.from_unix_ms = from_unix_ms,
        .to_unix_ms = to_unix_ms,
        .fn = fn,
        .ctx = ctx};
    struct raw_key from = {.bucket_s = bucket_at(from_unix_ms)};
    struct raw_key to = {.bucket_s = bucket_at(to_unix_ms - 1) + BUCKET_S};
    uint8_t first[RAW_KEY_BYTES];
    uint8_t end[RAW_KEY_BYTES];

    if (to_unix_ms <= from_unix_ms)
        return 0;
    raw_key_encode(&from, first);
    raw_key_encode(&to, end);
    return store_each(txn, STORE_RAW, key_bytes(first), key_bytes(end),
        walk_chunk, &walk, err);
}

int
raw_next_bucket(struct store_txn *txn, int64_t from_unix_ms,
    int64_t *bucket_unix_ms, struct err *err)
{
    struct raw_key from = {.bucket_s = bucket_at(from_unix_ms)};
    struct raw_key found;
    uint8_t first[RAW_KEY_BYTES];
    struct bytes key;
    int rc;

    raw_key_encode(&from, first);
    rc = store_seek(txn, STORE_RAW, key_bytes(first), &key, NULL, err);
    if (rc != 1)
        return rc;
    if (raw_key_decode(key, &found, err) != 0)
        return -1;
    *bucket_unix_ms = (int64_t)found.bucket_s * 1000;
    return 1;
}
