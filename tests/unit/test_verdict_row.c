#include "verdict_row.h"

#include <string.h>

#include "cm.h"

static void
keys_sort_by_hour_check_and_version(void **state)
{
    static const struct verdict_key keys[] = {{0, 5, 1}, {0, 5, 300},
        {0, 256, 1}, {3600000, 1, 1}, {INT64_C(3999999600000), 0, 0}};
    uint8_t last[VERDICT_KEY_BYTES] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        uint8_t bytes[VERDICT_KEY_BYTES];
        struct verdict_key again;
        struct err err;

        verdict_key_encode(&keys[i], bytes);
        assert_true(memcmp(last, bytes, sizeof(bytes)) < 0);
        memcpy(last, bytes, sizeof(bytes));
        assert_ok(verdict_key_decode(
                      (struct bytes){bytes, sizeof(bytes)}, &again, &err),
            err);
        assert_int_equal(again.hour_unix_ms, keys[i].hour_unix_ms);
        assert_int_equal(again.check, keys[i].check);
        assert_int_equal(again.version, keys[i].version);
    }
}

/* Cells of every kind, but for those that no judge makes. */
static void
fill(struct verdict_row *row, unsigned seed)
{
    for (size_t i = 0; i < row->slots * row->scopes; i++) {
        seed = seed * 1103515245U + 12345U;
        row->cells[i] = (uint8_t)(seed >> 20 & 7) | CELL_JUDGED;
        if ((seed >> 16 & 3) == 0)
            row->cells[i] = 0;
    }
}

static size_t
round_trip(const struct verdict_row *row)
{
    struct verdict_row again;
    struct buf bytes;
    struct err err;
    size_t len;

    buf_init(&bytes, VERDICT_ROW_MAX_BYTES);
    assert_ok(verdict_row_encode(row, &bytes, &err), err);
    assert_ok(verdict_row_decode(buf_bytes(&bytes), &again, &err), err);
    assert_int_equal(again.interval_ms, row->interval_ms);
    assert_int_equal(again.first_unix_ms, row->first_unix_ms);
    assert_int_equal(again.slots, row->slots);
    assert_int_equal(again.scopes, row->scopes);
    assert_memory_equal(again.cells, row->cells, row->slots * row->scopes);
    for (size_t cut = 0; cut < bytes.len; cut++) {
        struct verdict_row none;

        assert_int_equal(
            verdict_row_decode((struct bytes){bytes.data, cut}, &none, &err),
            -1);
        assert_int_equal(err.code, ERR_STATE);
    }
    len = bytes.len;
    verdict_row_free(&again);
    buf_free(&bytes);
    return len;
}

/* What counting says, from cells. */
static struct verdict_counts
count_cells(const struct verdict_row *row, size_t scope)
{
    struct verdict_counts counts = {{0}};

    for (size_t i = 0; i < row->slots; i++) {
        uint8_t cell = row->cells[scope * row->slots + i];

        counts.of[scope == 0 ? cell_whole_verdict(cell)
                             : cell_region_verdict(cell)]++;
    }
    return counts;
}

static void
counts_are_those_of_the_cells(void **state)
{
    static const size_t sizes[][2] = {
        {1, 1}, {1, 65}, {7, 3}, {8, 4}, {32, 5}, {33, 5}, {120, 11}, {722, 2}};
    struct err err;

    (void)state;
    for (unsigned i = 0; i < 8 * sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct verdict_counts counts[VERDICT_ROW_SCOPES_MAX];
        struct verdict_row row;
        struct verdict_row head;
        struct buf out;

        assert_ok(
            verdict_row_init(&row, sizes[i / 8][0], sizes[i / 8][1], &err),
            err);
        row.interval_ms = 30000;
        row.first_unix_ms = INT64_C(1764000000000);
        fill(&row, i);
        for (size_t k = 0; k < row.slots * row.scopes; k++) {
            if (row.cells[k] == 0)
                row.cells[k] = CELL_JUDGED | VERDICT_UNKNOWN;
            if (k >= row.slots && (row.cells[k] & CELL_UNCONFIRMED) != 0)
                row.cells[k] = CELL_JUDGED | CELL_UNCONFIRMED |
                               (k % 2 == 0 ? VERDICT_DOWN : VERDICT_PARTIAL);
            else if (k >= row.slots &&
                     cell_region_verdict(row.cells[k]) == VERDICT_PARTIAL)
                row.cells[k] = CELL_JUDGED | VERDICT_UP; /* of a region */
        }
        buf_init(&out, VERDICT_ROW_MAX_BYTES);
        assert_ok(verdict_row_encode(&row, &out, &err), err);
        assert_int_equal(
            verdict_row_count(buf_bytes(&out), &head, counts, &err), 1);
        assert_int_equal(head.slots, row.slots);
        assert_int_equal(head.scopes, row.scopes);
        assert_int_equal(head.first_unix_ms, row.first_unix_ms);
        assert_int_equal(head.interval_ms, row.interval_ms);
        for (size_t scope = 0; scope < row.scopes; scope++) {
            struct verdict_counts want = count_cells(&row, scope);

            assert_memory_equal(&counts[scope], &want, sizeof(want));
        }
        row.cells[row.slots - 1] = 0;
        buf_clear(&out);
        assert_ok(verdict_row_encode(&row, &out, &err), err);
        assert_int_equal(
            verdict_row_count(buf_bytes(&out), &head, counts, &err), 0);
        buf_free(&out);
        verdict_row_free(&row);
    }
}

static void
what_is_encoded_comes_back(void **state)
{
    static const size_t sizes[][2] = {
        {1, 1}, {1, 65}, {7, 3}, {8, 4}, {120, 11}, {722, 2}};
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct verdict_row row;

        assert_ok(verdict_row_init(&row, sizes[i][0], sizes[i][1], &err), err);
        row.interval_ms = 30000;
        row.first_unix_ms = INT64_C(1764000000000) + (int64_t)i;
        (void)round_trip(&row); /* none judged */
        fill(&row, (unsigned)i);
        (void)round_trip(&row);
        verdict_row_free(&row);
    }
}

static void
a_quiet_hour_is_small(void **state)
{
    struct verdict_row row;
    struct err err;

    (void)state;
    assert_ok(verdict_row_init(&row, 120, 11, &err), err);
    row.interval_ms = 30000;
    row.first_unix_ms = INT64_C(1764000000000);
    memset(row.cells, CELL_JUDGED | VERDICT_UP, row.slots * row.scopes);
    assert_true(round_trip(&row) < 30);
    verdict_row_free(&row);
}

static void
slots_after_a_cut_one_are_multiples(void **state)
{
    const struct verdict_row row = {
        .interval_ms = 60000, .first_unix_ms = 90000, .slots = 3};

    (void)state;
    assert_int_equal(verdict_row_slot(&row, 0), 90000);
    assert_int_equal(verdict_row_slot(&row, 1), 120000);
    assert_int_equal(verdict_row_slot(&row, 2), 180000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_sort_by_hour_check_and_version),
        cmocka_unit_test(what_is_encoded_comes_back),
        cmocka_unit_test(counts_are_those_of_the_cells),
        cmocka_unit_test(a_quiet_hour_is_small),
        cmocka_unit_test(slots_after_a_cut_one_are_multiples),
    };

    return cmocka_run_group_tests_name("verdict_row", tests, NULL, NULL);
}
