/*
 * match.h - which of the incidents just computed are which of those stored.
 *
 * Pure.  An incident keeps the row that was stored first among those it
 * overlaps; rows that it overlaps besides become its aliases; a row that no
 * incident overlaps is not true any more.
 */
#ifndef COLLECTOR_MATCH_H
#define COLLECTOR_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "incident_row.h"
#include "run.h"

enum match_fate {
    MATCH_NONE,   /* no incident is what this row was */
    MATCH_KEEPER, /* it goes on as the incident's row */
    MATCH_ALIAS   /* it is merged into the incident's row */
};

struct match_row {
    struct incident_row row;
    enum match_fate fate;
    size_t found; /* which incident; unless fate is MATCH_NONE */
};

/* All rows are of the check that `found` is of; scopes may be mixed. */
void match_rows(const struct found *found, size_t count, struct match_row *rows,
    size_t row_count);

/* The keeper of an incident; NULL if it is new. */
struct match_row *match_keeper(
    struct match_row *rows, size_t row_count, size_t found);

/* Adds an id to a row's aliases; of too many the oldest is forgotten. */
void match_add_alias(struct incident_row *row, const char *id);

/* Adds a stored row, matched with nothing yet; the array grows by doubling. */
int match_rows_add(struct match_row **rows, size_t *count,
    const struct incident_row *row, struct err *err);

#endif
