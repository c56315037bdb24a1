#include "conf_history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector_conf_command.h"
#include "conf_row.h"
#include "row.h"

enum {
    VERSION_KEY_BYTES = 8,
    VERSIONS_MAX = 100000,
    TEXT_LIMIT_BYTES = CONF_ROW_TEXT_MAX_BYTES,
    ROW_LIMIT_BYTES = 2 * CONF_ROW_TEXT_MAX_BYTES
};

/* ---- loading ---- */

/* It was free of mistakes once: what it says now is told in the error. */
static void
keep_first_mistake(void *ctx, const char *line)
{
    char *first = ctx;

    if (first[0] == '\0')
        (void)snprintf(first, sizeof((struct err){0}.msg), "%s", line);
}

static struct config *
parse(uint64_t version, const struct buf *text, struct err *err)
{
    char mistake[sizeof(err->msg)] = "";
    char name[48];
    struct config *config;

    (void)snprintf(name, sizeof(name), "stored version %" PRIu64, version);
    config = collector_conf_parse((const char *)text->data, text->len, name,
        keep_first_mistake, mistake, err);
    if (config == NULL && mistake[0] != '\0')
        err_set(err, ERR_STATE, "%s", mistake);
    return config;
}

static struct conf_version *
add_version(struct conf_history *history, struct err *err)
{
    struct conf_version *versions;

    if (history->count >= VERSIONS_MAX) {
        err_set(err, ERR_LIMIT, "more than %d configurations", VERSIONS_MAX);
        return NULL;
    }
    versions =
        realloc(history->versions, (history->count + 1) * sizeof(*versions));
    if (versions == NULL) {
        err_set(err, ERR_NOMEM, "configurations");
        return NULL;
    }
    history->versions = versions;
    versions[history->count] = (struct conf_version){0};
    return &versions[history->count++];
}

static int
load_version(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct conf_history *history = ctx;
    struct conf_version *version = add_version(history, err);
    struct buf text;
    int rc = -1;

    if (version == NULL)
        return -1;
    if (key.len != VERSION_KEY_BYTES)
        return err_set(
            err, ERR_STATE, "configuration key of %zu bytes", key.len);
    version->version = key_take_u64(key.data);
    buf_init(&text, TEXT_LIMIT_BYTES);
    if (conf_row_decode(value, &version->since_unix_ms, &text, err) == 0) {
        version->config = parse(version->version, &text, err);
        rc = version->config != NULL ? 0 : -1;
    }
    buf_free(&text);
    return rc;
}

static const struct bytes all = {.data = NULL, .len = 0};

struct conf_history *
conf_history_load(struct store_txn *txn, struct err *err)
{
    struct conf_history *history = calloc(1, sizeof(*history));

    if (history == NULL) {
        err_set(err, ERR_NOMEM, "configurations");
        return NULL;
    }
    if (store_each(txn, STORE_CONFIGS, all, all, load_version, history, err) !=
        0) {
        err_wrap(err, "configurations in the store");
        conf_history_free(history);
        return NULL;
    }
    return history;
}

void
conf_history_free(struct conf_history *history)
{
    if (history == NULL)
        return;
    for (size_t i = 0; i < history->count; i++)
        collector_conf_free(history->versions[i].config);
    free(history->versions);
    free(history);
}

int
conf_history_newest(struct store_txn *txn, uint64_t *version, struct err *err)
{
    struct bytes key;
    int rc = store_seek_before(txn, STORE_CONFIGS, all, &key, NULL, err);

    if (rc != 1)
        return rc;
    if (key.len != VERSION_KEY_BYTES)
        return err_set(
            err, ERR_STATE, "configuration key of %zu bytes", key.len);
    *version = key_take_u64(key.data);
    return 1;
}

/* ---- recording ---- */

/* 1: *version, since when, and its text, added to `text`; 0: there is none. */
static int
read_newest(struct store_txn *txn, uint64_t *version, int64_t *since_unix_ms,
    struct buf *text, struct err *err)
{
    struct bytes key;
    struct bytes value;
    int rc = store_seek_before(txn, STORE_CONFIGS, all, &key, &value, err);

    *version = 0;
    *since_unix_ms = 0;
    if (rc != 1)
        return rc;
    if (key.len != VERSION_KEY_BYTES)
        return err_set(
            err, ERR_STATE, "configuration key of %zu bytes", key.len);
    *version = key_take_u64(key.data);
    return conf_row_decode(value, since_unix_ms, text, err) == 0 ? 1 : -1;
}

/* The text to record, in `text`: what a command changed stays. */
static int
make_text(const struct config *config, const struct buf *newest,
    struct buf *text, struct err *err)
{
    struct bytes part = conf_command_part(buf_bytes(newest));

    if (buf_append(text, config->source, config->source_len, err) != 0)
        return -1;
    if (config->file_len < config->source_len || part.len == 0)
        return 0;
    return buf_append(text, part.data, part.len, err);
}

static int
put_version(struct store_txn *txn, uint64_t version, int64_t since_unix_ms,
    const struct buf *text, struct err *err)
{
    uint8_t key[VERSION_KEY_BYTES];
    struct buf row;
    int rc;

    key_put_u64(key, version);
    buf_init(&row, ROW_LIMIT_BYTES);
    rc = conf_row_encode(since_unix_ms, buf_bytes(text), &row, err);
    if (rc == 0)
        rc = store_put(txn, STORE_CONFIGS,
            (struct bytes){.data = key, .len = sizeof(key)}, buf_bytes(&row),
            err);
    buf_free(&row);
    return rc;
}

int
conf_history_record(struct store_txn *txn, const struct config *config,
    int64_t now_unix_ms, uint64_t *version, struct err *err)
{
    int64_t newest_ms;
    struct buf newest;
    struct buf text;
    int rc;

    buf_init(&newest, TEXT_LIMIT_BYTES);
    buf_init(&text, TEXT_LIMIT_BYTES);
    rc = read_newest(txn, version, &newest_ms, &newest, err);
    if (rc >= 0 && make_text(config, &newest, &text, err) != 0)
        rc = -1;
    if (rc == 1 && newest.len == text.len &&
        (text.len == 0 || memcmp(newest.data, text.data, text.len) == 0))
        goto out;
    if (rc >= 0) {
        ++*version;
        rc = put_version(txn, *version,
            now_unix_ms > newest_ms ? now_unix_ms : newest_ms, &text, err);
    }

out:
    buf_free(&newest);
    buf_free(&text);
    return rc < 0 ? -1 : 0;
}

/* ---- asking ---- */

static size_t
index_at(const struct conf_history *history, int64_t unix_ms)
{
    size_t low = 0;
    size_t high = history->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (history->versions[middle].since_unix_ms <= unix_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : 0;
}

const struct conf_version *
conf_history_at(const struct conf_history *history, int64_t unix_ms)
{
    if (history->count == 0)
        return NULL;
    return &history->versions[index_at(history, unix_ms)];
}

const struct conf_check *
conf_history_check(
    const struct conf_history *history, uint32_t check, int64_t unix_ms)
{
    size_t at = index_at(history, unix_ms);
    const struct conf_check *found = NULL;

    if (history->count == 0)
        return NULL;
    for (size_t i = at + 1; i-- > 0 && found == NULL;)
        found = collector_conf_check_by_id(history->versions[i].config, check);
    for (size_t i = at + 1; i < history->count && found == NULL; i++)
        found = collector_conf_check_by_id(history->versions[i].config, check);
    return found;
}
