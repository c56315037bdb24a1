/*
 * bench_raw - how many results a second raw_add() takes on one core, commits
 * with fsync and all.
 *
 * live: each result of a slot goes to another chunk, from many agents.
 * backlog: agents send what they held back, in order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "raw.h"
#include "raw_seal.h"
#include "tmp_store.h"

enum {
    CHECKS = 200,
    AGENTS = 50,
    SLOTS = 60,
    SLOT_MS = 30000,
    SIZED_AGENTS = 10,
    BATCH_MAX = 10000,
    BACKLOG_MAX = 200000
};

static const int64_t t0_ms = 1700002800000;

static const int64_t typical_us[PHASE_COUNT] = {
    [PHASE_DNS] = 812,
    [PHASE_CONNECT] = 10233,
    [PHASE_TLS] = 21877,
    [PHASE_REQUEST] = 95,
    [PHASE_WAIT] = 30112,
    [PHASE_TRANSFER] = 1203,
};

static struct raw_result
make(uint32_t agent, uint32_t check, int slot)
{
    struct raw_result r = {.region = (uint16_t)(agent % 10 + 1),
        .agent = agent,
        .seq = (uint64_t)slot * CHECKS + check + 1,
        .spool = agent};
    /* Each phase varies by a third, on its own. */
    uint64_t noise = (check * UINT64_C(0x9E3779B97F4A7C15)) ^
                     ((uint64_t)slot * UINT64_C(0xBF58476D1CE4E5B9)) ^
                     (agent * UINT64_C(0x94D049BB133111EB));
    int64_t total_us = 0;

    measure_init(&r.measure);
    r.measure.check_id = check * 2654435761U;
    r.measure.slot_unix_ms = t0_ms + (int64_t)slot * SLOT_MS;
    r.measure.ts_unix_ms = r.measure.slot_unix_ms + 100 * (check % 30);
    r.measure.family = FAMILY_V4;
    r.measure.http_status = 200;
    for (int p = 0; p < PHASE_COUNT; p++) {
        noise = (noise ^ noise >> 31) * UINT64_C(0x94D049BB133111EB);
        if (typical_us[p] == 0)
            continue;
        r.measure.phase_us[p] =
            typical_us[p] + (int64_t)(noise >> 40) % (typical_us[p] / 3 + 1);
        total_us += r.measure.phase_us[p];
    }
    r.measure.phase_us[PHASE_TOTAL] = total_us + (int64_t)(noise >> 60);
    return r;
}

static void
die(const struct err *err)
{
    (void)fprintf(stderr, "%s\n", err->msg);
    exit(3);
}

struct feed {
    struct store *store;
    struct raw_result batch[BATCH_MAX];
    enum raw_outcome outcomes[BATCH_MAX];
    size_t held;
    size_t per_commit;
    size_t in_all;
};

static void
commit(struct feed *feed)
{
    struct err err;
    struct store_txn *txn = store_begin_write(feed->store, &err);

    if (txn == NULL ||
        raw_add(txn, feed->batch, feed->held, feed->outcomes, &err) != 0 ||
        store_commit(txn, &err) != 0)
        die(&err);
    feed->in_all += feed->held;
    feed->held = 0;
}

static void
give(struct feed *feed, struct raw_result r)
{
    feed->batch[feed->held++] = r;
    if (feed->held == feed->per_commit)
        commit(feed);
}

static void
report(const char *shape, const struct feed *feed, int64_t began_ns)
{
    double s = (double)(clock_mono_ns() - began_ns) / 1e9;

    (void)printf("%-8s %6zu a commit: %8zu results in %6.2f s: %8.0f/s\n",
        shape, feed->per_commit, feed->in_all, s, (double)feed->in_all / s);
}

/*
 * A slot of all checks and agents, then the next.  Starts a day later each
 * time, so that no chunk is there yet.
 */
