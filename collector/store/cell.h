/*
 * cell.h - what an hour or a day of one check in one region comes to: counts,
 * sums, and histograms of the figures that its kind exists for: pure.
 *
 * A cell does not know maintenance: it counts every slot.  Adding cells is
 * exact, and equal sets of legs make equal bytes, whatever their order.
 */
#ifndef COLLECTOR_CELL_H
#define COLLECTOR_CELL_H

#include <stdint.h>

#include "buf.h"
#include "check.h"
#include "err.h"
#include "hist.h"
#include "leg.h"
#include "measure.h"

enum { CELL_ROW_MAX_BYTES = 2000, CELL_ROOM_BYTES = 256 * 1024 };

/* Of the last served attempts that reached the phase. */
struct cell_phase {
    uint64_t count;
    uint64_t sum_us;
    int64_t max_us;
    struct hist *hist; /* owned; NULL where the kind has none, or count is 0 */
};

struct cell {
    uint64_t
        statuses[MEASURE_STATUS_COUNT]; /* legs that end so, isolated not */
    uint64_t isolated;
    uint64_t reasons[REASON_COUNT]; /* of the legs that end `down` */
    struct cell_phase phases[PHASE_COUNT];
    uint16_t figures; /* of a cell that was read: phases that have histograms,
                         whether these were wanted or not */
};

/* All zero is an empty cell, too. */
void cell_init(struct cell *cell);
void cell_free(struct cell *cell);

/* Which phases have histograms: bit (1 << enum phase). */
uint16_t cell_figures(enum check_kind kind);

int cell_add_leg(struct cell *cell, uint16_t figures, const struct leg *leg,
    struct err *err);
int cell_merge(struct cell *to, const struct cell *from, struct err *err);

/* The whole cell in one row. */
int cell_encode(const struct cell *cell, struct buf *out, struct err *err);

/*
 * The same in several: a head without histograms, and one row for each phase
 * that has one.
 */
int cell_encode_head(const struct cell *cell, struct buf *out, struct err *err);
int cell_encode_figure(const struct cell *cell, enum phase phase,
    struct buf *out, struct err *err);

/*
 * Reads a whole cell, or a head; then *missing has the bits of the phases
 * whose histograms stand in rows of their own.  `cell` must be empty.  Unknown
 * flags are refused: ERR_STATE; what was read is still the caller's to free.
 */
int cell_decode(
    struct bytes row, struct cell *cell, uint16_t *missing, struct err *err);
/* The same, but goes over histograms of phases that are not `wanted`. */
int cell_decode_some(struct bytes row, uint16_t wanted, struct cell *cell,
    uint16_t *missing, struct err *err);
/* Adds a histogram from a row of its own to the cell whose head was read. */
int cell_decode_figure(
    struct bytes row, struct cell *cell, enum phase phase, struct err *err);

#endif
