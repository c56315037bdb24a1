#include "admission.h"

#include "cm.h"

/* The protocol's table, row by row. */
static void
a_batch_is_judged_against_the_mark(void **state)
{
    static const struct {
        const char *row;
        struct admission_batch batch;
        uint64_t mark;
        struct admission expect;
    } cases[] = {
        {"no results", {1, 0, 1000, 1, 2}, 0, {.verdict = ADMIT_MALFORMED}},
        {"too many", {1, 1001, 1000, 1, 2000}, 0, {.verdict = ADMIT_MALFORMED}},
        {"past the end", {5, 3, 1000, 1, 7}, 4, {.verdict = ADMIT_MALFORMED}},
        {"number zero", {0, 1, 1000, 1, 7}, 4, {.verdict = ADMIT_MALFORMED}},
        {"numbers that wrap", {UINT64_MAX, 2, 1000, 1, UINT64_MAX}, 4,
            {.verdict = ADMIT_MALFORMED}},
        {"all there", {1, 4, 1000, 1, 9}, 4, {.verdict = ADMIT_DUPLICATE}},
        {"far below the mark", {1, 2, 1000, 1, 9}, 4,
            {.verdict = ADMIT_DUPLICATE}},
        {"partly there", {3, 4, 1000, 1, 9}, 4,
            {.verdict = ADMIT_TAKE, .take_from = 5}},
        {"the next", {5, 2, 1000, 1, 9}, 4,
            {.verdict = ADMIT_TAKE, .take_from = 5}},
        {"the very first", {1, 1, 1000, 1, 2}, 0,
            {.verdict = ADMIT_TAKE, .take_from = 1}},
        {"the agent dropped some", {8, 2, 1000, 8, 12}, 4,
            {.verdict = ADMIT_TAKE,
                .take_from = 8,
                .lost_from = 5,
                .lost_to = 7}},
        {"a hole that it still has", {8, 2, 1000, 1, 12}, 4,
            {.verdict = ADMIT_GAP, .expected = 5}},
        {"a hole above what it dropped", {9, 2, 1000, 7, 12}, 4,
            {.verdict = ADMIT_GAP, .expected = 7}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct admission got = admission_judge(&cases[i].batch, cases[i].mark);

        if (got.verdict != cases[i].expect.verdict ||
            got.take_from != cases[i].expect.take_from ||
            got.lost_from != cases[i].expect.lost_from ||
            got.lost_to != cases[i].expect.lost_to ||
            got.expected != cases[i].expect.expected)
            fail_msg("%s: verdict %d, take from %llu", cases[i].row,
                (int)got.verdict, (unsigned long long)got.take_from);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_judged_against_the_mark),
    };

    return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
