#include "stale.h"

#include <string.h>

enum { KEY_MAX_BYTES = 32, CHECK_BYTES = 4, HOUR_BYTES = 4, VALUE_BYTES = 8 };

static const char stale_prefix[] = "judge.stale";
static const char unsettled_prefix[] = "judge.unsettled";

struct meta_key {
    uint8_t data[KEY_MAX_BYTES];
    size_t len;
};

static void
add_text(struct meta_key *key, const char *text)
{
    size_t len = strlen(text);

    memcpy(key->data + key->len, text, len);
    key->len += len;
}

static void
add_u32(struct meta_key *key, uint32_t value)
{
    for (unsigned shift = 32; shift > 0; shift -= 8)
        key->data[key->len++] = (uint8_t)(value >> (shift - 8));
}

static uint64_t
take_number(const uint8_t *data, size_t len)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++)
        value = value << 8 | data[i];
    return value;
}

static struct bytes
bytes_of(const struct meta_key *key)
{
    return (struct bytes){key->data, key->len};
}

static int
put_number(struct store_txn *txn, const struct meta_key *key, uint64_t value,
    struct err *err)
{
    uint8_t data[VALUE_BYTES];

    for (unsigned i = 0; i < VALUE_BYTES; i++)
        data[i] = (uint8_t)(value >> (56 - 8 * i));
    return store_put(txn, STORE_META, bytes_of(key),
        (struct bytes){data, sizeof(data)}, err);
}

/* As store_get(). */
static int
get_number(struct store_txn *txn, const struct meta_key *key, uint64_t *value,
    struct err *err)
{
    struct bytes found;
    int rc = store_get(txn, STORE_META, bytes_of(key), &found, err);

    if (rc <= 0)
        return rc;
    if (found.len != VALUE_BYTES)
        return err_set(err, ERR_STATE, "a note of %zu bytes", found.len);
    *value = take_number(found.data, found.len);
    return 1;
}

static struct meta_key
stale_key(const struct stale_hour *hour)
{
    struct meta_key key = {.len = 0};

    add_text(&key, stale_prefix);
    add_u32(&key, hour->check);
    add_u32(&key, (uint32_t)(hour->hour_unix_ms / 1000));
    return key;
}

int
stale_put(struct store_txn *txn, const struct stale_hour *hour, struct err *err)
{
    struct meta_key key = stale_key(hour);

    return put_number(txn, &key, (uint64_t)hour->due_unix_ms, err);
}

int
stale_delete(
    struct store_txn *txn, const struct stale_hour *hour, struct err *err)
{
    struct meta_key key = stale_key(hour);

    return store_delete(txn, STORE_META, bytes_of(&key), err);
}

int
stale_is_marked(
    struct store_txn *txn, const struct stale_hour *hour, struct err *err)
{
    struct meta_key key = stale_key(hour);

    return store_get(txn, STORE_META, bytes_of(&key), NULL, err);
}

struct walk {
    stale_each_fn *fn;
    void *ctx;
};

static int
on_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct walk *walk = ctx;
    const uint8_t *at = key.data + sizeof(stale_prefix) - 1;
    struct stale_hour hour;

    if (key.len != sizeof(stale_prefix) - 1 + CHECK_BYTES + HOUR_BYTES ||
        value.len != VALUE_BYTES)
        return err_set(err, ERR_STATE, "a mark of %zu bytes", key.len);
    hour = (struct stale_hour){
        .check = (uint32_t)take_number(at, CHECK_BYTES),
        .hour_unix_ms =
            (int64_t)take_number(at + CHECK_BYTES, HOUR_BYTES) * 1000,
        .due_unix_ms = (int64_t)take_number(value.data, value.len),
    };
    return walk->fn(walk->ctx, &hour, err);
}

int
stale_each(struct store_txn *txn, uint32_t check, stale_each_fn *fn, void *ctx,
    struct err *err)
{
    struct walk walk = {.fn = fn, .ctx = ctx};
    struct meta_key from = {.len = 0};
    struct meta_key to = {.len = 0};

    add_text(&from, stale_prefix);
    add_text(&to, stale_prefix);
    if (check != 0) {
        add_u32(&from, check);
        add_u32(&to, check);
    }
    /* Longer than any key with this check, so behind all of them. */
    memset(to.data + to.len, 0xff, CHECK_BYTES + HOUR_BYTES + 1);
    to.len += CHECK_BYTES + HOUR_BYTES + 1;
    return store_each(
        txn, STORE_META, bytes_of(&from), bytes_of(&to), on_row, &walk, err);
}

static struct meta_key
unsettled_key(uint32_t check)
{
    struct meta_key key = {.len = 0};

    add_text(&key, unsettled_prefix);
    add_u32(&key, check);
    return key;
}

int
unsettled_put(struct store_txn *txn, uint32_t check, int64_t from_unix_ms,
    struct err *err)
{
    struct meta_key key = unsettled_key(check);

    if (from_unix_ms == INT64_MAX)
        return store_delete(txn, STORE_META, bytes_of(&key), err);
    return put_number(txn, &key, (uint64_t)from_unix_ms, err);
}

int
unsettled_get(struct store_txn *txn, uint32_t check, int64_t *from_unix_ms,
    struct err *err)
{
    struct meta_key key = unsettled_key(check);
    uint64_t value = INT64_MAX;

    if (get_number(txn, &key, &value, err) < 0)
        return -1;
    *from_unix_ms = (int64_t)value;
    return 0;
}

static struct meta_key
note_key(enum stale_note note)
{
    struct meta_key key = {.len = 0};

    switch (note) {
    case STALE_LAST_RUN:
        add_text(&key, "judge.run");
        break;
    case STALE_SETTLED_VERSION:
        add_text(&key, "judge.version");
        break;
    }
    return key;
}

int
stale_note_put(struct store_txn *txn, enum stale_note note, uint64_t value,
    struct err *err)
{
    struct meta_key key = note_key(note);

    return put_number(txn, &key, value, err);
}

int
stale_note_get(struct store_txn *txn, enum stale_note note, uint64_t *value,
    struct err *err)
{
    struct meta_key key = note_key(note);

    *value = 0;
    return get_number(txn, &key, value, err) < 0 ? -1 : 0;
}
