/*
 * "NAME {arguments}", as whoever may open the control socket can send it: a
 * question gets an answer that is JSON, or a sentence about what is wrong.
 * The store under it is whole, so that nothing else may come.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "conf_history.h"
#include "import.h"
#include "ladder.h"
#include "query.h"
#include "tmp_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char file[] =
    "regions: [eu, us]\n"
    "sla: {timezone: Europe/Berlin}\n"
    "maintenance: [{checks: [acme/*], every: \"Sun 02:00-03:00\"}]\n"
    "sites: [{name: acme, checks: ["
    "{name: home, kind: tcp, host: 192.0.2.1, port: 9, interval: 60s}, "
    "{name: port, kind: tcp, host: 192.0.2.1, port: 9, interval: 60s, "
    "paused: true}]}]\n";

/* 2025-11-24T16:00:00Z */
static const int64_t now_unix_ms = INT64_C(1764000000000);

static struct {
    void *tmp;
    struct store *store;
    struct conf_history *conf;
} world;

static void
must(int rc)
{
    if (rc != 0)
        abort();
}

static void
give_results(struct store_txn *txn)
{
    struct import_room room = {
        .txn = txn, .conf = world.conf, .now_unix_ms = now_unix_ms};
    struct import_summary summary;
    struct buf lines;
    struct err err;

    room.ladder = ladder_new(&err);
    buf_init(&lines, 1 << 20);
    for (int i = 0; i < 90; i++) {
        char ts[TEXT_MOMENT_BYTES];

        text_put_moment(now_unix_ms - (i + 1) * 60000, ts);
        must(buf_printf(&lines, &err,
            "{\"ts\":\"%s\",\"check\":\"acme/home\",\"region\":\"%s\","
            "\"agent\":\"a\",\"status\":\"%s\",\"phases_us\":{\"total\":%d}}\n",
            ts, i % 2 ? "eu" : "us", i % 20 < 5 ? "down" : "up", 100 + i));
    }
    must(import_lines(
        &room, (const char *)lines.data, lines.len, &summary, &err));
    ladder_free(room.ladder);
    buf_free(&lines);
}

static void
close_world(void)
{
    conf_history_free(world.conf);
    (void)tmp_store_teardown(&world.tmp);
}

static void
open_world(void)
{
    struct config *config;
    struct store_txn *txn;
    uint64_t version;
    struct err err;

    must(tmp_store_setup(&world.tmp));
    world.store = ((struct tmp_store *)world.tmp)->store;
    must(atexit(close_world));
    config = collector_conf_parse(file, strlen(file), "fuzz", NULL, NULL, &err);
    txn = store_begin_write(world.store, &err);
    if (config == NULL || txn == NULL)
        abort();
    must(conf_history_record(
        txn, config, now_unix_ms - 86400000, &version, &err));
    collector_conf_free(config);
    world.conf = conf_history_load(txn, &err);
    if (world.conf == NULL)
        abort();
    give_results(txn);
    must(store_commit(txn, &err));
}

static int
take_line(void *ctx, const char *line, struct err *err)
{
    (void)ctx;
    (void)err;
    if (strchr(line, '\n') != NULL)
        abort();
    return 0;
}

static void
ask(const char *name, const json_t *args)
{
    struct query_env env = {.conf = world.conf, .now_unix_ms = now_unix_ms};
    struct err err = {0};
    json_t *answer = NULL;
    char *text;
    int code = -1;
    int rc;

    env.txn = store_begin_read(world.store, &err);
    if (env.txn == NULL)
        abort();
    if (strcmp(name, "export") == 0)
        rc = query_export(&env, args, take_line, NULL, &err);
    else
        rc = query_run(&env, name, args, &answer, &code, &err);
    if (rc != 0 && err.code != ERR_PARSE && err.code != ERR_LIMIT)
        abort();
    if (rc == 0 && answer != NULL) {
        text = json_dumps(answer, JSON_COMPACT);
        if (text == NULL || code < 0 || code > 1)
            abort();
        free(text);
    }
    json_decref(answer);
    store_abort(env.txn);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *space = size > 0 ? memchr(data, ' ', size) : NULL;
    size_t name_len = space != NULL ? (size_t)(space - data) : 0;
    char name[32] = "";
    json_t *args;

    if (world.store == NULL)
        open_world();
    if (space == NULL || name_len >= sizeof(name))
        return 0;
    memcpy(name, data, name_len);
    args = json_loadb((const char *)space + 1, size - name_len - 1,
        JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(args) && strlen(name) == name_len)
        ask(name, args);
    json_decref(args);
    return 0;
}
