/*
 * telling.h - a story as a watch takes it: turn by turn, with restarts, lost
 * transactions and a collector that is away for a while.
 */
#ifndef TESTS_TELLING_H
#define TESTS_TELLING_H

#include <stdbool.h>
#include <stdint.h>

#include "judge_world.h"
#include "ladder.h"
#include "story.h"

#define TELLING_CHECK "v/c"

struct telling {
    struct story *story; /* borrowed */
    const struct naive_world *w;
    struct judge_world world;
    struct ladder *ladder;
    struct watch *watch;
    uint32_t agents[NAIVE_AGENTS]; /* registry numbers */
    uint32_t regions[NAIVE_REGIONS];
    int configured; /* versions recorded so far */
    bool is_configured_next;
    bool is_blind_next;
    int64_t now_ms;
    int news;
    /* Looks at any moment; may write nothing. */
    void (*look)(struct telling *telling, struct store_txn *txn);
};

/* `store` is empty.  The story's arrivals are made. */
void telling_init(
    struct telling *telling, struct story *story, struct store *store);
void telling_free(struct telling *telling);

/* All of it, and until there is nothing more to do. */
void telling_run(struct telling *telling);

#endif
