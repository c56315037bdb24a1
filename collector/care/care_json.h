/*
 * care_json.h - what a backup and a verification say as JSON.
 */
#ifndef COLLECTOR_CARE_JSON_H
#define COLLECTOR_CARE_JSON_H

#include <jansson.h>

#include "backup.h"
#include "verify.h"

/* Differences that are told one by one; all are counted. */
enum { CARE_JSON_FOUND_MAX = 1000 };

/* {"path", "bytes", "removed"}; NULL: no memory. */
json_t *backup_to_json(const struct backup_made *made);

/* Appends {"table", "what"} unless there are enough; -1: no memory. */
int verify_add_finding(
    json_t *found, const struct verify_finding *finding, struct err *err);

/* `found` is borrowed.  NULL: no memory. */
json_t *verify_to_json(const struct verify_counts *counts, json_t *found);

#endif
