#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "intake_bench.h"
#include "raw.h"

enum { WAIT_S = 60, PAUSE_US = 20000 };

/* ---- asking it ---- */

static FILE *
ask(const struct bench *bench, const char *words)
{
    char command[512];
    FILE *answer;

    (void)snprintf(command, sizeof(command),
        "%s --control ipc://%s/control %s 2>&1", bench_program("LEADLINE"),
        bench->dir, words);
    answer = popen(command, "re"); /* NOLINT: no outside words in it */
    assert_non_null(answer);
    return answer;
}

int
bench_cli(struct bench *bench, const char *words)
{
    FILE *answer = ask(bench, words);
    char line[512];
    int status;

    while (fgets(line, sizeof(line), answer) != NULL)
        continue;
    status = pclose(answer);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

json_t *
bench_agent(struct bench *bench, const char *name)
{
    FILE *answer = ask(bench, "--json agents");
    json_t *all = json_loadf(answer, 0, NULL);
    json_t *found = NULL;
    json_t *agent;
    size_t i;

    (void)pclose(answer);
    json_array_foreach(json_object_get(all, "agents"), i, agent)
    {
        if (strcmp(json_string_value(json_object_get(agent, "name")), name) ==
            0)
            found = json_incref(agent);
    }
    json_decref(all);
    if (found == NULL)
        fail_msg("there is no agent %s", name);
    return found;
}

void
bench_wait_for_agent(
    struct bench *bench, const char *name, const char *field, const char *value)
{
    int64_t end_ns = clock_mono_ns() + WAIT_S * NS_PER_SEC;

    for (;;) {
        json_t *agent = bench_agent(bench, name);
        const char *text = json_string_value(json_object_get(agent, field));
        bool same = strcmp(text != NULL ? text : "null", value) == 0;

        if (!same && clock_mono_ns() > end_ns)
            fail_msg("%s of agent %s is %s, not %s", field, name,
                text != NULL ? text : "null", value);
        json_decref(agent);
        if (same)
            return;
        (void)usleep(PAUSE_US);
    }
}

/* ---- its store ---- */

static struct store *
open_store(const struct bench *bench)
{
    char path[128];
    struct err err;
    struct store *store;

    (void)snprintf(path, sizeof(path), "%s/store", bench->dir);
    store =
        store_open(&(struct store_spec){.dir = path, .read_only = true}, &err);
    assert_made(store, err);
    return store;
}

struct mark_row
bench_mark(struct bench *bench, const struct peer *peer)
{
    struct store *store = open_store(bench);
    struct mark_row mark;
    uint32_t number;
    struct err err;
    struct store_txn *txn = store_begin_read(store, &err);

    assert_made(txn, err);
    assert_int_equal(
        registry_find(txn, REGISTRY_AGENT, peer->name, &number, &err), 1);
    assert_true(mark_get(txn, number, peer->spool_id, &mark, &err) >= 0);
    store_abort(txn);
    store_close(store);
    return mark;
}

struct raw_count {
    uint32_t agent;
    uint64_t first;
    uint64_t last;
    int count;
};

static int
count_result(void *ctx, const struct raw_result *result, struct err *err)
{
    struct raw_count *wanted = ctx;

    (void)err;
    wanted->count += result->agent == wanted->agent &&
                     result->seq >= wanted->first &&
                     result->seq <= wanted->last;
    return 0;
}

int
bench_count_raw(
    struct bench *bench, const char *agent, uint64_t first, uint64_t last)
{
    struct store *store = open_store(bench);
    struct raw_count wanted = {.first = first, .last = last};
    struct err err;
    struct store_txn *txn = store_begin_read(store, &err);

    assert_made(txn, err);
    assert_int_equal(
        registry_find(txn, REGISTRY_AGENT, agent, &wanted.agent, &err), 1);
    assert_ok(raw_each(txn, check_id_of("s/c"), 0, INT64_MAX / 2, count_result,
                  &wanted, &err),
        err);
    store_abort(txn);
    store_close(store);
    return wanted.count;
}

static int
count_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    (void)key;
    (void)value;
    (void)err;
    ++*(int *)ctx;
    return 0;
}

int
bench_count_rows(struct bench *bench, enum store_table table)
{
    static const struct bytes all = {.data = NULL, .len = 0};
    struct store *store = open_store(bench);
    struct err err;
    struct store_txn *txn = store_begin_read(store, &err);
    int count = 0;

    assert_made(txn, err);
    assert_ok(store_each(txn, table, all, all, count_row, &count, &err), err);
    store_abort(txn);
    store_close(store);
    return count;
}
