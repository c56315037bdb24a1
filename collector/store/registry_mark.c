#include <string.h>

#include "registry.h"
#include "registry_codec.h"
#include "row.h"

/* ---- marks ---- */

enum {
    NUMBER_BYTES = 4,
    MARK_KEY_BYTES = NUMBER_BYTES + REGISTRY_SPOOL_ID_BYTES
};

static struct bytes
mark_key(uint32_t agent, const uint8_t spool_id[REGISTRY_SPOOL_ID_BYTES],
    uint8_t out[MARK_KEY_BYTES])
{
    key_put_u32(out, agent);
    memcpy(out + NUMBER_BYTES, spool_id, REGISTRY_SPOOL_ID_BYTES);
    return (struct bytes){.data = out, .len = MARK_KEY_BYTES};
}

int
mark_put(struct store_txn *txn, uint32_t agent,
    const uint8_t spool_id[REGISTRY_SPOOL_ID_BYTES], const struct mark_row *row,
    struct err *err)
{
    uint8_t key[MARK_KEY_BYTES];
    struct buf buf;
    int rc;

    buf_init(&buf, REGISTRY_ROW_MAX_BYTES);
    rc = mark_row_encode(row, &buf, err);
    if (rc == 0)
        rc = store_put(txn, STORE_MARKS, mark_key(agent, spool_id, key),
            buf_bytes(&buf), err);
    buf_free(&buf);
    return rc;
}

int
mark_get(struct store_txn *txn, uint32_t agent,
    const uint8_t spool_id[REGISTRY_SPOOL_ID_BYTES], struct mark_row *row,
    struct err *err)
{
    uint8_t key[MARK_KEY_BYTES];
    struct bytes value;
    int rc;

    *row = (struct mark_row){0};
    rc = store_get(
        txn, STORE_MARKS, mark_key(agent, spool_id, key), &value, err);
    if (rc == 1 && mark_row_decode(value, row, err) != 0)
        return -1;
    return rc;
}

static int
add_mark(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct mark_row *sum = ctx;
    struct mark_row row;

    (void)key;
    if (mark_row_decode(value, &row, err) != 0)
        return -1;
    sum->taken += row.taken;
    sum->lost += row.lost;
    sum->quarantined += row.quarantined;
    sum->refused += row.refused;
    return 0;
}

int
mark_sum(struct store_txn *txn, uint32_t agent, struct mark_row *sum,
    struct err *err)
{
    uint8_t from[NUMBER_BYTES];
    uint8_t to[NUMBER_BYTES];

    *sum = (struct mark_row){0};
    key_put_u32(from, agent);
    key_put_u32(to, agent + 1); /* numbers are given from 1 up */
    return store_each(txn, STORE_MARKS,
        (struct bytes){.data = from, .len = sizeof(from)},
        (struct bytes){.data = to, .len = sizeof(to)}, add_mark, sum, err);
}

/* ---- checks ---- */

int
check_row_put(
    struct store_txn *txn, const struct check_row *row, struct err *err)
{
    uint8_t key[NUMBER_BYTES];
    struct buf buf;
    int rc;

    key_put_u32(key, row->id);
    buf_init(&buf, REGISTRY_ROW_MAX_BYTES);
    rc = check_row_encode(row, &buf, err);
    if (rc == 0)
        rc = store_put(txn, STORE_CHECKS,
            (struct bytes){.data = key, .len = sizeof(key)}, buf_bytes(&buf),
            err);
    buf_free(&buf);
    return rc;
}

static int
take_check(struct bytes key, struct bytes value, struct check_row *row,
    struct err *err)
{
    if (key.len != NUMBER_BYTES)
        return err_set(err, ERR_STATE, "check key of %zu bytes", key.len);
    if (check_row_decode(value, row, err) != 0)
        return -1;
    row->id = key_take_u32(key.data);
    return 0;
}

int
check_row_get(
    struct store_txn *txn, uint32_t id, struct check_row *row, struct err *err)
{
    uint8_t bytes[NUMBER_BYTES];
    struct bytes key = {.data = bytes, .len = sizeof(bytes)};
    struct bytes value;
    int rc;

    key_put_u32(bytes, id);
    rc = store_get(txn, STORE_CHECKS, key, &value, err);
    if (rc == 1 && take_check(key, value, row, err) != 0)
        return -1;
    return rc;
}

int
check_row_note(struct store_txn *txn, uint32_t id, const char *name,
    int64_t slot_unix_ms, struct err *err)
{
    struct check_row row;
    int rc = check_row_get(txn, id, &row, err);

    if (rc < 0)
        return -1;
    if (rc == 0) {
        row = (struct check_row){.id = id, .first_slot_unix_ms = INT64_MAX};
        if (strlen(name) >= sizeof(row.name))
            return err_set(
                err, ERR_LIMIT, "check name of %zu bytes", strlen(name));
        (void)strcpy(row.name, name);
    }
    if (rc == 1 && slot_unix_ms >= row.first_slot_unix_ms)
        return 0;
    row.first_slot_unix_ms = slot_unix_ms;
    return check_row_put(txn, &row, err);
}

struct check_walk {
    check_row_each_fn *fn;
    void *ctx;
};

static int
each_check(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct check_walk *walk = ctx;
    struct check_row row;

    if (take_check(key, value, &row, err) != 0)
        return -1;
    return walk->fn(walk->ctx, &row, err);
}

int
check_row_each(
    struct store_txn *txn, check_row_each_fn *fn, void *ctx, struct err *err)
{
    static const struct bytes all = {.data = NULL, .len = 0};
    struct check_walk walk = {.fn = fn, .ctx = ctx};

    return store_each(txn, STORE_CHECKS, all, all, each_check, &walk, err);
}
