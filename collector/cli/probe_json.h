/*
 * probe_json.h - one measure as the object of `probe --json`.
 */
#ifndef COLLECTOR_PROBE_JSON_H
#define COLLECTOR_PROBE_JSON_H

#include <jansson.h>

#include "check.h"
#include "measure.h"

/* New; what is not known or does not apply is null.  `now_unix_ms` is for the
 * days that a certificate has left. */
json_t *probe_json(const char *target, const struct check *check,
    const struct measure *measure, int64_t now_unix_ms);

#endif
