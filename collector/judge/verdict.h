/*
 * verdict.h - from counted votes to a region's verdict, and from the regions'
 * to the whole's; and whether votes that are still missing could change it.
 *
 * Pure.  The rules are those of semantics.md, "Slots and votes".
 */
#ifndef COLLECTOR_VERDICT_H
#define COLLECTOR_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters are those that sla --verdicts prints. */
enum verdict {
    VERDICT_UP,
    VERDICT_PARTIAL, /* the whole only */
    VERDICT_DOWN,
    VERDICT_UNKNOWN,
    VERDICT_MAINT,
    VERDICT_PENDING /* not judged yet: in no sum */
};

char verdict_letter(enum verdict verdict); /* U P D ? M . */

enum { VERDICT_REGIONS_MAX = 64 };

/* One region's votes in one slot. */
struct tally {
    uint32_t up;
    uint32_t down;        /* confirmed, or of a kind that needs it not */
    uint32_t unconfirmed; /* down by attempt 0 alone, and it counts */
    uint32_t pending;     /* will be up or down */
    uint32_t missing;     /* of expected agents: up, down or none */
    uint32_t expected;    /* agents of which an answer is expected */
};

/*
 * One scope's verdict in one slot, in the four bits that rows keep.  A cell
 * that is not judged is 0.  CELL_UNCONFIRMED says that the scope is DOWN only
 * through votes that no second attempt has confirmed.  A region is never
 * PARTIAL: there, PARTIAL with CELL_UNCONFIRMED stands for DOWN that would be
 * UNKNOWN without those votes (DOWN with it: would be UP), which is what the
 * whole needs when it is computed anew.
 */
enum verdict_cell {
    CELL_VERDICT = 3, /* enum verdict up to UNKNOWN */
    CELL_UNCONFIRMED = 4,
    CELL_JUDGED = 8
};

/* What a region's cell says; PENDING if it is not judged. */
enum verdict cell_region_verdict(uint8_t cell);
enum verdict cell_whole_verdict(uint8_t cell);
bool cell_is_unconfirmed(uint8_t cell);

/*
 * The rule of the whole: `expected` regions, of which `valid` are UP or DOWN
 * and `down` are DOWN; `quorum` 0 is the majority.
 */
enum verdict verdict_global(
    uint32_t expected, uint32_t valid, uint32_t down, int32_t quorum);

/*
 * Not judged while the missing votes can change it, or while nobody is
 * expected; `closed` says that the slot's deadline has passed.
 */
uint8_t verdict_region_cell(const struct tally *tally, bool closed);
uint8_t verdict_whole_cell(
    const struct tally *tallies, size_t count, int32_t quorum, bool closed);

struct masked_whole {
    enum verdict verdict; /* PENDING while a region that counts is */
    bool unconfirmed;
    uint32_t expected; /* regions that are not masked */
};

/* The whole from the cells of its regions; bit i of `mask` leaves i out. */
struct masked_whole verdict_masked_whole(
    const uint8_t *cells, size_t count, uint64_t mask, int32_t quorum);

#endif
