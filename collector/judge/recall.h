/*
 * recall.h - what stored incidents tell of the state that a machine was in, so
 * that a run need not go back to where it is OK for sure.
 *
 * Pure.  Rows must be what the machines said of the slots that are run.
 */
#ifndef COLLECTOR_RECALL_H
#define COLLECTOR_RECALL_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "match.h"
#include "page.h"
#include "run.h"

struct recall {
    const struct match_row *rows; /* borrowed; of one check; any order */
    size_t count;
    int64_t closing_ms; /* from an incident's end to where it is closed */
};

/* At the longest, by any version. */
int64_t recall_closing_ms(const struct timeline *timeline);

/* After run_slot(): makes known what the slot and the rows tell. */
int recall_slot(const struct recall *recall, struct run *run,
    const struct page *page, size_t slot, struct found_list *list,
    struct err *err);

#endif
