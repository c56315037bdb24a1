/*
 * bench_watch.c - what judging costs: 1000 agents measure 100 checks, results
 * come slot by slot as they do in life, twenty turns a second.  Raw is not
 * written; the verdict rows are.
 */
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "conf_history.h"
#include "history.h"
#include "registry.h"
#include "tmp_store.h"

enum {
    CHECKS = 100,
    AGENTS = 1000,
    REGIONS = 10,
    SLOT_MS = 5000,
    SLOTS = 6,
    TURN_MS = 50
};

static const int64_t base_ms = INT64_C(1769904000000);

static void
must(int rc, const struct err *err)
{
    if (rc == 0)
        return;
    (void)fprintf(stderr, "%s\n", err->msg);
    exit(1);
}

static void
on_mistake(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

static struct conf_history *
configure(struct store_txn *txn)
{
    struct conf_history *history;
    struct config *config;
    struct buf yaml;
    uint64_t version;
    struct err err = {.msg = ""};

    buf_init(&yaml, 1 << 20);
    (void)buf_printf(&yaml, &err,
        "regions: [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9]\nsites:\n"
        "  - name: v\n    derive: false\n    checks:\n");
    for (int i = 0; i < CHECKS; i++)
        (void)buf_printf(&yaml, &err,
            "      - {name: c%d, kind: http, url: \"https://v.example/\", "
            "interval: 5s, timeout: 4s}\n",
            i);
    config = collector_conf_parse(
        (const char *)yaml.data, yaml.len, "bench", on_mistake, NULL, &err);
    must(config == NULL, &err);
    must(conf_history_record(txn, config, base_ms, &version, &err), &err);
    collector_conf_free(config);
    history = conf_history_load(txn, &err);
    must(history == NULL, &err);
    buf_free(&yaml);
    return history;
}

static int
on_news(void *ctx, struct store_txn *txn, enum incident_news news,
    const struct incident_row *row, bool fresh, struct err *err)
{
    (void)ctx;
    (void)txn;
    (void)news;
    (void)row;
    (void)fresh;
    (void)err;
    return 0;
}

static void
hear_all(struct watch *watch, int64_t now_ms)
{
    struct err err = {.msg = ""};

    for (uint32_t i = 1; i <= AGENTS; i++) {
        const struct watch_agent agent = {.agent = i,
            .region = (uint16_t)(1 + i % REGIONS),
            .last_heard_unix_ms = now_ms};

        must(watch_set_agent(watch, &agent, &err), &err);
    }
}

struct spent {
    int64_t note_ns;
    int64_t run_ns;
    int64_t results;
    int64_t turns;
};

/* Who measures what in which turn of a slot, in that order. */
struct due {
    uint32_t agent;
    uint32_t check;
    int32_t phase_ms;
};

static int
compare_due(const void *a, const void *b)
{
    const struct due *one = a;
    const struct due *other = b;

    if (one->phase_ms / TURN_MS != other->phase_ms / TURN_MS)
        return one->phase_ms / TURN_MS - other->phase_ms / TURN_MS;
    return one->agent < other->agent ? -1 : one->agent > other->agent;
}

static struct due *
make_plan(const uint32_t *checks)
{
    struct due *plan = calloc((size_t)AGENTS * CHECKS + 1, sizeof(plan[0]));
    size_t count = 0;

    if (plan == NULL)
        exit(1);
    for (uint32_t agent = 1; agent <= AGENTS; agent++) {
        for (int i = 0; i < CHECKS; i++)
            plan[count++] = (struct due){.agent = agent,
                .check = checks[i],
                .phase_ms =
                    (int32_t)(((int64_t)agent * 7919 + i * 104729) % SLOT_MS)};
    }
    qsort(plan, count, sizeof(plan[0]), compare_due);
    return plan;
}

static void
note_turn(struct watch *watch, struct store_txn *txn, const struct due **at,
    int64_t now_ms, struct spent *spent)
{
    int64_t started_ns = clock_mono_ns();
    int64_t slot = now_ms - now_ms % SLOT_MS;
    int32_t turn = (int32_t)(now_ms % SLOT_MS) / TURN_MS;
    struct raw_result result = {.seq = 0};
    struct err err = {.msg = ""};

    measure_init(&result.measure);
    result.measure.family = FAMILY_V4;
    result.measure.slot_unix_ms = slot;
    for (; (*at)->agent != 0 && (*at)->phase_ms / TURN_MS == turn; (*at)++) {
        result.agent = (*at)->agent;
        result.region = (uint16_t)(1 + (*at)->agent % REGIONS);
        result.measure.check_id = (*at)->check;
        result.measure.ts_unix_ms = slot + (*at)->phase_ms;
        must(watch_note(watch, txn, &result, false, &err), &err);
        spent->results++;
    }
    spent->note_ns += clock_mono_ns() - started_ns;
}

static void
live(struct store *store, struct watch *watch, const uint32_t *checks)
{
    struct spent spent = {0};
    struct err err = {.msg = ""};
    struct store_txn *txn = store_begin_write(store, &err);
    struct due *plan = make_plan(checks);
    const struct due *due = plan;

    must(txn == NULL, &err);
    for (int64_t at = base_ms; at < base_ms + SLOTS * SLOT_MS; at += TURN_MS) {
        bool again;
        int64_t next;
        int64_t started_ns;

        if (at % SLOT_MS == 0)
            due = plan;
        hear_all(watch, at);
        note_turn(watch, txn, &due, at, &spent);
        started_ns = clock_mono_ns();
        must(watch_run(
                 watch, txn, at + TURN_MS, on_news, NULL, &again, &next, &err),
            &err);
        spent.run_ns += clock_mono_ns() - started_ns;
        spent.turns++;
    }
    free(plan);
    must(store_commit(txn, &err), &err);
    (void)printf("live: %lld results; note %lld ns each, run %.3f ms a "
                 "turn of %d ms, %.2f us a result in all\n",
        (long long)spent.results, (long long)(spent.note_ns / spent.results),
        (double)spent.run_ns / (double)spent.turns / 1e6, TURN_MS,
        (double)(spent.note_ns + spent.run_ns) / (double)spent.results / 1e3);
}

int
main(void)
{
    void *tmp = NULL;
    struct err err = {.msg = ""};
    uint32_t checks[CHECKS];
    struct conf_history *history;
    struct store_txn *txn;
    struct watch *watch;
    struct store *store;

    if (tmp_store_setup_sized(&tmp, (size_t)1 << 30) != 0)
        return 1;
    store = ((struct tmp_store *)tmp)->store;
    txn = store_begin_write(store, &err);
    must(txn == NULL, &err);
    for (int i = 0; i < REGIONS; i++) {
        char name[16];
        uint32_t number;

        (void)snprintf(name, sizeof(name), "r%d", i);
        must(registry_number(txn, REGISTRY_REGION, name, &number, &err), &err);
    }
    for (int i = 0; i < CHECKS; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "v/c%d", i);
        checks[i] = check_id_of(name);
    }
    history = configure(txn);
    watch = watch_new(txn, history, base_ms, &err);
    must(watch == NULL, &err);
    must(store_commit(txn, &err), &err);
    live(store, watch, checks);
    watch_free(watch);
    conf_history_free(history);
    return tmp_store_teardown(&tmp);
}
