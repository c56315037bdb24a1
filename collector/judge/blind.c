#include "blind.h"

#include <stdbool.h>
#include <string.h>

#include "row.h"
#include "stale.h"

enum { TIME_BYTES = 8 };

static const char span_prefix[] = "judge.blind";
static const char started_name[] = "judge.started";

enum {
    PREFIX_CHARS = sizeof(span_prefix) - 1,
    SPAN_KEY_BYTES = PREFIX_CHARS + TIME_BYTES
};

static struct bytes
span_key(int64_t from_unix_ms, uint8_t out[SPAN_KEY_BYTES])
{
    memcpy(out, span_prefix, PREFIX_CHARS);
    key_put_u64(
        out + PREFIX_CHARS, from_unix_ms > 0 ? (uint64_t)from_unix_ms : 0);
    return (struct bytes){out, SPAN_KEY_BYTES};
}

static int
put_time(
    struct store_txn *txn, struct bytes key, int64_t unix_ms, struct err *err)
{
    uint8_t value[TIME_BYTES];

    key_put_u64(value, (uint64_t)unix_ms);
    return store_put(
        txn, STORE_META, key, (struct bytes){value, sizeof(value)}, err);
}

static int
note(struct store_txn *txn, int64_t now_unix_ms, struct err *err)
{
    const struct bytes started = {
        (const uint8_t *)started_name, sizeof(started_name) - 1};
    uint8_t key[SPAN_KEY_BYTES];
    struct bytes found;
    uint64_t last_run;
    int rc = store_get(txn, STORE_META, started, &found, err);
    bool first = rc == 0;

    if (rc < 0 || stale_note_get(txn, STALE_LAST_RUN, &last_run, err) != 0 ||
        put_time(txn, started, now_unix_ms, err) != 0)
        return -1;
    if (first || last_run == 0 ||
        now_unix_ms - (int64_t)last_run < BLIND_MIN_MS)
        return 0;
    return put_time(txn, span_key((int64_t)last_run, key), now_unix_ms, err);
}

int
blind_start(struct store *store, int64_t now_unix_ms, struct err *err)
{
    struct store_txn *txn = store_begin_write(store, err);

    if (txn == NULL)
        return -1;
    if (note(txn, now_unix_ms, err) != 0) {
        store_abort(txn);
        return -1;
    }
    return store_commit(txn, err);
}

struct walk {
    int64_t from_unix_ms;
    blind_each_fn *fn;
    void *ctx;
};

static int
on_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct walk *walk = ctx;
    struct blind_span span;

    if (key.len != SPAN_KEY_BYTES || value.len != TIME_BYTES)
        return err_set(err, ERR_STATE, "a blind span of %zu bytes", value.len);
    span = (struct blind_span){
        .from_unix_ms = (int64_t)key_take_u64(key.data + PREFIX_CHARS),
        .to_unix_ms = (int64_t)key_take_u64(value.data),
    };
    return span.to_unix_ms > walk->from_unix_ms
               ? walk->fn(walk->ctx, &span, err)
               : 0;
}

int
blind_each(struct store_txn *txn, int64_t from_unix_ms, int64_t to_unix_ms,
    blind_each_fn *fn, void *ctx, struct err *err)
{
    struct walk walk = {.from_unix_ms = from_unix_ms, .fn = fn, .ctx = ctx};
    uint8_t first[SPAN_KEY_BYTES];
    uint8_t end[SPAN_KEY_BYTES];

    return store_each(txn, STORE_META, span_key(0, first),
        span_key(to_unix_ms, end), on_row, &walk, err);
}
