#include "earlier.h"

#include "cm.h"

enum { MINUTE = 60000 };

static void
the_newest_slot_of_each_check_counts(void **state)
{
    struct earlier earlier = {0};
    struct err err;

    (void)state;
    assert_int_equal(earlier_until(&earlier, 7, MINUTE), 0);
    assert_ok(earlier_take_slot(&earlier, 9, 3 * MINUTE, &err), err);
    assert_ok(earlier_take_slot(&earlier, 7, 5 * MINUTE, &err), err);
    assert_ok(earlier_take_slot(&earlier, 7, 4 * MINUTE, &err), err);
    assert_ok(earlier_take_slot(&earlier, 8, 0, &err), err);
    assert_int_equal(earlier_until(&earlier, 7, MINUTE), 6 * MINUTE);
    assert_int_equal(earlier_until(&earlier, 8, MINUTE), MINUTE);
    assert_int_equal(earlier_until(&earlier, 9, 2 * MINUTE), 5 * MINUTE);
    assert_int_equal(earlier_until(&earlier, 10, MINUTE), 0);
    earlier_free(&earlier);
    assert_int_equal(earlier_until(&earlier, 7, MINUTE), 0);
}

static void
what_was_noted_counts_where_no_result_is_newer(void **state)
{
    const struct last_run noted[] = {{9, 30 * MINUTE}, {7, 10 * MINUTE}};
    struct earlier earlier = {0};
    struct buf bytes;
    struct err err;

    (void)state;
    buf_init(&bytes, LAST_RUNS_MAX_BYTES);
    assert_ok(last_runs_encode(noted, 2, &bytes, &err), err);
    assert_ok(earlier_take_noted(&earlier, buf_bytes(&bytes), &err), err);
    assert_int_equal(earlier_until(&earlier, 7, MINUTE), 10 * MINUTE);
    assert_ok(earlier_take_slot(&earlier, 7, 10 * MINUTE, &err), err);
    assert_ok(earlier_take_slot(&earlier, 9, 10 * MINUTE, &err), err);
    assert_ok(earlier_take_slot(&earlier, 8, 2 * MINUTE, &err), err);
    assert_int_equal(earlier_until(&earlier, 7, MINUTE), 11 * MINUTE);
    assert_int_equal(earlier_until(&earlier, 8, MINUTE), 3 * MINUTE);
    assert_int_equal(earlier_until(&earlier, 9, MINUTE), 30 * MINUTE);
    /* What is no note leaves what there is. */
    assert_int_equal(
        earlier_take_noted(&earlier, (struct bytes){NULL, 0}, &err), -1);
    assert_int_equal(earlier_until(&earlier, 9, MINUTE), 30 * MINUTE);
    buf_free(&bytes);
    earlier_free(&earlier);
}

static void
a_backlog_takes_no_more_room_than_its_checks(void **state)
{
    struct earlier earlier = {0};
    struct err err;

    (void)state;
    for (int64_t slot = 0; slot < 10000; slot++)
        assert_ok(earlier_take_slot(
                      &earlier, (uint32_t)(slot % 3), slot * MINUTE, &err),
            err);
    assert_int_equal(earlier.count, 3);
    for (uint32_t id = 3; id < EARLIER_MAX; id++)
        assert_ok(earlier_take_slot(&earlier, id, 0, &err), err);
    assert_int_equal(earlier_take_slot(&earlier, EARLIER_MAX, 0, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    /* Those that are known go on. */
    assert_ok(earlier_take_slot(&earlier, 5, MINUTE, &err), err);
    assert_int_equal(earlier_until(&earlier, 5, MINUTE), 2 * MINUTE);
    earlier_free(&earlier);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_slot_of_each_check_counts),
        cmocka_unit_test(what_was_noted_counts_where_no_result_is_newer),
        cmocka_unit_test(a_backlog_takes_no_more_room_than_its_checks),
    };

    return cmocka_run_group_tests_name("earlier", tests, NULL, NULL);
}
