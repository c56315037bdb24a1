/*
 * bench_detect.c - how long after an outage has begun it is decided that there
 * is one: the real judge under fake time, agents whose phases are interleaved,
 * outages that begin at any moment.
 *
 * Delivery, and the wait before a page, come on top.  Prints a line for each
 * scenario: its name, mean, median, 95th percentile and worst seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "check.h"
#include "conf_history.h"
#include "registry.h"
#include "tmp_store.h"
#include "watch.h"

enum {
    STORES = 100,
    OUTAGES_EACH = 20,
    AGENTS_MAX = 5,
    CYCLE_SLOTS = 12, /* up, the outage, and long enough up again */
    OUTAGE_SLOT = 3,
    OUTAGE_SLOTS = 4,
    RETRY_MS = 5000,
    UP_MS = 200,  /* what a good probe takes */
    WAY_MS = 100, /* of a result to the collector */
    ARRIVALS_MAX = AGENTS_MAX * CYCLE_SLOTS * 2
};

struct scenario {
    const char *name;
    int slot_s;
    int agents;  /* each in a region of its own */
    int fail_ms; /* until a probe knows that it is down */
};

struct arrival {
    int64_t at_unix_ms;
    int64_t ts_unix_ms;
    int64_t slot_unix_ms;
    int agent;
    int attempt;
    bool down;
};

struct world {
    const struct scenario *scenario;
    struct store_txn *txn;
    struct watch *watch;
    uint32_t check;
    uint32_t agents[AGENTS_MAX];
    uint32_t regions[AGENTS_MAX];
    struct arrival arrivals[ARRIVALS_MAX];
    int count;
    int64_t now_unix_ms;
    int64_t outage_unix_ms;
    int64_t decided_unix_ms; /* 0: not yet */
};

static void
must(int rc, const struct err *err)
{
    if (rc == 0)
        return;
    (void)fprintf(stderr, "bench_detect: %s\n", err->msg);
    exit(1);
}

static void
on_mistake(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

static int64_t
below(int64_t n)
{
    return (int64_t)((double)random() / ((double)RAND_MAX + 1.0) * (double)n);
}

static struct conf_history *
configure(struct world *world, int64_t since_unix_ms)
{
    const struct scenario *scenario = world->scenario;
    struct conf_history *history;
    struct config *config;
    uint64_t version;
    struct buf yaml;
    struct err err = {.msg = ""};

    buf_init(&yaml, 1 << 16);
    must(buf_printf(&yaml, &err, "regions: ["), &err);
    for (int i = 0; i < scenario->agents; i++)
        must(buf_printf(&yaml, &err, "%sr%d", i > 0 ? ", " : "", i), &err);
    must(buf_printf(&yaml, &err,
             "]\nsites:\n  - name: v\n    derive: false\n    checks:\n"
             "      - {name: c, kind: http, url: \"https://v.example/\", "
             "interval: %ds, timeout: 10s}\n",
             scenario->slot_s),
        &err);
    config = collector_conf_parse(
        (const char *)yaml.data, yaml.len, "bench", on_mistake, NULL, &err);
    must(config == NULL, &err);
    must(conf_history_record(world->txn, config, since_unix_ms, &version, &err),
        &err);
    collector_conf_free(config);
    history = conf_history_load(world->txn, &err);
    must(history == NULL, &err);
    buf_free(&yaml);
    return history;
}

static void
name_agents(struct world *world)
{
    struct err err = {.msg = ""};

    for (int i = 0; i < world->scenario->agents; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "a%d", i);
        must(registry_number(
                 world->txn, REGISTRY_AGENT, name, &world->agents[i], &err),
            &err);
        (void)snprintf(name, sizeof(name), "r%d", i);
        must(registry_number(
                 world->txn, REGISTRY_REGION, name, &world->regions[i], &err),
            &err);
    }
}

/* ---- what agents see ---- */

static void
add(struct world *world, const struct arrival *arrival)
{
    world->arrivals[world->count++] = *arrival;
}

static void
probe(struct world *world, int agent, int64_t slot_unix_ms)
{
    const struct scenario *scenario = world->scenario;
    int64_t slot_ms = (int64_t)scenario->slot_s * 1000;
    int64_t ts = slot_unix_ms + slot_ms * agent / scenario->agents;
    struct arrival arrival = {.at_unix_ms = ts + UP_MS + WAY_MS,
        .ts_unix_ms = ts,
        .slot_unix_ms = slot_unix_ms,
        .agent = agent};

    arrival.down = ts >= world->outage_unix_ms &&
                   ts < world->outage_unix_ms + OUTAGE_SLOTS * slot_ms;
    if (arrival.down)
        arrival.at_unix_ms = ts + scenario->fail_ms + WAY_MS;
    add(world, &arrival);
    if (!arrival.down)
        return;
    arrival.attempt = 1;
    arrival.ts_unix_ms = ts + scenario->fail_ms + RETRY_MS;
    arrival.at_unix_ms = arrival.ts_unix_ms + scenario->fail_ms + WAY_MS;
    add(world, &arrival);
}

static int
compare_arrivals(const void *a, const void *b)
{
    int64_t one = ((const struct arrival *)a)->at_unix_ms;
    int64_t other = ((const struct arrival *)b)->at_unix_ms;

    return one < other ? -1 : one > other;
}

/* ---- the judge ---- */

static int
on_news(void *ctx, struct store_txn *txn, enum incident_news news,
    const struct incident_row *row, bool fresh, struct err *err)
{
    struct world *world = ctx;

    (void)txn;
    (void)fresh;
    (void)err;
    if (news == INCIDENT_NEWS_OPENED && strcmp(row->scope, "global") == 0)
        world->decided_unix_ms = world->now_unix_ms;
    return 0;
}

