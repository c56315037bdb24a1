/*
 * judge_world.h - a store with a configuration and results, for tests of the
 * judge.
 */
#ifndef TESTS_JUDGE_WORLD_H
#define TESTS_JUDGE_WORLD_H

#include "conf_history.h"
#include "ladder.h"
#include "measure.h"
#include "raw.h"
#include "store.h"
#include "watch.h"

struct judge_world {
    struct store *store;       /* borrowed */
    struct conf_history *conf; /* owned; newest state */
    int64_t first_slot_unix_ms;
};

void judge_world_init(struct judge_world *world, struct store *store);
void judge_world_free(struct judge_world *world);

/* Records a configuration; fails the test where it has mistakes. */
void judge_world_configure(
    struct judge_world *world, const char *yaml, int64_t since_unix_ms);

/* What a test says of a result. */
struct world_result {
    const char *check;
    const char *region;
    const char *agent;
    int64_t ts_unix_ms;
    int64_t slot_unix_ms;
    uint8_t attempt;
    uint8_t family;
    enum measure_status status;
    bool isolated;
};

/* With numbers from the registry, made where needed. */
struct raw_result judge_world_result(struct judge_world *world,
    struct store_txn *txn, const struct world_result *said);

/* Adds to raw, and to the check's first slot; `watch` NULL: nobody is told. */
void judge_world_add(struct judge_world *world, struct store_txn *txn,
    const struct raw_result *result, struct watch *watch, bool imported);

/* Runs the watch until there is nothing more to do at that moment; `fn` NULL:
 * nobody is told. */
void judge_world_run(struct watch *watch, struct store_txn *txn,
    int64_t now_unix_ms, watch_news_fn *fn, void *ctx);

/* The same, telling nobody, and what is over is rolled up. */
void judge_world_pass(struct judge_world *world, struct watch *watch,
    struct ladder *ladder, struct store_txn *txn, int64_t now_unix_ms);

#endif
