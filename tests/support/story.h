/*
 * story.h - a random history of one check: versions of its configuration,
 * maintenance, what agents saw, and how results of it may come in.
 */
#ifndef TESTS_STORY_H
#define TESTS_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "naive_judge.h"

enum { STORY_TIMEOUT_MS = 2000 };

/* How many hours and slots there are, at the most. */
enum story_length { STORY_SHORT, STORY_HOUR, STORY_LONG };

struct story_arrival {
    int result;
    int64_t at_ms;
};

struct story {
    struct naive_world w; /* judged */
    uint64_t seed;
    int regions;
    int agents_each;
    /* Filled by story_arrivals(): */
    struct story_arrival arrivals[2 * NAIVE_RESULTS];
    int arrival_count;
    int64_t blind_from_ms; /* the collector is not there; both 0: it is */
    int64_t blind_to_ms;
};

int story_pick(struct story *story, int below);
bool story_one_in(struct story *story, int n);

void story_make(struct story *story, uint64_t seed, enum story_length length);

enum story_way {
    STORY_IN_TIME,
    STORY_WITH_DELAYS, /* late, doubled, ahead of time, a blind collector */
    STORY_AT_THE_END,  /* in any order, after all of it */
    STORY_WAYS
};
void story_arrivals(struct story *story, enum story_way way);

/* The configuration of one version; the check is called "v/c". */
void story_yaml(const struct story *story, int version, struct buf *yaml);

/* Versions and windows on stderr, for whoever looks at one seed. */
void story_describe(const struct story *story);

extern const char *const story_regions[NAIVE_REGIONS];

#endif
