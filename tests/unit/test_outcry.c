#include "outcry.h"

#include <string.h>

#include "cm.h"

static const int64_t start_unix_ms = INT64_C(1795486200000);

/* After so many seconds: is the collector heard, are we cut off; what to do. */
struct step {
    int64_t at_s;
    bool heard;
    bool cut_off;
    enum outcry_do expect;
    int said; /* 1: and it was taken, -1: not now, -2: never */
};

static void
run(struct outcry *outcry, uint32_t rank, const struct step *steps,
    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct outcry_view view = {
            .now_unix_ms = start_unix_ms + steps[i].at_s * 1000,
            .heard = steps[i].heard,
            .cut_off = steps[i].cut_off,
            .rank = rank,
        };
        bool changed;
        enum outcry_do got = outcry_step(outcry, &view, &changed);

        if (got != steps[i].expect)
            fail_msg("step %zu: %d", i, (int)got);
        if (steps[i].said != 0)
            outcry_said(outcry, steps[i].said > 0, steps[i].said == -2,
                view.now_unix_ms);
    }
}

#define RUN(outcry, rank, steps)                                               \
    run(outcry, rank, steps, sizeof(steps) / sizeof((steps)[0]))

static void
it_is_said_once_and_its_end_too(void **state)
{
    static const struct step steps[] = {
        {0, true, false, OUTCRY_DO_NOTHING, 0},
        {10, false, false, OUTCRY_DO_NOTHING, 0},
        {309, false, false, OUTCRY_DO_NOTHING, 0},
        {310, false, false, OUTCRY_DO_SAY_GONE, -1},
        {315, false, false, OUTCRY_DO_NOTHING, 0},
        {320, false, false, OUTCRY_DO_SAY_GONE, 1},
        {900, false, false, OUTCRY_DO_NOTHING, 0},
        {901, true, false, OUTCRY_DO_SAY_BACK, -1},
        {905, true, false, OUTCRY_DO_NOTHING, 0},
        {911, true, false, OUTCRY_DO_SAY_BACK, 1},
        {915, true, false, OUTCRY_DO_NOTHING, 0},
        {1000, false, false, OUTCRY_DO_NOTHING, 0},
        {1100, true, false, OUTCRY_DO_NOTHING, 0},
        {1301, true, false, OUTCRY_DO_NOTHING, 0},
        {1400, false, false, OUTCRY_DO_NOTHING, 0},
        {1700, false, false, OUTCRY_DO_SAY_GONE, -2},
        {1900, false, false, OUTCRY_DO_NOTHING, 0},
    };
    struct outcry outcry = {0};

    (void)state;
    RUN(&outcry, 0, steps);
}

static void
the_next_by_name_waits_two_minutes_longer(void **state)
{
    static const struct step steps[] = {
        {0, false, false, OUTCRY_DO_NOTHING, 0},
        {539, false, false, OUTCRY_DO_NOTHING, 0},
        {540, false, false, OUTCRY_DO_SAY_GONE, 1},
    };
    struct outcry outcry = {0};

    (void)state;
    RUN(&outcry, 2, steps);
}

static void
who_is_cut_off_himself_says_nothing(void **state)
{
    static const struct step steps[] = {
        {0, false, true, OUTCRY_DO_NOTHING, 0},
        {600, false, true, OUTCRY_DO_NOTHING, 0},
        {601, true, false, OUTCRY_DO_NOTHING, 0},
    };
    struct outcry outcry = {0};

    (void)state;
    RUN(&outcry, 0, steps);
}

static void
a_restart_changes_nothing(void **state)
{
    static const struct step before[] = {
        {0, false, false, OUTCRY_DO_NOTHING, 0},
        {200, false, false, OUTCRY_DO_NOTHING, 0},
    };
    static const struct step between[] = {
        {299, false, false, OUTCRY_DO_NOTHING, 0},
        {300, false, false, OUTCRY_DO_SAY_GONE, 1},
    };
    static const struct step after[] = {
        {900, false, false, OUTCRY_DO_NOTHING, 0},
        {950, true, false, OUTCRY_DO_SAY_BACK, 0},
    };
    static const struct step at_last[] = {
        {960, true, false, OUTCRY_DO_SAY_BACK, 1},
        {965, true, false, OUTCRY_DO_NOTHING, 0},
    };
    uint8_t bytes[OUTCRY_BYTES];
    struct bytes kept = {.data = bytes, .len = sizeof(bytes)};
    struct outcry outcry = {0};
    struct err err;

    (void)state;
    RUN(&outcry, 0, before);
    outcry_encode(&outcry, bytes);
    assert_ok(outcry_decode(kept, &outcry, &err), err);
    RUN(&outcry, 0, between);
    outcry_encode(&outcry, bytes);
    assert_ok(outcry_decode(kept, &outcry, &err), err);
    RUN(&outcry, 0, after);
    outcry_encode(&outcry, bytes);
    assert_ok(outcry_decode(kept, &outcry, &err), err);
    assert_int_equal(outcry.since_unix_ms, start_unix_ms);
    RUN(&outcry, 0, at_last);
    kept.len--;
    assert_int_equal(outcry_decode(kept, &outcry, &err), -1);
    kept.len++;
    bytes[1] = 9;
    assert_int_equal(outcry_decode(kept, &outcry, &err), -1);
}

static void
a_clock_set_back_counts_anew(void **state)
{
    static const struct step steps[] = {
        {4000, false, false, OUTCRY_DO_NOTHING, 0},
        {100, false, false, OUTCRY_DO_NOTHING, 0},
        {399, false, false, OUTCRY_DO_NOTHING, 0},
        {400, false, false, OUTCRY_DO_SAY_GONE, 1},
    };
    struct outcry outcry = {0};

    (void)state;
    RUN(&outcry, 0, steps);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_said_once_and_its_end_too),
        cmocka_unit_test(the_next_by_name_waits_two_minutes_longer),
        cmocka_unit_test(who_is_cut_off_himself_says_nothing),
        cmocka_unit_test(a_restart_changes_nothing),
        cmocka_unit_test(a_clock_set_back_counts_anew),
    };

    return cmocka_run_group_tests_name("outcry", tests, NULL, NULL);
}
