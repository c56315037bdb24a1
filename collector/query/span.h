/*
 * span.h - the range a question is about: --since, --from, --to, --month.
 */
#ifndef COLLECTOR_QUERY_SPAN_H
#define COLLECTOR_QUERY_SPAN_H

#include <jansson.h>
#include <stdint.h>

#include "err.h"

struct query_span {
    int64_t from_unix_ms;
    int64_t to_unix_ms;
};

/*
 * From the arguments "since" (a span before now), "from" and "to" (moments),
 * "month" (2026-11, of the time zone named); `default_ms` before now where
 * none is given, the running month where that is 0.  ERR_PARSE, also where two
 * of them contradict each other.
 */
int query_span_take(const json_t *args, int64_t default_ms,
    const char *timezone, int64_t now_unix_ms, struct query_span *span,
    struct err *err);

#endif
