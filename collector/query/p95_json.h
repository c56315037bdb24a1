/*
 * p95_json.h - an answer of p95.h in the shape of the contract.
 */
#ifndef COLLECTOR_P95_JSON_H
#define COLLECTOR_P95_JSON_H

#include <jansson.h>

#include "p95.h"

/* New; NULL when memory is out. */
json_t *p95_to_json(const struct p95 *p95);

/*
 * The number with nine significant digits, as near as a double comes, so that
 * equal answers are equal text whatever prints them.
 */
double p95_round(double value);

#endif
