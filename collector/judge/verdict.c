#include "verdict.h"

#include <string.h>

/* What a verdict may still become, as bits. */
enum { CAN_UP = 1, CAN_DOWN = 2, CAN_UNKNOWN = 4 };

char
verdict_letter(enum verdict verdict)
{
    static const char letters[] = "UPD?M.";

    return letters[verdict];
}

enum verdict
cell_region_verdict(uint8_t cell)
{
    if ((cell & CELL_JUDGED) == 0)
        return VERDICT_PENDING;
    if ((cell & CELL_UNCONFIRMED) != 0)
        return VERDICT_DOWN;
    return (enum verdict)(cell & CELL_VERDICT);
}

enum verdict
cell_whole_verdict(uint8_t cell)
{
    if ((cell & CELL_JUDGED) == 0)
        return VERDICT_PENDING;
    return (enum verdict)(cell & CELL_VERDICT);
}

bool
cell_is_unconfirmed(uint8_t cell)
{
    return (cell & CELL_UNCONFIRMED) != 0;
}

/* What a region's cell would say without unconfirmed votes. */
static enum verdict
bare_of_cell(uint8_t cell)
{
    if ((cell & CELL_UNCONFIRMED) == 0)
        return (enum verdict)(cell & CELL_VERDICT);
    return (cell & CELL_VERDICT) == VERDICT_DOWN ? VERDICT_UP : VERDICT_UNKNOWN;
}

static enum verdict
region_of(uint32_t up, uint32_t down)
{
    if (up + down == 0)
        return VERDICT_UNKNOWN;
    return down > up ? VERDICT_DOWN : VERDICT_UP;
}

enum verdict
verdict_global(uint32_t expected, uint32_t valid, uint32_t down, int32_t quorum)
{
    uint32_t need = valid / 2 + 1;

    if (expected == 0)
        return VERDICT_MAINT;
    if (valid == 0 || valid < (expected + 1) / 2)
        return VERDICT_UNKNOWN;
    if (quorum > 0)
        need = (uint32_t)quorum < valid ? (uint32_t)quorum : valid;
    if (down >= need)
        return VERDICT_DOWN;
    return down > 0 ? VERDICT_PARTIAL : VERDICT_UP;
}

/*
 * More down votes only ever move a region towards DOWN, so the extremes tell
 * what is possible.
 */
static unsigned
region_can(const struct tally *tally)
{
    uint32_t down = tally->down + tally->unconfirmed;
    uint32_t open = tally->pending + tally->missing;
    unsigned can = 0;

    if (tally->up + down + tally->pending == 0)
        can |= CAN_UNKNOWN;
    if (down + open > tally->up)
        can |= CAN_DOWN;
    if (tally->up + open >= down && tally->up + open + down > 0)
        can |= CAN_UP;
    return can;
}

static bool
is_single(unsigned can)
{
    return (can & (can - 1)) == 0;
}

uint8_t
verdict_region_cell(const struct tally *tally, bool closed)
{
    unsigned can = region_can(tally);
    enum verdict bare = region_of(tally->up, tally->down);
    uint8_t judged = CELL_JUDGED;

    if (!closed && (tally->expected == 0 || !is_single(can)))
        return 0;
    if (can == CAN_UP)
        return judged | VERDICT_UP;
    if (can != CAN_DOWN)
        return judged | VERDICT_UNKNOWN;
    if (bare == VERDICT_DOWN || tally->unconfirmed == 0)
        return judged | VERDICT_DOWN;
    judged |= CELL_UNCONFIRMED;
    return bare == VERDICT_UP ? judged | VERDICT_DOWN
                              : judged | VERDICT_PARTIAL;
}

/* Which pairs (regions that are valid, of these DOWN) may come out. */
struct pairs {
    uint64_t down[VERDICT_REGIONS_MAX + 1][2]; /* by valid: bits 0..64 */
};

static void
put_pair(struct pairs *pairs, size_t valid, const uint64_t *bits, bool down)
{
    uint64_t *to = pairs->down[valid];

    if (!down) {
        to[0] |= bits[0];
        to[1] |= bits[1];
        return;
    }
    to[0] |= bits[0] << 1;
    to[1] |= (bits[1] << 1) | (bits[0] >> 63);
}

