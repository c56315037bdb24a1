#include "verdict.h"

#include <stdlib.h>

#include "cm.h"

static void
more_than_half_of_the_votes_make_a_region_down(void **state)
{
    static const struct {
        uint32_t up, down;
        enum verdict expect;
    } rows[] = {
        {0, 0, VERDICT_UNKNOWN},
        {1, 0, VERDICT_UP},
        {0, 1, VERDICT_DOWN},
        {1, 1, VERDICT_UP}, /* a tie is UP */
        {1, 2, VERDICT_DOWN},
        {2, 2, VERDICT_UP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tally tally = {.up = rows[i].up, .down = rows[i].down};

        assert_int_equal(cell_region_verdict(verdict_region_cell(&tally, true)),
            rows[i].expect);
    }
}

static void
the_whole_follows_the_quorum(void **state)
{
    static const struct {
        uint32_t expected, valid, down;
        int32_t quorum;
        enum verdict expect;
    } rows[] = {
        {0, 0, 0, 0, VERDICT_MAINT},
        {3, 0, 0, 0, VERDICT_UNKNOWN},
        {3, 1, 1, 0, VERDICT_UNKNOWN}, /* 1 < ceil(3/2) */
        {3, 2, 1, 0, VERDICT_PARTIAL},
        {3, 2, 2, 0, VERDICT_DOWN},
        {3, 3, 1, 0, VERDICT_PARTIAL},
        {3, 3, 2, 0, VERDICT_DOWN},
        {3, 3, 0, 0, VERDICT_UP},
        {2, 1, 1, 0, VERDICT_DOWN}, /* 1 >= ceil(2/2), q = 1 */
        {4, 4, 2, 0, VERDICT_PARTIAL},
        {4, 2, 2, 0, VERDICT_DOWN},
        {5, 5, 1, 1, VERDICT_DOWN},
        {5, 3, 3, 4, VERDICT_DOWN}, /* min(4, 3) */
        {5, 5, 3, 4, VERDICT_PARTIAL},
        {1, 1, 1, 0, VERDICT_DOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum verdict got = verdict_global(
            rows[i].expected, rows[i].valid, rows[i].down, rows[i].quorum);

        if (got != rows[i].expect)
            fail_msg("row %zu: %c", i, verdict_letter(got));
    }
}

/* One open vote set to up, down or none (if it may). */
struct open_vote {
    size_t region;
    bool may_be_none;
};

struct search {
    struct tally tallies[4];
    size_t count;
    struct open_vote open[10];
    size_t open_count;
    int32_t quorum;
};

static unsigned
naive_region(const struct tally *tally)
{
    if (tally->up + tally->down == 0)
        return VERDICT_UNKNOWN;
    return 2 * tally->down > tally->up + tally->down ? VERDICT_DOWN
                                                     : VERDICT_UP;
}

static unsigned
naive_whole(const struct search *s)
{
    uint32_t valid = 0;
    uint32_t down = 0;

    for (size_t i = 0; i < s->count; i++) {
        valid += naive_region(&s->tallies[i]) != VERDICT_UNKNOWN;
        down += naive_region(&s->tallies[i]) == VERDICT_DOWN;
    }
    return verdict_global((uint32_t)s->count, valid, down, s->quorum);
}

/* Tries every way the open votes from `at` on can fall; bits of the whole. */
static unsigned
outcomes(struct search *s, size_t at)
{
    struct tally *tally;
    unsigned can = 0;

    if (at == s->open_count)
        return 1U << naive_whole(s);
    tally = &s->tallies[s->open[at].region];
    tally->up++;
    can |= outcomes(s, at + 1);
    tally->up--;
    tally->down++;
    can |= outcomes(s, at + 1);
    tally->down--;
    if (s->open[at].may_be_none)
        can |= outcomes(s, at + 1);
    return can;
}

static uint32_t
pick(unsigned *seed, uint32_t below)
{
    *seed = *seed * 1103515245U + 12345U;
    return *seed >> 16 & 0x7fff ? (*seed >> 16 & 0x7fff) % below : 0;
}

static struct search
any_search(unsigned *seed, struct tally *asked)
{
    struct search s = {.count = 1 + pick(seed, 4)};

    s.quorum = (int32_t)pick(seed, 4);
    for (size_t i = 0; i < s.count; i++) {
        asked[i] = (struct tally){.up = pick(seed, 3),
            .down = pick(seed, 3),
            .pending = pick(seed, 2),
            .missing = pick(seed, 2),
            .expected = 1};
        s.tallies[i] = (struct tally){.up = asked[i].up, .down = asked[i].down};
        for (uint32_t k = 0; k < asked[i].pending + asked[i].missing; k++)
            s.open[s.open_count++] =
                (struct open_vote){i, k >= asked[i].pending};
    }
    return s;
}

static void
early_judging_is_what_trying_every_outcome_says(void **state)
{
    unsigned seed = 7;
    int decided = 0;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct tally asked[4];
        struct search s = any_search(&seed, asked);
        unsigned can = outcomes(&s, 0);
        uint8_t cell = verdict_whole_cell(asked, s.count, s.quorum, false);
        bool single = (can & (can - 1)) == 0;

        if ((cell != 0) != single)
            fail_msg("round %d: judged %d, outcomes %x", round, cell, can);
        if (single)
            assert_int_equal(1U << cell_whole_verdict(cell), can);
        decided += single;
    }
    assert_true(decided > 1000 && decided < 19000);
}

static void
a_region_is_judged_when_the_missing_cannot_change_it(void **state)
{
    static const struct {
        struct tally tally;
        enum verdict expect;
    } rows[] = {
        {{.up = 2, .missing = 1, .expected = 3}, VERDICT_UP},
        {{.up = 1, .missing = 1, .expected = 2}, VERDICT_UP}, /* tie at worst */
        {{.up = 1, .missing = 2, .expected = 3}, VERDICT_PENDING},
        {{.down = 2, .missing = 1, .expected = 3}, VERDICT_DOWN},
        {{.down = 1, .missing = 1, .expected = 2}, VERDICT_PENDING},
        {{.missing = 1, .expected = 1}, VERDICT_PENDING},
        {{.pending = 1, .expected = 1}, VERDICT_PENDING},
        {{.expected = 1}, VERDICT_UNKNOWN}, /* it answered, without a vote */
        {{.up = 3, .expected = 0}, VERDICT_PENDING}, /* nobody expected */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum verdict got =
            cell_region_verdict(verdict_region_cell(&rows[i].tally, false));

        if (got != rows[i].expect)
            fail_msg("row %zu: %c", i, verdict_letter(got));
    }
}

static void
down_only_by_unconfirmed_votes_is_marked(void **state)
{
    const struct tally alone = {.unconfirmed = 1};
    const struct tally tied = {.up = 1, .down = 1, .unconfirmed = 1};
    const struct tally sure = {.down = 1, .unconfirmed = 1};
    const struct tally up = {.up = 2, .unconfirmed = 1};

    (void)state;
    assert_int_equal(
        cell_region_verdict(verdict_region_cell(&alone, true)), VERDICT_DOWN);
    assert_true(cell_is_unconfirmed(verdict_region_cell(&alone, true)));
    assert_int_equal(
        cell_region_verdict(verdict_region_cell(&tied, true)), VERDICT_DOWN);
    assert_true(cell_is_unconfirmed(verdict_region_cell(&tied, true)));
    assert_int_equal(
        cell_region_verdict(verdict_region_cell(&sure, true)), VERDICT_DOWN);
    assert_false(cell_is_unconfirmed(verdict_region_cell(&sure, true)));
    assert_false(cell_is_unconfirmed(verdict_region_cell(&up, true)));
}

/* Closed, so nothing is pending or missing. */
static void
the_whole_from_cells_is_the_whole_from_votes(void **state)
{
    unsigned seed = 99;
    int marked = 0;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct tally tallies[5];
        uint8_t cells[5];
        size_t count = 1 + pick(&seed, 5);
        int32_t quorum = (int32_t)pick(&seed, 4);
        struct masked_whole whole;
        uint8_t cell;

        for (size_t i = 0; i < count; i++) {
            tallies[i] = (struct tally){.up = pick(&seed, 3),
                .down = pick(&seed, 3),
                .unconfirmed = pick(&seed, 3)};
            cells[i] = verdict_region_cell(&tallies[i], true);
        }
        cell = verdict_whole_cell(tallies, count, quorum, true);
        whole = verdict_masked_whole(cells, count, 0, quorum);
        assert_int_equal(whole.verdict, cell_whole_verdict(cell));
        assert_int_equal(whole.unconfirmed, cell_is_unconfirmed(cell));
        marked += whole.unconfirmed;
    }
    assert_true(marked > 100);
}

