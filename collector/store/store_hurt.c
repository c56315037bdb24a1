#include "store_hurt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"
#include "store_lmdb.h"

/* u32 of no agent, for other rows there begin with one | u8 table | its key */
enum { KEY_AT = 5, MOMENT_BYTES = 8, NEAR_ROWS = 500 };

static const uint32_t no_agent = UINT32_MAX;

/* No `default`: a new table is one to decide about. */
static bool
may_be_missed(enum store_table table)
{
    switch (table) {
    case STORE_RAW:
    case STORE_VERDICTS:
    case STORE_HOUR:
    case STORE_DAY:
    case STORE_PAST:
    case STORE_EVIDENCE:
    case STORE_INCIDENTS:
    case STORE_NOTICES:
    case STORE_MAILQ:
    case STORE_QUARANTINE:
    case STORE_LOST:
    case STORE_DIRTY:
    case STORE_CONDITIONS:
        return true;
    case STORE_MARKS:
    case STORE_AGENTS:
    case STORE_NAMES:
    case STORE_CHECKS:
    case STORE_CONFIGS:
    case STORE_WINDOWS:
    case STORE_SILENCES:
    case STORE_TOKENS:
    case STORE_META:
    case STORE_TABLE_COUNT:
        break;
    }
    return false;
}

void
store_note_hurt(struct store *store, enum store_table table, const MDB_val *key)
{
    struct store_hurt *hurt = &store->hurt;

    if (!may_be_missed(table) || key->mv_size > STORE_KEY_MAX_BYTES - KEY_AT)
        return;
    (void)pthread_mutex_lock(&store->lock);
    if (hurt->key_len == 0) {
        hurt->table = table;
        memcpy(hurt->key, key->mv_data, key->mv_size);
        hurt->key_len = key->mv_size;
    }
    (void)pthread_mutex_unlock(&store->lock);
}

bool
store_take_hurt(struct store *store, struct store_hurt *hurt)
{
    (void)pthread_mutex_lock(&store->lock);
    *hurt = store->hurt;
    store->hurt.key_len = 0;
    (void)pthread_mutex_unlock(&store->lock);
    return hurt->key_len > 0;
}

/* Its bytes as they stand there, behind the moment. */
static int
copy_row(const MDB_val *stored, int64_t now_unix_ms, struct buf *out,
    struct err *err)
{
    uint8_t *at = buf_extend(out, MOMENT_BYTES + stored->mv_size, err);

    if (at == NULL)
        return -1;
    key_put_u64(at, (uint64_t)now_unix_ms);
    if (stored->mv_size > 0)
        memcpy(at + MOMENT_BYTES, stored->mv_data, stored->mv_size);
    return 0;
}

/* 1: moved, 0: it is whole or gone, -1: err. */
static int
move_row(struct store_txn *txn, const struct store_hurt *hurt,
    int64_t now_unix_ms, struct err *err)
{
    const struct bytes key = {.data = hurt->key, .len = hurt->key_len};
    MDB_val k = {.mv_size = key.len, .mv_data = (void *)(uintptr_t)hurt->key};
    uint8_t aside[STORE_KEY_MAX_BYTES];
    struct buf row;
    MDB_val stored;
    int rc = mdb_get(txn->txn, txn->store->tables[hurt->table], &k, &stored);

    if (rc == MDB_NOTFOUND || (rc == 0 && store_is_whole(&k, &stored)))
        return 0;
    if (rc != 0)
        return store_lmdb_failed(err, rc, "set a damaged row aside");
    key_put_u32(aside, no_agent);
    aside[KEY_AT - 1] = (uint8_t)hurt->table;
    memcpy(aside + KEY_AT, key.data, key.len);
    buf_init(&row, MOMENT_BYTES + stored.mv_size);
    rc = copy_row(&stored, now_unix_ms, &row, err);
    if (rc == 0)
        rc = store_put(txn, STORE_QUARANTINE,
            (struct bytes){.data = aside, .len = KEY_AT + key.len},
            buf_bytes(&row), err);
    if (rc == 0)
        rc = store_delete(txn, hurt->table, key, err);
    buf_free(&row);
    return rc == 0 ? 1 : -1;
}

/* Damaged rows behind one. */
struct near {
    enum store_table table;
    size_t seen;
    struct store_hurt *rows; /* owned; NEAR_ROWS of them */
    size_t count;
};

static int
see_row(void *ctx, struct bytes key, struct bytes value, bool whole,
    struct err *err)
{
    struct near *near = ctx;

    (void)value;
    (void)err;
    if (!whole && key.len <= STORE_KEY_MAX_BYTES - KEY_AT) {
        struct store_hurt *hurt = &near->rows[near->count++];

        hurt->table = near->table;
        memcpy(hurt->key, key.data, key.len);
        hurt->key_len = key.len;
    }
    return ++near->seen == NEAR_ROWS;
}

int
store_set_aside(struct store_txn *txn, const struct store_hurt *hurt,
    int64_t now_unix_ms, struct err *err)
{
    const struct bytes key = {.data = hurt->key, .len = hurt->key_len};
    struct near near = {.table = hurt->table};
    int moved = move_row(txn, hurt, now_unix_ms, err);

    if (moved != 1)
        return moved;
    near.rows = calloc(NEAR_ROWS, sizeof(*near.rows));
    if (near.rows == NULL)
        return moved; /* they are met one by one */
    if (store_each_any(txn, hurt->table, key, see_row, &near, err) != 0)
        moved = -1;
    for (size_t i = 0; i < near.count && moved > 0; i++) {
        int rc = move_row(txn, &near.rows[i], now_unix_ms, err);

        moved = rc < 0 ? -1 : moved + rc;
    }
    free(near.rows);
    return moved;
}

bool
store_hurt_of(struct bytes key, struct store_hurt *hurt)
{
    if (key.len <= KEY_AT || key.len > STORE_KEY_MAX_BYTES ||
        key_take_u32(key.data) != no_agent ||
        key.data[KEY_AT - 1] >= STORE_TABLE_COUNT)
        return false;
    hurt->table = (enum store_table)key.data[KEY_AT - 1];
    hurt->key_len = key.len - KEY_AT;
    memcpy(hurt->key, key.data + KEY_AT, hurt->key_len);
    return true;
}

static int
count_row(void *ctx, struct bytes key, struct bytes value, bool whole,
    struct err *err)
{
    struct store_hurt hurt;

    (void)value;
    (void)whole;
    (void)err;
    *(size_t *)ctx += store_hurt_of(key, &hurt);
    return 0;
}

int
store_count_hurt(struct store_txn *txn, size_t *count, struct err *err)
{
    uint8_t from[4];

    key_put_u32(from, no_agent);
    *count = 0;
    return store_each_any(txn, STORE_QUARANTINE,
        (struct bytes){.data = from, .len = sizeof(from)}, count_row, count,
        err);
}

void
store_hurt_text(const struct store_hurt *hurt, char out[STORE_HURT_TEXT_BYTES])
{
    char bytes[41] = "";

    for (size_t i = 0; i < hurt->key_len && i < 20; i++)
        (void)snprintf(bytes + 2 * i, 3, "%02x", hurt->key[i]);
    (void)snprintf(out, STORE_HURT_TEXT_BYTES, "table %s, key %s%s",
        store_table_name(hurt->table), bytes, hurt->key_len > 20 ? "..." : "");
}
