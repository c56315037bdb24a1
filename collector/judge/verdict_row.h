/*
 * verdict_row.h - the verdicts of one hour's slots of one check under one
 * version of the configuration, as they are kept.
 *
 * Pure.  A slot belongs to the hour in which it begins.
 *
 *   key:   0..3 hour, seconds since 1970 | 4..7 check | 8..11 version
 *   value: format 1 | varints: T, begin of the first slot, slots | scopes |
 *          for each scope a tag, then the planes it names:
 *            tag bits 0..1 the verdict that all slots have, or bit 2: a plane
 *            of two bits a slot; bit 3: a plane of unconfirmed bits; bit 4: all
 *            are judged, or bit 5: a plane of judged bits
 *
 * Equal verdicts are equal bytes: decoding refuses any other form of them.
 */
#ifndef COLLECTOR_VERDICT_ROW_H
#define COLLECTOR_VERDICT_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "verdict.h"

enum {
    VERDICT_KEY_BYTES = 12,
    VERDICT_ROW_SLOTS_MAX = 722, /* 5 s in an hour, and cut ones */
    VERDICT_ROW_SCOPES_MAX = VERDICT_REGIONS_MAX + 1,
    VERDICT_ROW_MAX_BYTES = 64 * 1024
};

struct verdict_key {
    int64_t hour_unix_ms;
    uint32_t check;
    uint32_t version;
};

/* All-zero is an empty row. */
struct verdict_row {
    int64_t interval_ms;
    int64_t first_unix_ms; /* begin of the first slot, cut or not */
    size_t slots;
    size_t scopes;  /* the whole first, then the regions of the version */
    uint8_t *cells; /* owned; enum verdict_cell, scope by scope */
};

void verdict_key_encode(
    const struct verdict_key *key, uint8_t out[VERDICT_KEY_BYTES]);
int verdict_key_decode(
    struct bytes bytes, struct verdict_key *key, struct err *err);

/* Makes room for slots x scopes cells, all not judged. */
int verdict_row_init(
    struct verdict_row *row, size_t slots, size_t scopes, struct err *err);
void verdict_row_free(struct verdict_row *row);

/* Begin of slot `at`. */
int64_t verdict_row_slot(const struct verdict_row *row, size_t at);

/* Appends to `out`. */
int verdict_row_encode(
    const struct verdict_row *row, struct buf *out, struct err *err);

/* ERR_STATE for anything that is not a row; *row then needs no free. */
int verdict_row_decode(
    struct bytes bytes, struct verdict_row *row, struct err *err);

/* How many slots of a scope have each verdict, UP to UNKNOWN. */
struct verdict_counts {
    uint32_t of[VERDICT_UNKNOWN + 1];
};

/*
 * Counts an encoded row's verdicts scope by scope without making cells of
 * them; `row` gets all but cells, and needs no free.  1: counted, 0: not every
 * slot of every scope is judged; -1: ERR_STATE, it is not a row.
 */
int verdict_row_count(struct bytes bytes, struct verdict_row *row,
    struct verdict_counts counts[VERDICT_ROW_SCOPES_MAX], struct err *err);

#endif
