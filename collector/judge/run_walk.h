/*
 * run_walk.h - runs a check's incident machines over a span of its pages, from
 * far enough back that their state is known.
 */
#ifndef COLLECTOR_RUN_WALK_H
#define COLLECTOR_RUN_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "match.h"
#include "pages.h"
#include "run.h"

/* All-zero but for pages (its span does not matter) is one that may begin. */
struct run_walk {
    struct pages_query pages;
    struct run run;
    struct found_list found; /* owned */
    struct run saved;        /* before the first slot that may still change */
    bool is_saved;
    int64_t saved_unix_ms;
    struct match_row *rows; /* owned; stored incidents that may tell of it */
    size_t row_count;
    /* Private: pages hold more, slots that begin in here are run. */
    int64_t from_unix_ms;
    int64_t to_unix_ms;
};

void run_walk_free(struct run_walk *walk);

/* Goes on over the slots that begin in [from, to). */
int run_walk_span(struct run_walk *walk, int64_t from_unix_ms,
    int64_t to_unix_ms, struct err *err);

/*
 * Goes back until each scope's machine is known where verdicts changed, or
 * until no verdicts are kept, and runs from there to now.  Stored incidents
 * must be right for what was before `changed_unix_ms`, the start of a slot.
 */
int run_walk_from_before(
    struct run_walk *walk, int64_t changed_unix_ms, struct err *err);

/* Runs over all verdicts that are kept, and looks at no stored incident. */
int run_walk_all(struct run_walk *walk, struct err *err);

#endif
