#include "hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "digest.h"
#include "measure.h"

/* Of the bounds as big-endian u64, made by hist_table.py's arithmetic. */
static const char golden[] =
    "b8222a971962ca08bc5a4e9863d29a7e026fccc6fcdd61243d3922c821342708";

static void
the_bounds_are_the_ones_that_were_agreed(void **state)
{
    uint8_t bytes[HIST_BUCKETS * 8];
    uint8_t digest[DIGEST_SHA256_BYTES];
    char hex[DIGEST_SHA256_HEX];

    (void)state;
    for (int k = 0; k < HIST_BUCKETS; k++)
        key_put_u64(bytes + (ptrdiff_t)k * 8, (uint64_t)hist_bound_ns(k));
    digest_sha256(bytes, sizeof(bytes), digest);
    digest_hex(digest, sizeof(digest), hex);
    assert_string_equal(hex, golden);
    /* Whole powers of two, in ns, cut. */
    for (int octave = 0; octave <= 27; octave++)
        assert_int_equal(hist_bound_ns(octave * 64 + 63),
            (int64_t)floor(ldexp(1e9, octave - 19)));
}

static void
a_bucket_holds_its_upper_bound_and_not_its_lower(void **state)
{
    (void)state;
    assert_int_equal(hist_bucket(0), 0);
    for (int k = 1; k < HIST_BUCKETS; k++) {
        int64_t us = hist_bound_ns(k) / 1000; /* at or below the bound */

        assert_true(hist_bucket(us) <= k);
        assert_true(hist_bucket(us + 1) > k);
    }
    assert_int_equal(hist_bucket(256000000), HIST_BUCKETS - 1);
    assert_int_equal(hist_bucket(256000001), HIST_OVERFLOW);
    assert_int_equal(hist_bucket(PHASE_MAX_US), HIST_OVERFLOW);
}

