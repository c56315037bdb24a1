/*
 * probe_request.h - the words of `leadline probe` that say what is sent and
 * what is expected back, into a check.  Pure.
 */
#ifndef COLLECTOR_PROBE_REQUEST_H
#define COLLECTOR_PROBE_REQUEST_H

#include <jansson.h>

#include "check.h"
#include "err.h"

/*
 * --method, --header, --body, --expect-status, --expect-body,
 * --expect-redirect (kind http) and --expect (kind dns).  ERR_PARSE with a
 * sentence; the check is to be freed in any case.
 */
int probe_request_take(
    const json_t *args, struct check *check, struct err *err);

#endif
