#include "timeline.h"

#include <stdlib.h>

#include "cm.h"

enum { CHECK = 7, VERSIONS = 4 };

/* A history whose versions have one check, or none (T of 0). */
struct fixture {
    struct conf_history history;
    struct conf_version versions[VERSIONS];
    struct config configs[VERSIONS];
    struct conf_check checks[VERSIONS];
};

static void
add_version(struct fixture *f, int64_t since_unix_ms, int64_t interval_ms)
{
    size_t at = f->history.count++;

    f->checks[at].check.id = CHECK;
    f->checks[at].check.interval_ms = interval_ms;
    f->checks[at].check.timeout_ms = 1000;
    f->configs[at].checks = &f->checks[at];
    f->configs[at].check_count = interval_ms != 0;
    f->versions[at] = (struct conf_version){
        .version = at + 1,
        .since_unix_ms = since_unix_ms,
        .config = &f->configs[at],
    };
    f->history.versions = f->versions;
}

static struct timeline
make(const struct fixture *f, int64_t first_slot_unix_ms)
{
    struct timeline timeline;
    struct err err;

    assert_ok(
        timeline_make(&f->history, CHECK, first_slot_unix_ms, &timeline, &err),
        err);
    return timeline;
}

static void
assert_segment(const struct timeline *timeline, size_t at, int64_t from,
    int64_t to, uint64_t version)
{
    assert_true(at < timeline->count);
    assert_int_equal(timeline->segments[at].from_unix_ms, from);
    assert_int_equal(timeline->segments[at].to_unix_ms, to);
    assert_int_equal(timeline->segments[at].version, version);
}

static void
a_check_counts_from_its_first_result_or_configuration(void **state)
{
    struct fixture f = {.history = {.count = 0}};
    struct timeline timeline;

    (void)state;
    add_version(&f, 100500, 10000);
    timeline = make(&f, INT64_MAX);
    assert_segment(&timeline, 0, 110000, TIMELINE_OPEN_END, 1);
    timeline_free(&timeline);
    timeline = make(&f, 100000); /* in the slot that was under way */
    assert_segment(&timeline, 0, 100000, TIMELINE_OPEN_END, 1);
    timeline_free(&timeline);
    timeline = make(&f, 30000);
    assert_segment(&timeline, 0, 30000, TIMELINE_OPEN_END, 1);
    timeline_free(&timeline);
    timeline = make(&f, 130000);
    assert_segment(&timeline, 0, 110000, TIMELINE_OPEN_END, 1);
    timeline_free(&timeline);
}

static void
a_new_grid_begins_where_the_old_ones_last_slot_ends(void **state)
{
    struct fixture f = {.history = {.count = 0}};
    struct timeline timeline;
    const struct timeline_segment *cut;

    (void)state;
    add_version(&f, 0, 30000);
    add_version(&f, 61000, 60000); /* in the slot 60000..90000 */
    timeline = make(&f, INT64_MAX);
    assert_int_equal(timeline.count, 2);
    assert_segment(&timeline, 0, 0, 90000, 1);
    assert_segment(&timeline, 1, 90000, TIMELINE_OPEN_END, 2);
    cut = &timeline.segments[1];
    assert_int_equal(timeline_slot_start(cut, 119999), 90000);
    assert_int_equal(timeline_slot_end(cut, 90000), 120000);
    assert_int_equal(timeline_slot_start(cut, 120000), 120000);
    assert_ptr_equal(timeline_at(&timeline, 89999), &timeline.segments[0]);
    assert_ptr_equal(timeline_at(&timeline, 90000), cut);
    timeline_free(&timeline);
}

static void
a_version_that_no_slot_begins_in_judges_nothing(void **state)
{
    struct fixture f = {.history = {.count = 0}};
    struct timeline timeline;

    (void)state;
    add_version(&f, 0, 30000);
    add_version(&f, 61000, 60000);
    add_version(&f, 62000, 45000);
    timeline = make(&f, INT64_MAX);
    assert_int_equal(timeline.count, 2);
    assert_segment(&timeline, 1, 90000, TIMELINE_OPEN_END, 3);
    timeline_free(&timeline);
}