static void
ranks_are_exact(void **state)
{
    static const struct {
        uint64_t n;
        int64_t q;
        uint64_t rank;
    } cases[] = {
        {20, 950000, 19}, /* 0.95 * 20 is 19.000000000000004 in doubles */
        {100, 950000, 95},
        {100, 990000, 99},
        {101, 990000, 100},
        {21, 950000, 20},
        {1, 500000, 1},
        {5, 500000, 3},
        {10, 0, 1},
        {10, 1000000, 10},
        {1000, 999000, 999},
        {0, 950000, 0},
        {UINT64_C(1) << 42, 1, 4398047},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(hist_rank(cases[i].n, cases[i].q), cases[i].rank);
}

static int
by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

enum { VALUES = 3000 };

/* From 1 us to more than 256 s, evenly over the octaves. */
static int64_t
draw(void)
{
    double exponent = (double)(random() % 100000) / 100000.0 * 28.0;

    return 1 + (int64_t)exp2(exponent);
}

static void
every_quantile_is_within_the_promised_error(void **state)
{
    static int64_t values[VALUES];
    static struct hist hist;

    (void)state;
    srandom(7);
    for (int round = 0; round < 5; round++) {
        hist_init(&hist);
        for (int i = 0; i < VALUES; i++) {
            values[i] = draw();
            hist_add(&hist, values[i]);
        }
        qsort(values, VALUES, sizeof(values[0]), by_value);
        for (uint64_t rank = 1; rank <= VALUES; rank++) {
            double truth = (double)values[rank - 1];
            double got = hist_at_rank_us(&hist, rank);

            /* What is above 256 s is told as the maximum. */
            if (values[rank - 1] > 256000000)
                assert_true(got == (double)hist.max_us);
            else if (fabs(got - truth) > HIST_ERROR * truth)
                fail_msg("rank %d: %f for %f", (int)rank, got, truth);
        }
    }
}

static void
an_estimate_never_leaves_what_was_seen(void **state)
{
    static struct hist hist;

    (void)state;
    hist_init(&hist);
    hist_add(&hist, 1000);
    assert_true(hist_at_rank_us(&hist, 1) == 1000.0);
    hist_add(&hist, 1001);
    assert_true(hist_at_rank_us(&hist, 1) >= 1000.0);
    assert_true(hist_at_rank_us(&hist, 2) <= 1001.0);
    hist_init(&hist);
    hist_add(&hist, 0);
    assert_true(hist_at_rank_us(&hist, 1) == 0.0);
}

static void
encode(const struct hist *hist, struct buf *buf)
{
    struct err err;
    struct row_out out = {.buf = buf, .err = &err};

    buf_init(buf, 1 << 20);
    hist_encode(hist, &out);
    assert_false(out.failed);
}

static void
merging_is_the_same_as_adding_all(void **state)
{
    static struct hist parts[3];
    static struct hist all;
    static struct hist merged;
    static struct hist decoded;
    struct buf bytes[2];

    (void)state;
    srandom(11);
    for (int i = 0; i < 3; i++)
        hist_init(&parts[i]);
    hist_init(&all);
    hist_init(&merged);
    hist_init(&decoded);
    for (int i = 0; i < VALUES; i++) {
        int64_t us = draw();

        hist_add(&all, us);
        hist_add(&parts[random() % 3], us);
    }
    for (int i = 2; i >= 0; i--) {
        struct row_in in;

        hist_merge(&merged, &parts[i]);
        encode(&parts[i], &bytes[0]);
        in = row_in(buf_bytes(&bytes[0]));
        assert_int_equal(hist_decode_add(&decoded, &in), parts[i].n);
        assert_false(in.failed);
        buf_free(&bytes[0]);
    }
    assert_memory_equal(&merged, &all, sizeof(all));
    assert_memory_equal(&decoded, &all, sizeof(all));
    encode(&all, &bytes[0]);
    encode(&merged, &bytes[1]);
    assert_int_equal(bytes[0].len, bytes[1].len);
    assert_memory_equal(bytes[0].data, bytes[1].data, bytes[0].len);
    buf_free(&bytes[0]);
    buf_free(&bytes[1]);
}

static void
an_hour_at_thirty_seconds_takes_few_bytes(void **state)
{
    static struct hist hist;
    struct buf bytes;

    (void)state;
    srandom(3);
    hist_init(&hist);
    for (int i = 0; i < 120; i++)
        hist_add(&hist, 60000 + random() % 20000);
    encode(&hist, &bytes);
    assert_true(bytes.len <= 130);
    buf_free(&bytes);
}

static void
bytes_that_contradict_themselves_are_refused(void **state)
{
    /* count of buckets, min, max - min, then gap and count - 1 of each */
    static const uint8_t cases[][8] = {
        {1, 0, 0, 5, 0},       /* the minimum is in another bucket */
        {1, 0, 1, 0, 0},       /* one value, two bounds */
        {2, 0, 0, 0, 0, 0, 0}, /* the maximum is in another bucket */
        {1, 0, 0, 0},          /* cut short */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct hist hist;
        struct row_in in =
            row_in((struct bytes){.data = cases[i], .len = i == 3 ? 4 : 8});

        hist_init(&hist);
        (void)hist_decode_add(&hist, &in);
        assert_true(in.failed);
    }
}

/* Found by fuzzing: the gap behind the last bucket was of any size. */
static void
nothing_stands_behind_the_overflow_bucket(void **state)
{
    static struct hist hist;
    struct buf bytes;
    struct err err;
    struct row_out out = {.buf = &bytes, .err = &err};
    struct row_in in;

    (void)state;
    buf_init(&bytes, 100);
    row_put_uint(&out, 3);
    row_put_uint(&out, 0);                /* the minimum */
    row_put_uint(&out, PHASE_MAX_US);     /* the maximum above it */
    row_put_uint(&out, 0);                /* the first bucket */
    row_put_uint(&out, 0);                /* once */
    row_put_uint(&out, HIST_BUCKETS - 1); /* overflow */
    row_put_uint(&out, 0);
    row_put_uint(&out, 127);
    row_put_uint(&out, 0);
    assert_false(out.failed);
    in = row_in(buf_bytes(&bytes));
    hist_init(&hist);
    (void)hist_decode_add(&hist, &in);
    assert_true(in.failed);
    buf_free(&bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bounds_are_the_ones_that_were_agreed),
        cmocka_unit_test(a_bucket_holds_its_upper_bound_and_not_its_lower),
        cmocka_unit_test(ranks_are_exact),
        cmocka_unit_test(every_quantile_is_within_the_promised_error),
        cmocka_unit_test(an_estimate_never_leaves_what_was_seen),
        cmocka_unit_test(merging_is_the_same_as_adding_all),
        cmocka_unit_test(an_hour_at_thirty_seconds_takes_few_bytes),
        cmocka_unit_test(bytes_that_contradict_themselves_are_refused),
        cmocka_unit_test(nothing_stands_behind_the_overflow_bucket),
    };

    return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
