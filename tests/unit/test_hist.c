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

/* (b - 1) / (b + 1) for b = 2^(1/64); HIST_ERROR is what is printed of it. */
static double
promised(void)
{
    return tanh(log(2.0) / 128.0) * (1.0 + 1e-9);
}

/* From 1 us to more than 256 s, evenly over the octaves. */
static int64_t
draw(void)
{
    double exponent = (double)(random() % 100000) / 100000.0 * 28.0;

    return 1 + (int64_t)exp2(exponent);
}

/* In (0, 1). */
static double
uniform(void)
{
    return ((double)random() + 1.0) / ((double)RAND_MAX + 2.0);
}

/* By Box and Muller. */
static double
normal(void)
{
    return sqrt(-2.0 * log(uniform())) * cos(2.0 * M_PI * uniform());
}

static int64_t
lognormal(void)
{
    return 1 + (int64_t)(60000.0 * exp(0.8 * normal()));
}

/* A cache that answers, and the server behind it. */
static int64_t
bimodal(void)
{
    double us = random() % 10 < 7 ? 4000.0 + 300.0 * normal()
                                  : 900000.0 + 50000.0 * normal();

    return us < 1.0 ? 1 : (int64_t)us;
}

static int64_t
constant(void)
{
    return 123457;
}

/* Pareto with exponent 0.7: not even a mean; many end in overflow. */
static int64_t
heavy_tail(void)
{
    double us = 1000.0 * pow(uniform(), -1.0 / 0.7);

    return us > 9e8 ? 900000000 : (int64_t)us;
}

/* From the shortest that is told, where a bucket is much narrower than one of them. */
static int64_t
tiny(void)
{
    return 1 + random() % 40;
}

static int64_t (*const distributions[])(void) = {
    draw, lognormal, bimodal, constant, heavy_tail, tiny};

enum { DISTRIBUTIONS = sizeof(distributions) / sizeof(distributions[0]) };

static void
every_quantile_is_within_the_promised_error(void **state)
{
    static int64_t values[VALUES];
    static struct hist hist;

    (void)state;
    srandom(7);
    for (int round = 0; round < 5 * DISTRIBUTIONS; round++) {
        hist_init(&hist);
        for (int i = 0; i < VALUES; i++) {
            values[i] = distributions[round % DISTRIBUTIONS]();
            hist_add(&hist, values[i]);
        }
        qsort(values, VALUES, sizeof(values[0]), by_value);
        for (uint64_t rank = 1; rank <= VALUES; rank++) {
            double truth = (double)values[rank - 1];
            double got = hist_at_rank_us(&hist, rank);

            /* What is above 256 s is told as the maximum. */
            if (values[rank - 1] > 256000000)
                assert_true(got == (double)hist.max_us);
            else if (fabs(got - truth) > promised() * truth)
                fail_msg("round %d, rank %d: %f for %f", round, (int)rank, got,
                    truth);
        }
    }
}

/* The rank that a quantile asks for is the one that statistics mean. */
static void
quantiles_of_every_distribution_are_within_the_promised_error(void **state)
{
    static int64_t values[VALUES];
    static struct hist hist;

    (void)state;
    srandom(19);
    assert_true(fabs(promised() - HIST_ERROR) < 5e-7);
    for (int d = 0; d < DISTRIBUTIONS; d++) {
        hist_init(&hist);
        for (int i = 0; i < VALUES; i++) {
            values[i] = distributions[d]();
            hist_add(&hist, values[i]);
        }
        qsort(values, VALUES, sizeof(values[0]), by_value);
        for (int64_t q = 0; q <= 1000000; q += 997) {
            int64_t place = (q * VALUES + 999999) / 1000000;
            double truth = (double)values[place > 0 ? place - 1 : 0];
            double got = hist_at_rank_us(&hist, hist_rank(VALUES, q));

            if (truth <= 256e6 && fabs(got - truth) > promised() * truth)
                fail_msg("distribution %d, quantile %d: %f for %f", d, (int)q,
                    got, truth);
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

/* a + b = b + a, (a + b) + c = a + (b + c), a + 0 = a: all to the bit. */
static void
merging_commutes_and_associates_to_the_bit(void **state)
{
    static struct hist parts[3];
    static struct hist left;
    static struct hist right;
    static struct hist pair;
    static const struct hist nothing;

    (void)state;
    srandom(23);
    for (int round = 0; round < 60; round++) {
        for (int p = 0; p < 3; p++) {
            hist_init(&parts[p]);
            for (long i = random() % 200; i > 0; i--)
                hist_add(
                    &parts[p], distributions[(round + p) % DISTRIBUTIONS]());
        }
        left = parts[0];
        hist_merge(&left, &parts[1]);
        right = parts[1];
        hist_merge(&right, &parts[0]);
        assert_memory_equal(&left, &right, sizeof(left));
        hist_merge(&left, &parts[2]);
        pair = parts[1];
        hist_merge(&pair, &parts[2]);
        right = parts[0];
        hist_merge(&right, &pair);
        assert_memory_equal(&left, &right, sizeof(left));
        hist_merge(&left, &nothing);
        assert_memory_equal(&left, &right, sizeof(left));
        hist_init(&right);
        hist_merge(&right, &left);
        assert_memory_equal(&left, &right, sizeof(left));
    }
}

/* What was encoded is decoded, and encodes to the same bytes again. */
static void
encoding_is_an_identity(void **state)
{
    static struct hist hist;
    static struct hist decoded;
    struct buf bytes[2];

    (void)state;
    srandom(29);
    for (int round = 0; round < 40 * DISTRIBUTIONS; round++) {
        struct row_in in;

        hist_init(&hist);
        for (int i = 0; i < 1 + round * 5; i++)
            hist_add(&hist, distributions[round % DISTRIBUTIONS]());
        encode(&hist, &bytes[0]);
        in = row_in(buf_bytes(&bytes[0]));
        hist_init(&decoded);
        assert_int_equal(hist_decode_add(&decoded, &in), hist.n);
        assert_false(in.failed);
        assert_ptr_equal(in.at, in.end);
        assert_memory_equal(&decoded, &hist, sizeof(hist));
        encode(&decoded, &bytes[1]);
        assert_int_equal(bytes[0].len, bytes[1].len);
        assert_memory_equal(bytes[0].data, bytes[1].data, bytes[0].len);
        buf_free(&bytes[0]);
        buf_free(&bytes[1]);
    }
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
        cmocka_unit_test(
            quantiles_of_every_distribution_are_within_the_promised_error),
        cmocka_unit_test(an_estimate_never_leaves_what_was_seen),
        cmocka_unit_test(merging_is_the_same_as_adding_all),
        cmocka_unit_test(merging_commutes_and_associates_to_the_bit),
        cmocka_unit_test(encoding_is_an_identity),
        cmocka_unit_test(an_hour_at_thirty_seconds_takes_few_bytes),
        cmocka_unit_test(bytes_that_contradict_themselves_are_refused),
        cmocka_unit_test(nothing_stands_behind_the_overflow_bucket),
    };

    return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
