/*
 * incident_row.h - incidents as they are kept, and their stable names.
 */
#ifndef COLLECTOR_INCIDENT_ROW_H
#define COLLECTOR_INCIDENT_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "store.h"

enum {
    INCIDENT_ID_BYTES = 9, /* eight letters and digits, NUL */
    INCIDENT_ALIASES_MAX = 8,
    INCIDENT_SCOPE_BYTES = 65
};

enum incident_state {
    INCIDENT_OPEN,
    INCIDENT_CLOSED,
    INCIDENT_WITHDRAWN, /* late results made it untrue */
    INCIDENT_REMOVED    /* its check is no longer configured */
};

struct incident_row {
    char id[INCIDENT_ID_BYTES]; /* without "INC-" */
    uint32_t check;
    char check_name[130];
    char scope[INCIDENT_SCOPE_BYTES]; /* "global" or a region's name */
    enum incident_state state;
    int64_t start_unix_ms;    /* begin of the first bad slot */
    int64_t detected_unix_ms; /* end of the slot that opened it */
    int64_t end_unix_ms;      /* 0: open */
    int64_t noticed_unix_ms;  /* wall time of the first judgement, once */
    bool late;                /* was over before it was first seen */
    bool imported;            /* from imported results: never told */
    uint8_t reason; /* enum measure_reason most of the first bad votes gave */
    char acked_by[65]; /* "" */
    int64_t acked_unix_ms;
    char aliases[INCIDENT_ALIASES_MAX][INCIDENT_ID_BYTES]; /* merged into it */
    uint8_t alias_count;
};

/*
 * Eight characters of Crockford's base 32 from SHA-256 of check, scope and
 * start.
 */
void incident_make_id(uint32_t check, const char *scope, int64_t start_unix_ms,
    char id[INCIDENT_ID_BYTES]);

/* Also renews it where its start moved.  Rows of its aliases go: they are it. */
int incident_put(
    struct store_txn *txn, const struct incident_row *row, struct err *err);
/* By id, alias or unique prefix, "INC-" in front or not.  1, 0 none, -1 err
 * (ERR_PARSE when a prefix fits several). */
int incident_get(struct store_txn *txn, const char *id,
    struct incident_row *row, struct err *err);
/*
 * ERR_STATE unless it is a row that incident_put() wrote, where its index says,
 * or an index to such a row.
 */
int incident_row_check(struct store_txn *txn, struct bytes key,
    struct bytes value, struct err *err);
typedef int incident_each_fn(
    void *ctx, const struct incident_row *row, struct err *err);
/* All that overlap [from, to), by start; check 0: of all checks, by check. */
int incident_each(struct store_txn *txn, uint32_t check, int64_t from_unix_ms,
    int64_t to_unix_ms, incident_each_fn *fn, void *ctx, struct err *err);

#endif
