#include "last_runs.h"

#include <stdlib.h>

#include "cm.h"

static const struct last_run runs[] = {
    {1, 0},
    {0xfffffffe, INT64_C(1795737600000)},
};

static void
what_was_put_comes_back(void **state)
{
    struct last_run *back;
    struct buf bytes;
    struct err err;

    (void)state;
    buf_init(&bytes, LAST_RUNS_MAX_BYTES);
    assert_ok(last_runs_encode(runs, 2, &bytes, &err), err);
    assert_int_equal(bytes.len, 25);
    assert_int_equal(last_runs_decode(bytes.data, bytes.len, &back, &err), 2);
    assert_int_equal(back[0].check_id, 1);
    assert_int_equal(back[1].check_id, 0xfffffffe);
    assert_int_equal(back[1].end_unix_ms, INT64_C(1795737600000));
    free(back);
    buf_free(&bytes);
}

static void
none_is_a_number_too(void **state)
{
    struct last_run *back;
    struct buf bytes;
    struct err err;

    (void)state;
    buf_init(&bytes, LAST_RUNS_MAX_BYTES);
    assert_ok(last_runs_encode(NULL, 0, &bytes, &err), err);
    assert_int_equal(last_runs_decode(bytes.data, bytes.len, &back, &err), 0);
    free(back);
    buf_free(&bytes);
}

static void
other_bytes_are_refused(void **state)
{
    static const uint8_t bytes[26] = {2, 0x80};
    static const uint8_t past[13] = {1, 0, 0, 0, 1, 0x80};
    struct last_run *back;
    struct err err;

    (void)state;
    assert_int_equal(last_runs_decode(bytes, 0, &back, &err), -1);
    assert_int_equal(last_runs_decode(bytes, 12, &back, &err), -1);
    assert_int_equal(last_runs_decode(bytes, 26, &back, &err), -1);
    assert_int_equal(last_runs_decode(bytes, 13, &back, &err), -1);
    assert_string_equal(err.msg, "last runs of version 2");
    assert_int_equal(err.code, ERR_STATE);
    assert_int_equal(last_runs_decode(past, 13, &back, &err), -1);
    assert_null(back);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_comes_back),
        cmocka_unit_test(none_is_a_number_too),
        cmocka_unit_test(other_bytes_are_refused),
    };

    return cmocka_run_group_tests_name("last_runs", tests, NULL, NULL);
}