static void
live(struct feed *feed, size_t per_commit, int day)
{
    int64_t began_ns = clock_mono_ns();
    int first_slot = day * (86400000 / SLOT_MS);

    feed->per_commit = per_commit;

    feed->in_all = 0;
    for (int slot = 0; slot < SLOTS; slot++) {
        for (uint32_t agent = 1; agent <= AGENTS; agent++) {
            for (uint32_t check = 0; check < CHECKS; check++)
                give(feed, make(agent, check, first_slot + slot));
        }
    }
    report("live", feed, began_ns);
}

/* What the raw table takes a result, in whole pages. */
static double
bytes_a_result(struct feed *feed, size_t results)
{
    struct err err;
    struct store_txn *txn = store_begin_read(feed->store, &err);
    struct store_size size;

    if (txn == NULL || store_table_size(txn, STORE_RAW, &size, &err) != 0)
        die(&err);
    store_abort(txn);
    return (double)size.bytes / (double)results;
}

/* As the ladder does, check by check, when the hours are over. */
static void
seal_all(struct feed *feed, int64_t from_ms, int64_t to_ms)
{
    struct err err;

    for (int64_t hour = from_ms - from_ms % 3600000; hour < to_ms;
         hour += 3600000) {
        struct store_txn *txn = store_begin_write(feed->store, &err);

        if (txn == NULL)
            die(&err);
        for (uint32_t check = 0; check < CHECKS; check++) {
            if (raw_seal_hour(txn, check * 2654435761U, hour, &err) != 0)
                die(&err);
        }
        if (store_commit(txn, &err) != 0)
            die(&err);
    }
}

/*
 * Two hours of live traffic at 30 s, all phases in us: the target is 24 bytes
 * a result once its chunk is closed.
 */
static void
sizes(struct feed *feed)
{
    int first_slot = 3 * (86400000 / SLOT_MS);
    int slots = 2 * 3600000 / SLOT_MS;
    size_t results = (size_t)slots * SIZED_AGENTS * CHECKS;
    int64_t from_ms = t0_ms + (int64_t)first_slot * SLOT_MS;
    double open_bytes;
    int64_t began_ns;

    feed->per_commit = 1000;
    for (int slot = first_slot; slot < first_slot + slots; slot++) {
        for (uint32_t agent = 1; agent <= SIZED_AGENTS; agent++) {
            for (uint32_t check = 0; check < CHECKS; check++)
                give(feed, make(agent, check, slot));
        }
    }
    open_bytes = bytes_a_result(feed, results);
    began_ns = clock_mono_ns();
    seal_all(feed, from_ms, from_ms + (int64_t)slots * SLOT_MS);
    (void)printf("raw: %.1f bytes a result while open, %.1f once closed (aim: "
                 "at most 24); closing %.0f results/ms\n",
        open_bytes, bytes_a_result(feed, results),
        (double)results * 1e6 / (double)(clock_mono_ns() - began_ns));
}

/* Batches of one agent: some slots of all its checks, in order. */
static void
backlog(struct feed *feed)
{
    int64_t began_ns = clock_mono_ns();

    feed->in_all = 0;
    for (uint32_t agent = AGENTS + 1; feed->in_all < BACKLOG_MAX; agent++) {
        for (int slot = 0; slot < 10 * SLOTS; slot++) {
            for (uint32_t check = 0; check < CHECKS; check++)
                give(feed, make(agent, check, slot));
        }
    }
    report("backlog", feed, began_ns);
}

int
main(void)
{
    static struct feed feed;
    void *state;

    if (tmp_store_setup_sized(&state, (size_t)2 << 30) != 0)
        return 3;
    feed.store = ((struct tmp_store *)state)->store;
    sizes(&feed); /* first, while the table holds nothing else */
    live(&feed, 1000, 0);
    live(&feed, BATCH_MAX, 1);
    feed.per_commit = 1000;
    backlog(&feed);
    return tmp_store_teardown(&state);
}
