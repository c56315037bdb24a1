#include "cell_row.h"

#include <string.h>

#include "row.h"

enum { KEY_BYTES = 11, PLACE_BYTES = 8, PARTS = 1 + PHASE_COUNT };

int64_t
cell_tier_ms(enum cell_tier tier)
{
    return tier == CELL_HOUR ? CELL_HOUR_MS : CELL_DAY_MS;
}

static enum store_table
table_of(enum cell_tier tier)
{
    return tier == CELL_HOUR ? STORE_HOUR : STORE_DAY;
}

static struct bytes
encode_key(const struct cell_place *place, uint16_t region, unsigned part,
    uint8_t out[KEY_BYTES])
{
    key_put_u32(out, (uint32_t)(place->start_unix_ms / 1000));
    key_put_u32(out + 4, place->check);
    key_put_u16(out + 8, region);
    out[10] = (uint8_t)part;
    return (struct bytes){.data = out, .len = KEY_BYTES};
}

/* ---- putting ---- */

static int
tell_parts(const struct cell_place *place, uint16_t region,
    const struct cell *cell, store_each_fn *fn, void *ctx, struct err *err)
{
    uint8_t key[KEY_BYTES];
    struct buf row;
    int rc;

    buf_init(&row, CELL_ROOM_BYTES);
    rc = cell_encode_head(cell, &row, err);
    if (rc == 0)
        rc = fn(ctx, encode_key(place, region, 0, key), buf_bytes(&row), err);
    for (unsigned p = 0; p < PHASE_COUNT && rc == 0; p++) {
        if (cell->phases[p].hist == NULL)
            continue;
        buf_clear(&row);
        rc = cell_encode_figure(cell, (enum phase)p, &row, err);
        if (rc == 0)
            rc = fn(ctx, encode_key(place, region, 1 + p, key), buf_bytes(&row),
                err);
    }
    buf_free(&row);
    return rc;
}

int
cell_rows(const struct cell_place *place, uint16_t region,
    const struct cell *cell, store_each_fn *fn, void *ctx, struct err *err)
{
    uint8_t key[KEY_BYTES];
    struct buf row;
    int rc;

    buf_init(&row, CELL_ROOM_BYTES);
    rc = cell_encode(cell, &row, err);
    if (rc == 0 && row.len > CELL_ROW_MAX_BYTES)
        rc = tell_parts(place, region, cell, fn, ctx, err);
    else if (rc == 0)
        rc = fn(ctx, encode_key(place, region, 0, key), buf_bytes(&row), err);
    buf_free(&row);
    return rc;
}

struct putting {
    struct store_txn *txn;
    enum store_table table;
};

static int
put_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct putting *putting = ctx;

    return store_put(putting->txn, putting->table, key, value, err);
}

int
cell_put(struct store_txn *txn, const struct cell_place *place, uint16_t region,
    const struct cell *cell, struct err *err)
{
    struct putting putting = {.txn = txn, .table = table_of(place->tier)};

    return cell_rows(place, region, cell, put_row, &putting, err);
}

int
cell_delete(
    struct store_txn *txn, const struct cell_place *place, struct err *err)
{
    enum store_table table = table_of(place->tier);
    uint8_t first[KEY_BYTES];

    (void)encode_key(place, 0, 0, first);
    for (;;) {
        uint8_t at[KEY_BYTES];
        struct bytes key;
        int rc = store_seek(txn, table,
            (struct bytes){.data = first, .len = sizeof(first)}, &key, NULL,
            err);

        if (rc != 1)
            return rc;
        if (key.len != KEY_BYTES || memcmp(key.data, first, PLACE_BYTES) != 0)
            return 0;
        memcpy(at, key.data, sizeof(at));
        if (store_delete(txn, table,
                (struct bytes){.data = at, .len = sizeof(at)}, err) != 0)
            return -1;
    }
}

/* ---- getting ---- */

struct gathering {
    cell_each_fn *fn;
    void *ctx;
    struct cell cell;
    uint16_t wanted; /* phases whose histograms are read */
    uint16_t region;
    uint16_t missing; /* histograms whose rows are still to come */
    bool any;         /* `cell` holds one that was not told yet */
    bool ended;       /* by fn */
};

static int
tell(struct gathering *g, struct err *err)
{
    int rc = 0;

    if (g->any && g->missing != 0)
        return err_set(
            err, ERR_STATE, "a cell of region %u lacks a histogram", g->region);
    if (g->any)
        rc = g->fn(g->ctx, g->region, &g->cell, err);
    g->any = false;
    g->ended = rc > 0;
    cell_free(&g->cell);
    return rc;
}

static int
gather(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct gathering *g = ctx;
    unsigned part;
    int rc;

    if (key.len != KEY_BYTES || key.data[10] >= PARTS)
        return err_set(err, ERR_STATE, "cell key of %zu bytes", key.len);
    part = key.data[10];
    if (part == 0) {
        rc = tell(g, err);
        if (rc != 0)
            return rc;
        g->region = key_take_u16(key.data + 8);
        g->any = true;
        return cell_decode_some(value, g->wanted, &g->cell, &g->missing, err);
    }
    if (!g->any || key_take_u16(key.data + 8) != g->region ||
        (g->missing & 1U << (part - 1)) == 0)
        return err_set(err, ERR_STATE, "a histogram without its cell");
    g->missing = (uint16_t)(g->missing & ~(1U << (part - 1)));
    if ((g->wanted & 1U << (part - 1)) == 0)
        return 0;
    return cell_decode_figure(value, &g->cell, (enum phase)(part - 1), err);
}

int
cell_each(struct store_txn *txn, const struct cell_place *place,
    cell_each_fn *fn, void *ctx, struct err *err)
{
    return cell_each_some(txn, place, UINT16_MAX, fn, ctx, err);
}

int
cell_each_some(struct store_txn *txn, const struct cell_place *place,
    uint16_t wanted, cell_each_fn *fn, void *ctx, struct err *err)
{
    struct gathering g = {.fn = fn, .ctx = ctx, .wanted = wanted};
    uint8_t first[KEY_BYTES];
    uint8_t last[KEY_BYTES];
    int rc;

    rc = store_each(txn, table_of(place->tier), encode_key(place, 0, 0, first),
        encode_key(place, UINT16_MAX, UINT8_MAX, last), gather, &g, err);
    if (rc == 0 && !g.ended)
        rc = tell(&g, err);
    cell_free(&g.cell);
    return rc < 0 ? -1 : 0;
}

static int
count_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    (void)key;
    (void)value;
    (void)err;
    ++*(size_t *)ctx;
    return 0;
}

int
cell_count_rows(struct store_txn *txn, const struct cell_place *place,
    size_t *count, struct err *err)
{
    uint8_t first[KEY_BYTES];
    uint8_t last[KEY_BYTES];

    *count = 0;
    return store_each(txn, table_of(place->tier),
        encode_key(place, 0, 0, first),
        encode_key(place, UINT16_MAX, UINT8_MAX, last), count_row, count, err);
}
