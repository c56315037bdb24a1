/*
 * naive_judge.h - the rules of semantics.md once more, as simply as they can
 * be written, slow and sharing no code with the judge: what it is compared
 * with.  All slots are over.
 */
#ifndef TESTS_NAIVE_JUDGE_H
#define TESTS_NAIVE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NAIVE_REGIONS = 4,
    NAIVE_AGENTS = 8,
    NAIVE_SLOTS = 400,
    NAIVE_RESULTS = 20000,
    NAIVE_INCIDENTS = 400
};

struct naive_version {
    int64_t since_ms;
    int64_t t_ms;
    int regions[NAIVE_REGIONS]; /* in order */
    int region_count;
    int quorum; /* 0: majority */
    int global_open, global_close, regional_open, regional_close; /* 0: not */
    bool paused;
    bool absent; /* the check is not in it */
};

struct naive_window {
    int64_t from_ms, to_ms;
    int region; /* -1: all */
};

struct naive_result {
    int agent;
    int region;
    int64_t slot_start_ms; /* the slot it belongs to */
    int64_t ts_ms;
    int attempt;
    int family; /* 4 or 6 */
    char what;  /* U S D E, or I: isolated D */
};

struct naive_slot {
    int64_t start_ms, end_ms;
    int version;
    /* 0: the whole, 1 + region; ' ' where the region was not in the version */
    char letter[1 + NAIVE_REGIONS];
    bool unconfirmed[1 + NAIVE_REGIONS];
    int expected;
};

struct naive_incident {
    int scope;                             /* as above */
    int64_t start_ms, detected_ms, end_ms; /* 0: open */
    bool removed;
};

struct naive_world {
    bool both; /* families apart */
    struct naive_version versions[3];
    int version_count;
    struct naive_window windows[4];
    int window_count;
    struct naive_result results[NAIVE_RESULTS];
    int result_count;
    int64_t end_ms; /* of what is looked at */
    /* filled by naive_slots() and naive_judge(): */
    struct naive_slot slots[NAIVE_SLOTS];
    int slot_count;
    struct naive_incident incidents[NAIVE_INCIDENTS];
    int incident_count;
};

/* Which slots there are; `first_ms` is any moment in the first one. */
void naive_slots(struct naive_world *world, int64_t first_ms);

/* Fills in verdicts and incidents. */
void naive_judge(struct naive_world *world);

#endif
