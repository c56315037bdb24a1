#include <string.h>

#include "registry.h"
#include "registry_codec.h"

/* ---- agents ---- */

static struct bytes
text_key(const char *text)
{
    return (struct bytes){.data = (const uint8_t *)text, .len = strlen(text)};
}

int
agent_put(struct store_txn *txn, const struct agent_row *row, struct err *err)
{
    struct buf buf;
    int rc;

    buf_init(&buf, REGISTRY_ROW_MAX_BYTES);
    rc = agent_row_encode(row, &buf, err);
    if (rc == 0)
        rc = store_put(
            txn, STORE_AGENTS, text_key(row->name), buf_bytes(&buf), err);
    buf_free(&buf);
    return rc;
}

int
agent_get(struct store_txn *txn, const char *name, struct agent_row *row,
    struct err *err)
{
    struct bytes value;
    int rc;

    if (name[0] == '\0' || strlen(name) >= sizeof(row->name))
        return 0;
    rc = store_get(txn, STORE_AGENTS, text_key(name), &value, err);
    if (rc == 1 && agent_row_decode(value, row, err) != 0)
        return -1;
    return rc;
}

void
agent_take_news(struct agent_row *row, const struct agent_row *news)
{
    memcpy(row->build, news->build, sizeof(row->build));
    row->spool_records = news->spool_records;
    row->skipped = news->skipped;
    row->lost = news->lost;
    row->clock_offset_ms = news->clock_offset_ms;
    row->clock_offset_known = news->clock_offset_known;
    row->self_check = news->self_check;
    row->cfg_sent = news->cfg_sent;
    row->cfg_confirmed = news->cfg_confirmed;
    memcpy(row->cfg_refused, news->cfg_refused, sizeof(row->cfg_refused));
    memcpy(row->address, news->address, sizeof(row->address));
    row->clone_unix_ms = news->clone_unix_ms;
    memcpy(row->clone_address, news->clone_address, sizeof(row->clone_address));
}

struct agent_walk {
    agent_each_fn *fn;
    void *ctx;
};

static int
each_agent(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct agent_walk *walk = ctx;
    struct agent_row row;

    (void)key;
    if (agent_row_decode(value, &row, err) != 0)
        return -1;
    return walk->fn(walk->ctx, &row, err);
}

static const struct bytes all = {.data = NULL, .len = 0};

int
agent_each(struct store_txn *txn, agent_each_fn *fn, void *ctx, struct err *err)
{
    struct agent_walk walk = {.fn = fn, .ctx = ctx};

    return store_each(txn, STORE_AGENTS, all, all, each_agent, &walk, err);
}

/* ---- tokens ---- */

static struct bytes
token_key(const uint8_t key[REGISTRY_KEY_BYTES])
{
    return (struct bytes){.data = key, .len = REGISTRY_KEY_BYTES};
}

int
token_put(struct store_txn *txn, const struct token_row *row, struct err *err)
{
    struct buf buf;
    int rc;

    buf_init(&buf, REGISTRY_ROW_MAX_BYTES);
    rc = token_row_encode(row, &buf, err);
    if (rc == 0)
        rc = store_put(
            txn, STORE_TOKENS, token_key(row->key), buf_bytes(&buf), err);
    buf_free(&buf);
    return rc;
}

static int
take_token(struct bytes key, struct bytes value, struct token_row *row,
    struct err *err)
{
    if (key.len != REGISTRY_KEY_BYTES)
        return err_set(err, ERR_STATE, "token key of %zu bytes", key.len);
    if (token_row_decode(value, row, err) != 0)
        return -1;
    memcpy(row->key, key.data, REGISTRY_KEY_BYTES);
    return 0;
}

int
token_get(struct store_txn *txn, const uint8_t key[REGISTRY_KEY_BYTES],
    struct token_row *row, struct err *err)
{
    struct bytes value;
    int rc = store_get(txn, STORE_TOKENS, token_key(key), &value, err);

    if (rc == 1 && take_token(token_key(key), value, row, err) != 0)
        return -1;
    return rc;
}

struct token_walk {
    token_each_fn *fn;
    void *ctx;
};

static int
each_token(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct token_walk *walk = ctx;
    struct token_row row;

    if (take_token(key, value, &row, err) != 0)
        return -1;
    return walk->fn(walk->ctx, &row, err);
}

int
token_each(struct store_txn *txn, token_each_fn *fn, void *ctx, struct err *err)
{
    struct token_walk walk = {.fn = fn, .ctx = ctx};

    return store_each(txn, STORE_TOKENS, all, all, each_token, &walk, err);
}

int
token_delete(struct store_txn *txn, const uint8_t key[REGISTRY_KEY_BYTES],
    struct err *err)
{
    return store_delete(txn, STORE_TOKENS, token_key(key), err);
}
