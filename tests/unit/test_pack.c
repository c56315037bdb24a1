#include "pack.h"

#include <string.h>

#include "cm.h"

enum { SAMPLE_BYTES = 5000 };

static void
fill(uint8_t *bytes)
{
    for (int i = 0; i < SAMPLE_BYTES; i++)
        bytes[i] = (uint8_t)(i % 17);
}

static void
what_was_packed_comes_out_again(void **state)
{
    uint8_t bytes[SAMPLE_BYTES];
    struct buf packed;
    struct buf again;
    struct err err;

    (void)state;
    fill(bytes);
    buf_init(&packed, 1 << 16);
    buf_init(&again, 1 << 16);
    assert_ok(buf_append(&packed, "head", 4, &err), err);
    assert_ok(pack_compress(bytes, sizeof(bytes), &packed, &err), err);
    assert_true(packed.len < 1000);
    assert_memory_equal(packed.data, "head", 4);
    assert_ok(pack_expand(
                  packed.data + 4, packed.len - 4, SAMPLE_BYTES, &again, &err),
        err);
    assert_int_equal(again.len, sizeof(bytes));
    assert_memory_equal(again.data, bytes, sizeof(bytes));
    buf_free(&packed);
    buf_free(&again);
}

static void
nothing_can_be_packed_too(void **state)
{
    struct buf packed;
    struct buf again;
    struct err err;

    (void)state;
    buf_init(&packed, 1 << 10);
    buf_init(&again, 0);
    assert_ok(pack_compress("", 0, &packed, &err), err);
    assert_ok(pack_expand(packed.data, packed.len, 0, &again, &err), err);
    assert_int_equal(again.len, 0);
    buf_free(&packed);
    buf_free(&again);
}

static void
a_frame_past_its_limit_changes_nothing(void **state)
{
    uint8_t bytes[SAMPLE_BYTES];
    struct buf packed;
    struct buf again;
    struct err err;

    (void)state;
    fill(bytes);
    buf_init(&packed, 1 << 16);
    buf_init(&again, 1 << 16);
    assert_ok(buf_append(&again, "x", 1, &err), err);
    assert_ok(pack_compress(bytes, sizeof(bytes), &packed, &err), err);
    assert_int_equal(
        pack_expand(packed.data, packed.len, SAMPLE_BYTES - 1, &again, &err),
        -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(again.len, 1);
    buf_free(&again);
    buf_init(&again, 100); /* the buf's own limit holds as well */
    assert_int_equal(
        pack_expand(packed.data, packed.len, SAMPLE_BYTES, &again, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(again.len, 0);
    buf_free(&packed);
    buf_free(&again);
}

static void
anything_but_one_whole_frame_is_refused(void **state)
{
    static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};
    uint8_t bytes[SAMPLE_BYTES];
    struct buf packed;
    struct buf again;
    struct err err;

    (void)state;
    fill(bytes);
    buf_init(&packed, 1 << 16);
    buf_init(&again, 1 << 16);
    assert_ok(pack_compress(bytes, sizeof(bytes), &packed, &err), err);
    for (size_t len = 0; len < packed.len; len++)
        assert_int_equal(
            pack_expand(packed.data, len, SAMPLE_BYTES, &again, &err), -1);
    assert_ok(buf_append(&packed, "x", 1, &err), err);
    assert_int_equal(
        pack_expand(packed.data, packed.len, SAMPLE_BYTES, &again, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
    assert_int_equal(pack_expand("garbage", 7, SAMPLE_BYTES, &again, &err), -1);
    assert_int_equal(
        pack_expand(skippable, sizeof(skippable), 100, &again, &err), -1);
    assert_int_equal(again.len, 0);
    buf_free(&packed);
    buf_free(&again);
}

static void
packing_needs_only_the_room_it_uses(void **state)
{
    uint8_t bytes[SAMPLE_BYTES];
    struct buf packed;
    struct err err;

    (void)state;
    fill(bytes);
    buf_init(&packed, 1000);
    assert_ok(pack_compress(bytes, sizeof(bytes), &packed, &err), err);
    buf_free(&packed);
    buf_init(&packed, 10);
    assert_int_equal(pack_compress(bytes, sizeof(bytes), &packed, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(packed.len, 0);
    buf_free(&packed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_out_again),
        cmocka_unit_test(nothing_can_be_packed_too),
        cmocka_unit_test(a_frame_past_its_limit_changes_nothing),
        cmocka_unit_test(anything_but_one_whole_frame_is_refused),
        cmocka_unit_test(packing_needs_only_the_room_it_uses),
    };

    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
