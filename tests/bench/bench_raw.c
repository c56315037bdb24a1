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
#include "tmp_store.h"

enum {
    CHECKS = 200,
    AGENTS = 50,
    SLOTS = 60,
    SLOT_MS = 30000,
    BATCH_MAX = 10000,
    BACKLOG_MAX = 200000
};

static const int64_t t0_ms = 1700002800000;

static struct raw_result
make(uint32_t agent, uint32_t check, int slot)
{
    struct raw_result r = {.region = (uint16_t)(agent % 10 + 1),
        .agent = agent,
        .seq = (uint64_t)slot * CHECKS + check + 1,
        .spool = agent};
    int noise = (int)((check * 31 + (uint32_t)slot * 17 + agent) % 999);

    measure_init(&r.measure);
    r.measure.check_id = check * 2654435761U;
    r.measure.slot_unix_ms = t0_ms + (int64_t)slot * SLOT_MS;
    r.measure.ts_unix_ms = r.measure.slot_unix_ms + 100 * (check % 30);
    r.measure.family = FAMILY_V4;
    r.measure.http_status = 200;
    r.measure.phase_us[PHASE_DNS] = 812 + noise;
    r.measure.phase_us[PHASE_CONNECT] = 10233 + noise;
    r.measure.phase_us[PHASE_TLS] = 21877 + noise;
    r.measure.phase_us[PHASE_REQUEST] = 95;
    r.measure.phase_us[PHASE_WAIT] = 30112 + noise * 3;
    r.measure.phase_us[PHASE_TRANSFER] = 1203 + noise;
    r.measure.phase_us[PHASE_TOTAL] = 64332 + noise * 7;
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
    live(&feed, 1000, 0);
    live(&feed, BATCH_MAX, 1);
    feed.per_commit = 1000;
    backlog(&feed);
    return tmp_store_teardown(&state);
}