/* Adds a region that can come out as `can` to the pairs of `done` others. */
static void
add_region(struct pairs *pairs, size_t done, unsigned can)
{
    struct pairs next;

    memset(&next, 0, sizeof(next));
    for (size_t valid = 0; valid <= done; valid++) {
        const uint64_t *bits = pairs->down[valid];

        if ((can & CAN_UNKNOWN) != 0)
            put_pair(&next, valid, bits, false);
        if ((can & CAN_UP) != 0)
            put_pair(&next, valid + 1, bits, false);
        if ((can & CAN_DOWN) != 0)
            put_pair(&next, valid + 1, bits, true);
    }
    *pairs = next;
}

/* Bits (1 << enum verdict) of what the whole can come out as. */
static unsigned
whole_can(const struct tally *tallies, size_t count, int32_t quorum)
{
    struct pairs pairs;
    unsigned can = 0;

    memset(&pairs, 0, sizeof(pairs));
    pairs.down[0][0] = 1;
    for (size_t i = 0; i < count; i++)
        add_region(&pairs, i, region_can(&tallies[i]));
    for (uint32_t valid = 0; valid <= count; valid++) {
        for (uint32_t down = 0; down <= valid; down++) {
            if ((pairs.down[valid][down / 64] >> (down % 64) & 1) != 0)
                can |=
                    1U << verdict_global((uint32_t)count, valid, down, quorum);
        }
    }
    return can;
}

/* The whole by the votes that count whatever comes. */
static enum verdict
bare_whole(const struct tally *tallies, size_t count, int32_t quorum)
{
    uint32_t valid = 0;
    uint32_t down = 0;

    for (size_t i = 0; i < count; i++) {
        enum verdict bare = region_of(tallies[i].up, tallies[i].down);

        valid += bare != VERDICT_UNKNOWN;
        down += bare == VERDICT_DOWN;
    }
    return verdict_global((uint32_t)count, valid, down, quorum);
}

static enum verdict
lowest_of(unsigned can)
{
    int verdict = VERDICT_UP;

    while ((can >> verdict & 1) == 0)
        verdict++;
    return (enum verdict)verdict;
}

static bool
any_unconfirmed(const struct tally *tallies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (tallies[i].unconfirmed > 0)
            return true;
    }
    return false;
}

uint8_t
verdict_whole_cell(
    const struct tally *tallies, size_t count, int32_t quorum, bool closed)
{
    uint32_t expected = 0;
    unsigned can;
    uint8_t cell;

    if (count == 0)
        return closed ? CELL_JUDGED | VERDICT_UNKNOWN : 0;
    for (size_t i = 0; i < count; i++)
        expected += tallies[i].expected;
    if (!closed && expected == 0)
        return 0;
    can = whole_can(tallies, count, quorum);
    if (!closed && !is_single(can))
        return 0;
    cell = (uint8_t)(CELL_JUDGED | lowest_of(can));
    if (can == 1U << VERDICT_DOWN && any_unconfirmed(tallies, count) &&
        bare_whole(tallies, count, quorum) != VERDICT_DOWN)
        cell |= CELL_UNCONFIRMED;
    return cell;
}

struct masked_whole
verdict_masked_whole(
    const uint8_t *cells, size_t count, uint64_t mask, int32_t quorum)
{
    struct masked_whole whole = {.verdict = VERDICT_PENDING};
    uint32_t valid = 0;
    uint32_t down = 0;
    uint32_t bare_valid = 0;
    uint32_t bare_down = 0;
    bool pending = false;

    for (size_t i = 0; i < count; i++) {
        enum verdict verdict = cell_region_verdict(cells[i]);
        enum verdict bare = bare_of_cell(cells[i]);

        if ((mask >> i & 1) != 0)
            continue;
        whole.expected++;
        pending = pending || verdict == VERDICT_PENDING;
        valid += verdict != VERDICT_UNKNOWN;
        down += verdict == VERDICT_DOWN;
        bare_valid += bare != VERDICT_UNKNOWN;
        bare_down += bare == VERDICT_DOWN;
    }
    if (pending)
        return whole;
    whole.verdict = verdict_global(whole.expected, valid, down, quorum);
    whole.unconfirmed = whole.verdict == VERDICT_DOWN &&
                        verdict_global(whole.expected, bare_valid, bare_down,
                            quorum) != VERDICT_DOWN;
    return whole;
}
