#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"

/* After a token's expiry its bearer still hears why it is refused. */
static const int64_t token_grace_ms = INT64_C(7) * 86400000;

enum { BATCH_BYTES_MIN = 8 << 10 };

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

static void
count_speakers(struct fleet *fleet)
{
    fleet->speakers = 0;
    for (size_t i = 0; i < fleet->count; i++) {
        const struct agent_row *row = &fleet->agents[i].row;

        if (row->key_count > 0 && !row->revoked && !row->suspended)
            fleet->speakers++;
    }
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
        agent_take_news(&reading.agents[i].row, &before->row);
        if (before->retiring)
            fleet_retire_key(&reading.agents[i]);
    }
    free(fleet->agents);
    fleet->agents = reading.agents;
    fleet->count = reading.count;
    count_speakers(fleet);
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

/* "a:NAME/TAG": intake sees by which of an agent's keys a peer came in. */
static void
set_user(struct zap_entry *entry, const char *name)
{
    char tag[FLEET_TAG_BYTES];

    fleet_key_tag(entry->key, tag);
    (void)snprintf(entry->user, sizeof(entry->user), "a:%s/%s", name, tag);
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
            set_user(&entry, row->name);
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
fleet_key_tag(const uint8_t key[REGISTRY_KEY_BYTES], char tag[FLEET_TAG_BYTES])
{
    digest_hex(key, FLEET_TAG_BYTES / 2, tag);
}

int
fleet_key_index(const struct fleet_agent *agent, const char *tag)
{
    for (int i = agent->row.key_count - 1; i >= 0; i--) {
        char own[FLEET_TAG_BYTES];

        fleet_key_tag(agent->row.keys[i], own);
        if (strcmp(own, tag) == 0)
            return i;
    }
    return -1;
}

void
fleet_retire_key(struct fleet_agent *agent)
{
    if (agent->row.key_count == 2)
        memcpy(agent->row.keys[0], agent->row.keys[1], REGISTRY_KEY_BYTES);
    agent->row.key_count = 1;
    agent->row.rotate = false;
}

static size_t
share_bytes(const struct fleet *fleet)
{
    size_t speakers = fleet->speakers > 0 ? fleet->speakers : 1;

    return (size_t)FLEET_GRANT_MAX_BYTES / speakers;
}

/*
 * A power of two: so it stays the same while the fleet grows, until it has
 * doubled.
 */
static uint32_t
batch_bytes(const struct fleet *fleet)
{
    uint32_t batch = WIRE_BATCH_MAX_BYTES;

    while (batch > share_bytes(fleet) && batch > BATCH_BYTES_MIN)
        batch /= 2;
    return batch;
}

static void
set_window(struct fleet *fleet, struct fleet_agent *agent, size_t window)
{
    fleet->granted_bytes -= (size_t)agent->window * agent->max_batch_bytes;
    agent->window = (uint32_t)window;
    fleet->granted_bytes += (size_t)agent->window * agent->max_batch_bytes;
    if (agent->window > agent->window_peak)
        agent->window_peak = agent->window;
}

void
fleet_grant(struct fleet *fleet, struct fleet_agent *agent)
{
    size_t own = (size_t)agent->window * agent->max_batch_bytes;
    size_t left = FLEET_GRANT_MAX_BYTES - (fleet->granted_bytes - own);
    size_t window;

    if (agent->session == 0)
        return;
    window = share_bytes(fleet) / agent->max_batch_bytes;
    if (window < 1)
        window = 1;
    if (window > FLEET_WINDOW_MAX)
        window = FLEET_WINDOW_MAX;
    if (window > left / agent->max_batch_bytes)
        window = left / agent->max_batch_bytes;
    set_window(fleet, agent, window);
}

void
fleet_grant_none(struct fleet *fleet, struct fleet_agent *agent)
{
    set_window(fleet, agent, 0);
}

void
fleet_begin_session(struct fleet *fleet, struct fleet_agent *agent)
{
    fleet_end_session(fleet, agent);
    do
        digest_random(&agent->session, sizeof(agent->session));
    while (agent->session == 0);
    agent->max_batch_bytes = batch_bytes(fleet);
    agent->window_peak = 0;
    agent->bad_seq = 0;
    agent->unkept_seq = 0;
    agent->cfg_told = 0;
    fleet_grant(fleet, agent);
}

bool
fleet_terms_stand(const struct fleet *fleet, const struct fleet_agent *agent)
{
    return agent->max_batch_bytes <= batch_bytes(fleet);
}

void
fleet_end_session(struct fleet *fleet, struct fleet_agent *agent)
{
    set_window(fleet, agent, 0);
    agent->session = 0;
}
