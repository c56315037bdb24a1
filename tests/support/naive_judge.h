/*
 * naive_judge.h - the rules of judging once more, as simply as they can be
 * written, slow and sharing no code with the judge: what it is compared with.
 * All slots are over.
 */
#ifndef TESTS_NAIVE_JUDGE_H
#define TESTS_NAIVE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NAIVE_REGIONS = 4,
    NAIVE_AGENTS = 8,
    NAIVE_SLOTS = 1500,
    NAIVE_RESULTS = 60000,
    NAIVE_INCIDENTS = 1000,
    NAIVE_VERSIONS = 4,
    NAIVE_WINDOWS = 4
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
    /* Every day in Europe/Berlin, in minutes; -1: once, as above.  Both ends
     * are told of hours that come once. */
    int daily_from, daily_to;
    bool in_newest;   /* the others were taken back */
    int from_version; /* the first that has it */
};

struct naive_result {
    int agent;
    int region;
    int64_t slot_start_ms; /* the slot it belongs to */
    int64_t ts_ms;
    int attempt;
    int family; /* 4 or 6 */
    char what;  /* U S D E, or I: isolated D */
    int64_t total_us;
};

struct naive_slot {
    int64_t start_ms, end_ms;
    int version;
    /* 0: the whole, 1 + region; ' ' where the region was not in the version */
    char letter[1 + NAIVE_REGIONS];
    bool unconfirmed[1 + NAIVE_REGIONS];
    int expected;
    int first_result; /* in the sorted results */
    int result_count;
};

struct naive_incident {
    int scope;                             /* as above */
    int64_t start_ms, detected_ms, end_ms; /* 0: open */
    bool removed;
};

/* Milliseconds. */
struct naive_sums {
    int64_t up, partial, down, unknown, maint;
};

struct naive_world {
    int64_t base_ms; /* where it all begins */
    bool both;       /* families apart */
    struct naive_version versions[NAIVE_VERSIONS];
    int version_count;
    struct naive_window windows[NAIVE_WINDOWS];
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

/* Fills in verdicts and incidents.  Sorts the results. */
void naive_judge(struct naive_world *world);

/* One scope's slots, cut to [from, to). */
struct naive_sums naive_sum(
    const struct naive_world *world, int scope, int64_t from_ms, int64_t to_ms);

/* "MET" and so on; the target in millionths. */
const char *naive_sla(const struct naive_sums *sums, int64_t target);

/*
 * Totals in us of the last served attempt of each slot that begins in
 * [from, to), leg and agent, but for slots in maintenance; region -1: of all
 * that count.  Sorted; the caller frees them.  Failed ones go into *failed.
 */
int64_t *naive_totals(const struct naive_world *world, int region,
    int64_t from_ms, int64_t to_ms, size_t *count, size_t *failed);

#endif