static int64_t
run(struct world *world, int64_t now_unix_ms)
{
    bool again = true;
    int64_t next = INT64_MAX;
    struct err err = {.msg = ""};

    world->now_unix_ms = now_unix_ms;
    for (int i = 0; i < world->scenario->agents; i++)
        must(watch_set_agent(world->watch,
                 &(const struct watch_agent){.agent = world->agents[i],
                     .region = (uint16_t)world->regions[i],
                     .last_heard_unix_ms = now_unix_ms},
                 &err),
            &err);
    while (again)
        must(watch_run(world->watch, world->txn, now_unix_ms, on_news, world,
                 &again, &next, &err),
            &err);
    return next;
}

static void
note(struct world *world, const struct arrival *arrival)
{
    struct raw_result result = {.agent = world->agents[arrival->agent],
        .region = (uint16_t)world->regions[arrival->agent]};
    enum raw_outcome outcome;
    struct err err = {.msg = ""};

    measure_init(&result.measure);
    result.measure.check_id = world->check;
    result.measure.ts_unix_ms = arrival->ts_unix_ms;
    result.measure.slot_unix_ms = arrival->slot_unix_ms;
    result.measure.attempt = (uint8_t)arrival->attempt;
    result.measure.family = FAMILY_V4;
    if (arrival->down) {
        result.measure.status = MEASURE_DOWN;
        result.measure.reason = REASON_CONNECT_TIMEOUT;
    }
    must(raw_add(world->txn, &result, 1, &outcome, &err), &err);
    must(watch_note(world->watch, world->txn, &result, false, &err), &err);
}

/* One outage from the slot on; gives how long it took. */
static int64_t
outage(struct world *world, int64_t slot_unix_ms)
{
    int64_t slot_ms = (int64_t)world->scenario->slot_s * 1000;
    int64_t next = INT64_MAX;

    world->outage_unix_ms =
        slot_unix_ms + OUTAGE_SLOT * slot_ms + below(slot_ms);
    world->decided_unix_ms = 0;
    world->count = 0;
    for (int slot = 0; slot < CYCLE_SLOTS; slot++) {
        for (int i = 0; i < world->scenario->agents; i++)
            probe(world, i, slot_unix_ms + slot * slot_ms);
    }
    qsort(world->arrivals, (size_t)world->count, sizeof(world->arrivals[0]),
        compare_arrivals);
    for (int i = 0; i < world->count; i++) {
        while (next < world->arrivals[i].at_unix_ms)
            next = run(world, next);
        note(world, &world->arrivals[i]);
        next = run(world, world->arrivals[i].at_unix_ms);
    }
    return world->decided_unix_ms - world->outage_unix_ms;
}

struct sums {
    int64_t took_ms[STORES * OUTAGES_EACH];
    size_t count;
    int64_t sum_ms;
};

static int
compare_spans(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a;
    int64_t other = *(const int64_t *)b;

    return one < other ? -1 : one > other;
}

/* Some outages in a store of their own, as no check has thousands of them. */
static void
play_some(const struct scenario *scenario, struct sums *sums)
{
    const int64_t base = INT64_C(1769904000000);
    struct world world = {.scenario = scenario, .check = check_id_of("v/c")};
    struct conf_history *history;
    void *tmp = NULL;
    struct err err = {.msg = ""};

    if (tmp_store_setup(&tmp) != 0)
        exit(1);
    world.txn = store_begin_write(((struct tmp_store *)tmp)->store, &err);
    must(world.txn == NULL, &err);
    name_agents(&world);
    history = configure(&world, base);
    world.watch = watch_new(world.txn, history, base, &err);
    must(world.watch == NULL, &err);
    for (int i = 0; i < OUTAGES_EACH; i++) {
        int64_t took_ms = outage(
            &world, base + (int64_t)i * CYCLE_SLOTS * scenario->slot_s * 1000);

        if (world.decided_unix_ms == 0) {
            (void)fprintf(stderr, "bench_detect: outage %d was missed\n", i);
            exit(1);
        }
        sums->sum_ms += took_ms;
        sums->took_ms[sums->count++] = took_ms;
    }
    watch_free(world.watch);
    conf_history_free(history);
    store_abort(world.txn);
    (void)tmp_store_teardown(&tmp);
}

static void
play(const struct scenario *scenario)
{
    struct sums sums = {0};

    for (int i = 0; i < STORES; i++)
        play_some(scenario, &sums);
    qsort(sums.took_ms, sums.count, sizeof(sums.took_ms[0]), compare_spans);
    (void)printf("%s\t%.1f\t%.1f\t%.1f\t%.1f\n", scenario->name,
        (double)sums.sum_ms / (double)sums.count / 1e3,
        (double)sums.took_ms[sums.count / 2] / 1e3,
        (double)sums.took_ms[sums.count * 95 / 100] / 1e3,
        (double)sums.took_ms[sums.count - 1] / 1e3);
    (void)fflush(stdout);
}

int
main(void)
{
    static const struct scenario scenarios[] = {
        {"T 30 s, 3 of 5, time out after 10 s", 30, 5, 10000},
        {"T 30 s, 3 of 5, refused", 30, 5, 1},
        {"T 60 s, 2 of 3, time out after 10 s", 60, 3, 10000},
        {"T 60 s, 2 of 3, refused", 60, 3, 1},
        {"T 10 s, 2 of 3, time out after 2 s", 10, 3, 2000},
        {"T 10 s, 2 of 3, refused", 10, 3, 1},
    };

    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        play(&scenarios[i]);
    return 0;
}
