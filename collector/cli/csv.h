/*
 * csv.h - answers as CSV (RFC 4180): a line of titles, then a line a row, in
 * the units of the JSON (µs, ratios, RFC 3339), nothing where that has null.
 *
 * Spreadsheets take a cell that begins with = + - @ for a formula: a text that
 * begins so, and may be a stranger's, gets an apostrophe before it.
 */
#ifndef COLLECTOR_CSV_H
#define COLLECTOR_CSV_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "err.h"

/* Whether answers to this query have a form as CSV. */
bool csv_has(const char *query);

/*
 * Writes the answer to a query of query.h; without the titles where it goes on
 * from another.
 */
int csv_put(FILE *out, const char *query, const json_t *answer, bool titles,
    struct err *err);

#endif
