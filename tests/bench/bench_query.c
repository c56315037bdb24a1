/*
 * bench_query.c - how long an answer takes inside a process, and what each
 * table of a store takes.
 *
 *   bench_query STORE NOW_UNIX_S COUNT COMMAND [KEY=VALUE...]
 *   bench_query STORE sizes
 *
 * The first prints the median and the longest of COUNT answers, each from a
 * read transaction of its own, in microseconds; the second rows and bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "query.h"

static void
die(const struct err *err)
{
    (void)fprintf(stderr, "bench_query: %s\n", err->msg);
    exit(1);
}

static int
compare(const void *a, const void *b)
{
    const int64_t *one = a;
    const int64_t *other = b;

    return *one < *other ? -1 : *one > *other;
}

static int64_t
answer_once(struct store *store, int64_t now_unix_ms, const char *command,
    const json_t *args)
{
    int64_t begun_ns = clock_mono_ns();
    struct err err;
    struct query_env env = {
        .txn = store_begin_read(store, &err), .now_unix_ms = now_unix_ms};
    struct conf_history *history;
    json_t *answer;
    int exit_code;
    int64_t took_ns;

    if (env.txn == NULL)
        die(&err);
    history = conf_history_load(env.txn, &err);
    if (history == NULL)
        die(&err);
    env.conf = history;
    if (query_run(&env, command, args, &answer, &exit_code, &err) != 0)
        die(&err);
    store_abort(env.txn);
    took_ns = clock_mono_ns() - begun_ns;
    json_decref(answer);
    conf_history_free(history);
    return took_ns;
}

static void
print_sizes(struct store *store)
{
    static const struct {
        enum store_table table;
        const char *name;
    } tables[] = {{STORE_RAW, "raw"}, {STORE_VERDICTS, "verdicts"},
        {STORE_HOUR, "hour"}, {STORE_DAY, "day"},
        {STORE_INCIDENTS, "incidents"}};
    struct err err;
    struct store_txn *txn = store_begin_read(store, &err);

    if (txn == NULL)
        die(&err);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct store_size size;

        if (store_table_size(txn, tables[i].table, &size, &err) != 0)
            die(&err);
        (void)printf("%s %llu %llu\n", tables[i].name,
            (unsigned long long)size.rows, (unsigned long long)size.bytes);
    }
    store_abort(txn);
}

static void
print_times(struct store *store, int64_t now_unix_ms, size_t count,
    const char *command, const json_t *args)
{
    int64_t *took_ns = calloc(count, sizeof(*took_ns));

    if (took_ns == NULL || count == 0)
        exit(1);
    for (size_t i = 0; i < count; i++)
        took_ns[i] = answer_once(store, now_unix_ms, command, args);
    qsort(took_ns, count, sizeof(*took_ns), compare);
    (void)printf("%lld %lld\n", (long long)(took_ns[count / 2] / 1000),
        (long long)(took_ns[count - 1] / 1000));
    free(took_ns);
}

int
main(int argc, char **argv)
{
    struct err err;
    struct store *store;
    json_t *args = json_object();

    if (argc < 3) {
        (void)fprintf(stderr,
            "usage: bench_query STORE NOW_UNIX_S COUNT COMMAND [KEY=VALUE...]\n"
            "       bench_query STORE sizes\n");
        return 2;
    }
    store = store_open(
        &(struct store_spec){.dir = argv[1], .read_only = true}, &err);
    if (store == NULL)
        die(&err);
    for (int i = 5; i < argc; i++) {
        char *value = strchr(argv[i], '=');

        if (value == NULL)
            return 2;
        *value++ = '\0';
        (void)json_object_set_new(args, argv[i], json_string(value));
    }
    if (strcmp(argv[2], "sizes") == 0)
        print_sizes(store);
    else if (argc > 4)
        print_times(store, strtoll(argv[2], NULL, 10) * MS_PER_SEC,
            (size_t)strtol(argv[3], NULL, 10), argv[4], args);
    json_decref(args);
    store_close(store);
    return 0;
}
