/*
 * timeline.h - which slots a check has had and has, and by which version of
 * the configuration each is judged.
 *
 * Pure.  A timeline is a list of segments, each of one version; slots begin at
 * multiples of T, but for the first of a segment, which may be cut at the
 * front.  It borrows from the conf_history it was made of.
 */
#ifndef COLLECTOR_TIMELINE_H
#define COLLECTOR_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "measure.h"

#define TIMELINE_OPEN_END INT64_MAX
#define TIMELINE_NO_SLOT  INT64_MIN

enum { TIMELINE_HOUR_MS = 3600000, TIMELINE_GRACE_MS = 8000 };

struct timeline_segment {
    int64_t from_unix_ms; /* begin of its first slot */
    int64_t to_unix_ms;   /* end of its last; TIMELINE_OPEN_END */
    int64_t interval_ms;  /* T */
    int64_t timeout_ms;
    int32_t quorum;                 /* 0: majority */
    uint64_t version;               /* of the configuration */
    const struct config *config;    /* borrowed */
    const struct conf_check *check; /* borrowed */
};

struct timeline {
    uint32_t check;
    struct timeline_segment *segments; /* owned; in order, may have gaps */
    size_t count;
    int64_t longest_ms; /* of all intervals */
};

/*
 * `first_slot_unix_ms` is that of the first result, INT64_MAX if there is
 * none.  A check that was never configured has no segments.
 */
int timeline_make(const struct conf_history *history, uint32_t check,
    int64_t first_slot_unix_ms, struct timeline *timeline, struct err *err);
void timeline_free(struct timeline *timeline);

/* The segment whose slots cover that moment, or NULL. */
const struct timeline_segment *timeline_at(
    const struct timeline *timeline, int64_t unix_ms);

/* The segment at that moment or the next one after it, or NULL. */
const struct timeline_segment *timeline_from(
    const struct timeline *timeline, int64_t unix_ms);

/* Of the slot that covers a moment of the segment. */
int64_t timeline_slot_start(
    const struct timeline_segment *segment, int64_t unix_ms);
/* The same of any moment; where no slot covers it, the moment. */
int64_t timeline_slot_at(const struct timeline *timeline, int64_t unix_ms);
int64_t timeline_slot_end(
    const struct timeline_segment *segment, int64_t unix_ms);

/* When the slot that ends then is judged at the latest. */
int64_t timeline_deadline(
    const struct timeline_segment *segment, int64_t slot_end_unix_ms);

/* From a slot's begin to its deadline, at the longest. */
int64_t timeline_reach_ms(const struct timeline *timeline);

/* Start of the slot that a result belongs to, or TIMELINE_NO_SLOT. */
int64_t timeline_place(
    const struct timeline *timeline, const struct measure *measure);

/* Results of slots from here on may be stamped with slots this far back. */
int64_t timeline_stamps_from(
    const struct timeline *timeline, int64_t slot_start_unix_ms);

/* unix_ms down to a multiple of `step_ms`. */
int64_t timeline_floor(int64_t unix_ms, int64_t step_ms);

#endif
