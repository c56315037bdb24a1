#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"

static const size_t all_windows_bytes = 64U << 20;
/* After a token's expiry its bearer still hears why it is refused. */
static const int64_t token_grace_ms = INT64_C(7) * 86400000;

enum { WINDOW_BATCHES_MAX = 8, BATCH_BYTES_MIN = 8 << 10 };

struct reading {
    struct fleet_agent *agents;
    size_t count;
    size_t capacity;
};

static int
take_row(void *ctx, const struct agent_row *row, struct err *err)
{
    struct reading *reading = ctx;

    if (reading->count == reading->capacity) {
        size_t capacity = reading->capacity ? reading->capacity * 2 : 16;
        struct fleet_agent *agents =
            realloc(reading->agents, capacity * sizeof(*agents));

        if (agents == NULL)
            return err_set(err, ERR_NOMEM, "%zu agents", capacity);
        reading->agents = agents;
        reading->capacity = capacity;
    }
    reading->agents[reading->count++] = (struct fleet_agent){.row = *row};
    return 0;
}

static int
by_name(const void *a, const void *b)
{
    const struct fleet_agent *x = a;
    const struct fleet_agent *y = b;

    return strcmp(x->row.name, y->row.name);
}

int
fleet_load(struct fleet *fleet, struct store_txn *txn, struct err *err)
{
    struct reading reading = {0};

    if (agent_each(txn, take_row, &reading, err) != 0) {
        free(reading.agents);
        return -1;
    }
    if (reading.count > 0)
        qsort(reading.agents, reading.count, sizeof(*reading.agents), by_name);
    for (size_t i = 0; i < reading.count; i++) {
        struct agent_row row = reading.agents[i].row;
        const struct fleet_agent *before = fleet_find(fleet, row.name);

        if (before == NULL)
            continue;
        reading.agents[i] = *before;
        reading.agents[i].row = row;
    }
    free(fleet->agents);
    fleet->agents = reading.agents;
    fleet->count = reading.count;
    return 0;
}

void
fleet_free(struct fleet *fleet)
{
    free(fleet->agents);
    *fleet = (struct fleet){0};
}

struct fleet_agent *
fleet_find(struct fleet *fleet, const char *name)
{
    struct fleet_agent wanted;

    if (fleet->count == 0 || strlen(name) >= sizeof(wanted.row.name))
        return NULL;
    (void)snprintf(wanted.row.name, sizeof(wanted.row.name), "%s", name);
    return bsearch(
        &wanted, fleet->agents, fleet->count, sizeof(wanted), by_name);
}

struct table {
    struct zap_entry *entries;
    size_t count;
    size_t capacity;
    int64_t now_unix_ms;
};

static int
add_entry(struct table *table, const struct zap_entry *entry, struct err *err)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 32;
        struct zap_entry *entries =
            realloc(table->entries, capacity * sizeof(*entries));

        if (entries == NULL)
            return err_set(err, ERR_NOMEM, "key table");
        table->entries = entries;
        table->capacity = capacity;
    }
    table->entries[table->count++] = *entry;
    return 0;
}

static int
add_token(void *ctx, const struct token_row *token, struct err *err)
{
    struct table *table = ctx;
    struct zap_entry entry = {.answer = ZAP_ADMIT, .user = "t:"};

    if (token->expires_unix_ms + token_grace_ms < table->now_unix_ms)
        return 0;
    memcpy(entry.key, token->key, ZAP_KEY_BYTES);
    digest_hex(token->key, ZAP_KEY_BYTES, entry.user + 2);
    return add_entry(table, &entry, err);
}

int
fleet_zap_table(const struct fleet *fleet, struct store_txn *txn,
    int64_t now_unix_ms, struct zap_entry **entries, size_t *count,
    struct err *err)
{
    struct table table = {.now_unix_ms = now_unix_ms};

    for (size_t i = 0; i < fleet->count; i++) {
        const struct agent_row *row = &fleet->agents[i].row;

        for (size_t k = 0; k < row->key_count; k++) {
            struct zap_entry entry = {.answer = ZAP_ADMIT};

            if (row->revoked)
                entry.answer = ZAP_NEVER;
            else if (row->suspended)
                entry.answer = ZAP_NOT_NOW;
            memcpy(entry.key, row->keys[k], ZAP_KEY_BYTES);
            (void)snprintf(entry.user, sizeof(entry.user), "a:%s", row->name);
            if (add_entry(&table, &entry, err) != 0)
                goto failed;
        }
    }
    if (token_each(txn, add_token, &table, err) != 0)
        goto failed;
    *entries = table.entries;
    *count = table.count;
    return 0;

failed:
    free(table.entries);
    return -1;
}

void
fleet_share(const struct fleet *fleet, uint32_t *window_batches,
    uint32_t *max_batch_bytes)
{
    size_t agents = fleet->count > 0 ? fleet->count : 1;
    size_t share = all_windows_bytes / agents;
    size_t batch = WIRE_BATCH_MAX_BYTES;

    if (share < batch)
        batch = share > BATCH_BYTES_MIN ? share : BATCH_BYTES_MIN;
    share /= batch;
    if (share < 1)
        share = 1;
    if (share > WINDOW_BATCHES_MAX)
        share = WINDOW_BATCHES_MAX;
    *window_batches = (uint32_t)share;
    *max_batch_bytes = (uint32_t)batch;
}
