#include "conf_text.h"

#include <string.h>

#include "cm.h"

static void
print(void *ctx, const char *line)
{
    (void)ctx;
    print_error("%s\n", line);
}

struct config *
conf_text_parse(const char *text)
{
    struct err err;
    struct config *config = collector_conf_parse(
        text, strlen(text), "test.yaml", print, NULL, &err);

    assert_made(config, err);
    return config;
}

struct conf_history *
conf_text_history(
    struct store_txn *txn, const char *text, int64_t since_unix_ms)
{
    struct config *config = conf_text_parse(text);
    struct conf_history *history;
    uint64_t version;
    struct err err;

    assert_ok(
        conf_history_record(txn, config, since_unix_ms, &version, &err), err);
    collector_conf_free(config);
    history = conf_history_load(txn, &err);
    assert_made(history, err);
    return history;
}
