#include "writer_sweep.h"

#include "cm.h"

enum { BIG = WRITER_TURN_BYTES_MAX / 4 };

static void
fill(struct job_list *list, struct writer_job *jobs, const uint64_t *places,
    size_t count)
{
    job_list_init(list);
    for (size_t i = 0; i < count; i++) {
        jobs[i].place = places[i];
        jobs[i].cost_bytes = BIG;
        job_list_add(list, &jobs[i]);
    }
}

static void
assert_turn(struct job_list *waiting, uint64_t *place, const uint64_t *expected,
    size_t count)
{
    struct job_list turn;

    job_list_init(&turn);
    writer_sweep(waiting, &turn, place);
    assert_int_equal(turn.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(job_list_take(&turn)->place, expected[i]);
    assert_int_equal(turn.bytes, 0);
}

static void
what_fits_goes_as_it_came(void **state)
{
    static const uint64_t places[] = {9, 3, 7};
    struct writer_job jobs[3] = {{.lost = false}};
    struct job_list waiting;
    uint64_t place = 0;

    (void)state;
    fill(&waiting, jobs, places, 3);
    assert_turn(&waiting, &place, places, 3);
    assert_int_equal(waiting.count, 0);
}

static void
more_than_a_turn_goes_round_like_a_lift(void **state)
{
    static const uint64_t places[] = {9, 3, 7, 1, 5, 8, 2, 6, 4};
    static const uint64_t first[] = {6, 7, 8, 9};
    static const uint64_t second[] = {1, 2, 3, 4};
    static const uint64_t third[] = {5};
    struct writer_job jobs[9] = {{.lost = false}};
    struct job_list waiting;
    uint64_t place = 5;

    (void)state;
    fill(&waiting, jobs, places, 9);
    assert_turn(&waiting, &place, first, 4);
    assert_turn(&waiting, &place, second, 4);
    assert_turn(&waiting, &place, third, 1);
    assert_int_equal(waiting.bytes, 0);
}

static void
jobs_of_one_place_keep_their_order(void **state)
{
    static const uint64_t places[] = {2, 1, 2, 1, 2, 1};
    struct writer_job jobs[6] = {{.lost = false}};
    struct job_list waiting;
    struct job_list turn;
    uint64_t place = 1;

    (void)state;
    fill(&waiting, jobs, places, 6);
    job_list_init(&turn);
    writer_sweep(&waiting, &turn, &place);
    assert_ptr_equal(job_list_take(&turn), &jobs[0]);
    assert_ptr_equal(job_list_take(&turn), &jobs[2]);
    assert_ptr_equal(job_list_take(&turn), &jobs[4]);
    assert_ptr_equal(job_list_take(&turn), &jobs[1]);
    assert_int_equal(turn.count, 0);
    /* Cut within a place: what is left of it is last, not lost. */
    job_list_init(&turn);
    writer_sweep(&waiting, &turn, &place);
    assert_ptr_equal(job_list_take(&turn), &jobs[3]);
    assert_ptr_equal(job_list_take(&turn), &jobs[5]);
}

static void
what_has_no_place_comes_first(void **state)
{
    static const uint64_t places[] = {9, 3, 7, 1, 0};
    static const uint64_t expected[] = {0, 1, 3, 7};
    struct writer_job jobs[5] = {{.lost = false}};
    struct job_list waiting;
    uint64_t place = 0;

    (void)state;
    fill(&waiting, jobs, places, 5);
    assert_turn(&waiting, &place, expected, 4);
    assert_int_equal(place, 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_goes_as_it_came),
        cmocka_unit_test(more_than_a_turn_goes_round_like_a_lift),
        cmocka_unit_test(jobs_of_one_place_keep_their_order),
        cmocka_unit_test(what_has_no_place_comes_first),
    };

    return cmocka_run_group_tests_name("writer_sweep", tests, NULL, NULL);
}