static void
a_version_is_in_force_at_the_very_moment_it_began(void **state)
{
    struct fixture f = {.history = {.count = 0}};
    struct timeline timeline;

    (void)state;
    add_version(&f, 0, 30000);
    add_version(&f, 60000, 60000);
    timeline = make(&f, INT64_MAX);
    assert_segment(&timeline, 0, 0, 60000, 1);
    assert_segment(&timeline, 1, 60000, TIMELINE_OPEN_END, 2);
    timeline_free(&timeline);
}

static void
a_check_that_is_removed_ends_with_its_last_slot(void **state)
{
    struct fixture f = {.history = {.count = 0}};
    struct timeline timeline;

    (void)state;
    add_version(&f, 0, 30000);
    add_version(&f, 61000, 0);
    add_version(&f, 200000, 60000);
    timeline = make(&f, INT64_MAX);
    assert_int_equal(timeline.count, 2);
    assert_segment(&timeline, 0, 0, 90000, 1);
    assert_segment(&timeline, 1, 240000, TIMELINE_OPEN_END, 3);
    assert_null(timeline_at(&timeline, 90000));
    assert_ptr_equal(timeline_from(&timeline, 90000), &timeline.segments[1]);
    timeline_free(&timeline);
}

static void
a_check_nobody_configured_has_no_slots(void **state)
{
    struct fixture f = {.history = {.count = 0}};
    struct timeline timeline;

    (void)state;
    add_version(&f, 0, 0);
    timeline = make(&f, 1000);
    assert_int_equal(timeline.count, 0);
    assert_null(timeline_from(&timeline, 0));
    timeline_free(&timeline);
}

static void
results_find_their_slots(void **state)
{
    /* 30 s until 90000, then 60 s with a first slot 90000..120000. */
    static const struct {
        int64_t ts, stamp;
        uint8_t attempt;
        int64_t expect;
    } rows[] = {
        {5000, 0, 0, 0},
        {35000, 30000, 0, 30000},
        {32000, 0, 1, 0},         /* a second attempt past its slot's end */
        {94999, 60000, 1, 60000}, /* ... and past the old grid's end */
        {95000, 60000, 1, 90000},
        {100000, 60000, 0, 90000}, /* the cut slot, by its uncut begin */
        {100000, 90000, 0, 90000}, /* an agent that runs the old grid still */
        {155000, 150000, 0, 120000},
        {130000, 120000, 0, 120000},
        {-500, -30000, 0, TIMELINE_NO_SLOT}, /* before it counted */
        {190000, 120000, 1, 120000},
    };
    struct fixture f = {.history = {.count = 0}};
    struct timeline timeline;

    (void)state;
    add_version(&f, 0, 30000);
    add_version(&f, 61000, 60000);
    timeline = make(&f, INT64_MAX);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct measure measure;
        int64_t got;

        measure_init(&measure);
        measure.ts_unix_ms = rows[i].ts;
        measure.slot_unix_ms = rows[i].stamp;
        measure.attempt = rows[i].attempt;
        got = timeline_place(&timeline, &measure);
        if (got != rows[i].expect)
            fail_msg("row %zu: %lld", i, (long long)got);
    }
    timeline_free(&timeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_counts_from_its_first_result_or_configuration),
        cmocka_unit_test(a_new_grid_begins_where_the_old_ones_last_slot_ends),
        cmocka_unit_test(a_version_that_no_slot_begins_in_judges_nothing),
        cmocka_unit_test(a_version_is_in_force_at_the_very_moment_it_began),
        cmocka_unit_test(a_check_that_is_removed_ends_with_its_last_slot),
        cmocka_unit_test(a_check_nobody_configured_has_no_slots),
        cmocka_unit_test(results_find_their_slots),
    };

    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
