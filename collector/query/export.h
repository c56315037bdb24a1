/*
 * export.h - single results as lines: what `export` and `results` print, and
 * `import` reads again.
 */
#ifndef COLLECTOR_EXPORT_H
#define COLLECTOR_EXPORT_H

#include <jansson.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "raw.h"
#include "store.h"

enum export_format { EXPORT_JSONL, EXPORT_CSV };

struct export_spec {
    uint32_t check;       /* 0: all */
    uint32_t region;      /* of the registry; 0: all */
    uint32_t agent;       /* the same */
    int64_t from_unix_ms; /* slots that begin in [from, to) */
    int64_t to_unix_ms;
    enum export_format format;
    bool headless;       /* CSV goes on: its first line has been told */
    int64_t now_unix_ms; /* for the days that a certificate has left */
};

/* A line without its newline, lent; 1 ends the export well, -1 with err. */
typedef int export_line_fn(void *ctx, const char *line, struct err *err);

/*
 * By half hour, check, region, agent, then ts, attempt and family.  CSV begins
 * with the names of its columns, and has no further facts.
 */
int export_lines(struct store_txn *txn, const struct conf_history *conf,
    const struct export_spec *spec, export_line_fn *fn, void *ctx,
    struct err *err);

/* One result with all that is known of it; new, NULL on failure. */
json_t *export_result(struct store_txn *txn, const struct conf_history *conf,
    const struct raw_result *result, int64_t now_unix_ms, struct err *err);

#endif