static void
a_masked_region_is_not_expected(void **state)
{
    const uint8_t cells[3] = {CELL_JUDGED | VERDICT_DOWN,
        CELL_JUDGED | VERDICT_UP, CELL_JUDGED | VERDICT_DOWN};
    const uint8_t open[2] = {CELL_JUDGED | VERDICT_UP, 0};
    struct masked_whole whole;

    (void)state;
    assert_int_equal(
        verdict_masked_whole(cells, 3, 0, 0).verdict, VERDICT_DOWN);
    whole = verdict_masked_whole(cells, 3, 1, 0);
    assert_int_equal(whole.verdict, VERDICT_PARTIAL);
    assert_int_equal(whole.expected, 2);
    assert_int_equal(verdict_masked_whole(cells, 3, 5, 0).verdict, VERDICT_UP);
    assert_int_equal(
        verdict_masked_whole(cells, 3, 7, 0).verdict, VERDICT_MAINT);
    assert_int_equal(
        verdict_masked_whole(open, 2, 0, 0).verdict, VERDICT_PENDING);
    assert_int_equal(verdict_masked_whole(open, 2, 2, 0).verdict, VERDICT_UP);
}

static void
sixty_four_regions_fit(void **state)
{
    struct tally tallies[VERDICT_REGIONS_MAX];

    (void)state;
    for (size_t i = 0; i < VERDICT_REGIONS_MAX; i++)
        tallies[i] = (struct tally){.down = 1, .expected = 1};
    assert_int_equal(cell_whole_verdict(verdict_whole_cell(
                         tallies, VERDICT_REGIONS_MAX, 0, false)),
        VERDICT_DOWN);
    tallies[63] = (struct tally){.missing = 1, .expected = 1};
    assert_int_equal(cell_whole_verdict(verdict_whole_cell(
                         tallies, VERDICT_REGIONS_MAX, 64, false)),
        VERDICT_PENDING);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_half_of_the_votes_make_a_region_down),
        cmocka_unit_test(the_whole_follows_the_quorum),
        cmocka_unit_test(early_judging_is_what_trying_every_outcome_says),
        cmocka_unit_test(a_region_is_judged_when_the_missing_cannot_change_it),
        cmocka_unit_test(down_only_by_unconfirmed_votes_is_marked),
        cmocka_unit_test(the_whole_from_cells_is_the_whole_from_votes),
        cmocka_unit_test(a_masked_region_is_not_expected),
        cmocka_unit_test(sixty_four_regions_fit),
    };

    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
